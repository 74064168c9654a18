// SPDX-License-Identifier: Apache-2.0
#include "classifier/engine/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

constexpr const char* kNoBet =
    "web: [{rule: no-bet, match: {domain: bet.example}, then: block, severity: high}]";

TEST(SecondCopies, OneThatNamesWhatIsBlockedBlocksTheFlow) {
  Bench bench{kNoBet};
  bench.handshake(80);
  bench.packet(kClient, http_get("oak.example"), 1'000);
  bench.answers();
  bench.packet(kClient, http_get("bet.example"), 1'000);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kFinal);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  bench.close(channel::EndReason::kBlocked);
  EXPECT_EQ(bench.sink.events.back().host(), "bet.example");
  EXPECT_EQ(bench.sink.events.back().rule(), "no-bet");
}

TEST(SecondCopies, OneThatIsAllowedGoesAsWell) {
  Bench bench{kNoBet};
  bench.handshake(80);
  bench.packet(kClient, http_get("oak.example"), 1'000);
  bench.answers();
  bench.packet(kClient, http_get("elm.example"), 1'000);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kRelease);
  EXPECT_EQ(answers[0].through, 4U);
  bench.close();
  EXPECT_EQ(bench.sink.events.back().host(), "oak.example");
}

TEST(SecondCopies, WhatWaitsGivesWayToWhatContradictsIt) {
  Bench bench{kNoBet};
  bench.handshake(80);
  const std::string request = http_get("good.example");
  bench.packet(kClient, "junk" + request.substr(10), 1'006);
  EXPECT_TRUE(bench.answers().empty());
  bench.packet(kClient, request.substr(0, 10), 1'000);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].type, AnswerType::kDropPacket);
  EXPECT_EQ(answers[0].swallow, 1U);
  EXPECT_EQ(answers[0].through, 3U);
  EXPECT_EQ(answers[1].type, AnswerType::kRelease);
  EXPECT_EQ(bench.classifier().counts().conflicts, 1U);
}

TEST(SecondCopies, ARepetitionWithOtherBytesIsDropped) {
  Bench bench{kNoBet};
  bench.handshake(80);
  bench.packet(kClient, "GET / HTTP/1.1\r\nH", 1'000);
  bench.packet(kClient, "ost: go", 1'017);
  bench.answers();
  bench.packet(kClient, "GET / HTTP/1.1\r\nX-st: be", 1'000);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kDropPacket);
  EXPECT_EQ(answers[0].through, 5U);
  EXPECT_EQ(bench.classifier().counts().conflicts, 1U);
}

}  // namespace
}  // namespace weir::classifier::test
