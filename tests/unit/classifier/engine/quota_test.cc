// SPDX-License-Identifier: Apache-2.0
// Quotas on live flows: what they use is said, and they end when it is used up.
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

constexpr const char* kBudget =
    "network: [{rule: budget, match: {port: 5999}, quota: {bytes: 1 MB, every: day}, then: block}]\n";

/// The data plane asks again, after some seconds; all that is answered.
std::vector<Answer> ask_again(Bench& bench, std::uint64_t bytes) {
  bench.now += kQuotaSayEvery;
  bench.redecide = true;
  bench.flow_bytes = {bytes, 0};
  bench.packet(kClient, "\x01unknown");
  bench.redecide = false;
  return bench.answers();
}

std::uint64_t bytes_said(const Bench& bench) {
  std::uint64_t sum = 0;
  for (const event::FlowEvent& event : bench.sink.events)
    for (const event::QuotaUse& use : event.quota_uses()) sum += use.bytes();
  return sum;
}

QuotaFact used(const Bench& bench, std::uint64_t bytes) {
  return {"budget", "10.20.0.7", bench.now + 3'600 * kSecond, {.bytes = bytes}};
}

TEST(QuotaOfFlows, AVerdictHoldsUntilTheUseIsCounted) {
  Bench bench{kBudget};
  bench.open(kProtocolUdp, 5'999);
  const Answer allowed = final_of(bench);
  EXPECT_EQ(allowed.action, VerdictAction::kForward);
  EXPECT_EQ(allowed.expires_s, kQuotaSayEvery / kSecond);
  const event::FlowEvent& opened = bench.sink.events.back();
  ASSERT_EQ(opened.quota_uses_size(), 1);
  EXPECT_EQ(opened.quota_uses(0).rule(), "budget");
  EXPECT_EQ(opened.quota_uses(0).subject(), "10.20.0.7");
  EXPECT_EQ(opened.quota_uses(0).flows(), 1U);
  const auto answers = ask_again(bench, 5'000);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kForward);
  EXPECT_EQ(answers[0].expires_s, kQuotaSayEvery / kSecond);
  EXPECT_EQ(bytes_said(bench), 5'000U);
  EXPECT_EQ(bench.sink.events.back().quota_uses(0).flows(), 0U) << "a flow counts once";
}

TEST(QuotaOfFlows, TheEndOfAConnectionIsSaidAtOnce) {
  Bench bench{"web: [{rule: budget, quota: {bytes: 1 GB, every: day}, then: block}]\n"};
  bench.handshake(80);
  bench.packet(kClient, http_get("small.example"), 1'000);
  bench.flow_bytes = {200, 500'000};
  bench.packet(kServer, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 2'000);
  EXPECT_EQ(bytes_said(bench), 0U) << "half a megabyte can wait";
  bench.flow_bytes = {300, 500'100};
  bench.packet(kServer, "", 2'041, kFin | kAck);
  EXPECT_EQ(bytes_said(bench), 500'400U);
  bench.flow_bytes = {366, 500'100};
  bench.packet(kClient, "", 1'061, kAck);
  EXPECT_EQ(bytes_said(bench), 500'400U) << "what follows can";
}

TEST(QuotaOfFlows, WhatNobodySaidIsSaidWithTheEnd) {
  Bench bench{kBudget};
  bench.open(kProtocolUdp, 5'999);
  static_cast<void>(final_of(bench));
  static_cast<void>(ask_again(bench, 5'000));
  bench.flow_bytes = {6'000, 1'500};
  bench.close();
  EXPECT_EQ(bytes_said(bench), 7'500U);
  EXPECT_EQ(bench.sink.events.back().kind(), event::KIND_FINAL);
}

TEST(QuotaOfFlows, AFlowEndsWhenItIsUsedUp) {
  Bench bench{kBudget};
  bench.open(kProtocolUdp, 5'999);
  static_cast<void>(final_of(bench));
  bench.classifier().learn(used(bench, 999'999));
  EXPECT_EQ(ask_again(bench, 1'000).at(0).action, VerdictAction::kForward);
  bench.classifier().learn(used(bench, 1'000'000));
  const auto answers = ask_again(bench, 2'000);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  const event::FlowEvent& event = bench.sink.events.back();
  EXPECT_EQ(event.rule(), "budget");
  ASSERT_EQ(event.quota_facts_size(), 1);
  EXPECT_EQ(event.quota_facts(0).used().bytes(), 1'000'000U);
  EXPECT_NE(event.path(0).why().find("1 of 1 MB today"), std::string::npos) << event.path(0).why();
  bench.open(kProtocolUdp, 5'999, 2);
  EXPECT_EQ(bench.answers().at(0).action, VerdictAction::kReset) << "and no other begins";
  bench.now += 3'600 * kSecond;
  bench.open(kProtocolUdp, 5'999, 3);
  EXPECT_TRUE(bench.answers().empty()) << "until the period is over";
}

TEST(QuotaOfFlows, AFlowThatIsStillJudgedEndsAtItsNextPacket) {
  Bench bench{kBudget};
  bench.open(kProtocolUdp, 5'999);
  bench.packet(kClient, "\x01unknown");
  bench.answers();
  bench.classifier().learn(used(bench, 2'000'000));
  bench.packet(kClient, "\x01unknown");
  const auto answers = bench.answers();
  ASSERT_FALSE(answers.empty());
  EXPECT_EQ(answers.back().action, VerdictAction::kReset);
}

TEST(QuotaOfFlows, ALongDownloadIsSeenNowAndThen) {
  Bench bench{"web: [{rule: budget, quota: {bytes: 1 GB, every: day}, then: block}]\n"};
  bench.handshake(80);
  bench.packet(kClient, http_get("big.example"), 1'000);
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n";
  std::uint32_t at = 2'000;
  std::uint32_t most = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string body = (i == 0 ? head : std::string{}) + std::string(1'000, 'x');
    bench.packet(kServer, body, at);
    at += static_cast<std::uint32_t>(body.size());
    for (const Answer& answer : bench.answers()) {
      if (answer.type != AnswerType::kSkip) continue;
      most = std::max(most, answer.skip_bytes);
      at = answer.skip_from_sequence + answer.skip_bytes;
    }
  }
  EXPECT_EQ(most, kQuotaSayBytes);
  EXPECT_GT(at, 10U * kQuotaSayBytes) << "and the rest of it passes unseen";
}

TEST(QuotaOfFlows, MessagesAreCountedAsTheyEnd) {
  Bench bench{"email: [{rule: budget, quota: {messages: 2, every: day}, then: refuse}]\n"};
  bench.handshake(25);
  auto server = [&, at = 2'000U](const std::string& text) mutable {
    bench.packet(kServer, text, at);
    at += static_cast<std::uint32_t>(text.size());
  };
  auto client = [&, at = 1'000U](const std::string& text) mutable {
    bench.packet(kClient, text, at);
    at += static_cast<std::uint32_t>(text.size());
  };
  server("220 mx.example\r\n");
  client("HELO pc.example\r\n");
  server("250 mx.example\r\n");
  for (int i = 0; i < 2; ++i) {
    client("MAIL FROM:<a@our.example>\r\n");
    server("250 ok\r\n");
    client("RCPT TO:<b@other.example>\r\n");
    server("250 ok\r\n");
    client("DATA\r\n");
    server("354 go on\r\n");
    client("Subject: x\r\n\r\ntext\r\n.\r\n");
    server("250 taken\r\n");
  }
  std::uint64_t messages = 0;
  for (const event::FlowEvent& event : bench.sink.events)
    for (const event::QuotaUse& use : event.quota_uses()) messages += use.messages();
  EXPECT_EQ(messages, 2U);
}

TEST(QuotaOfFlows, WhatIsSettledKeepsItsAccount) {
  Bench bench{kBudget};
  bench.open(kProtocolUdp, 5'999);
  static_cast<void>(final_of(bench));
  static_cast<void>(ask_again(bench, 5'000));
  static_cast<void>(ask_again(bench, 5'000));
  static_cast<void>(ask_again(bench, 8'000));
  EXPECT_EQ(bytes_said(bench), 8'000U);
}

}  // namespace
}  // namespace weir::classifier::test
