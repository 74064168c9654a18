// SPDX-License-Identifier: Apache-2.0
// The operator's own signatures name flows, and the policy knows those names.
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

constexpr const char* kNoErp = "network: [{rule: no, match: {app: custom:erp}, then: block}]\n";

SignatureMatcher matcher_of(const std::string& entries) {
  auto read = policy::parse_signatures("weir-signatures: 1\nsignatures: [" + entries + "]\n", "test");
  if (!read) ADD_FAILURE() << to_text(read.error().front());
  auto matcher = SignatureMatcher::create(std::move(*read));
  if (!matcher) ADD_FAILURE() << to_text(matcher.error());
  return std::move(*matcher);
}

bool blocked(const std::vector<Answer>& answers) {
  return std::any_of(answers.begin(), answers.end(), [](const Answer& answer) {
    return answer.type == AnswerType::kInject ||
           (answer.type == AnswerType::kFinal && answer.action == VerdictAction::kReset);
  });
}

TEST(Signing, APortAndAnAddressDecideBeforeAnyByte) {
  SignatureMatcher signatures = matcher_of("{app: erp, ports: [4840], addresses: [192.0.2.0/24]}");
  Bench bench{kNoErp, {}, &signatures};
  bench.open(kProtocolTcp, 4'840);
  EXPECT_TRUE(blocked(bench.answers()));
  bench.open(kProtocolTcp, 4'841, 2);
  EXPECT_FALSE(blocked(bench.answers()));
}

TEST(Signing, AHostNamesAnApplicationWhateverNdpiSays) {
  SignatureMatcher signatures = matcher_of("{app: erp, hosts: [www.youtube.com]}");
  Bench bench{kNoErp, {}, &signatures};
  bench.handshake(80);
  bench.packet(kClient, http_get("www.youtube.com"), 1'000);
  EXPECT_TRUE(blocked(bench.answers()));
  bench.close();
  EXPECT_EQ(bench.sink.events.back().app(), "custom:erp");
  EXPECT_EQ(bench.sink.events.back().master(), "HTTP");
}

TEST(Signing, TheSecondNameOfAPacketCountsAsTheFirst) {
  SignatureMatcher signatures = matcher_of("{app: erp, hosts: [erp.example]}");
  Bench bench{kNoErp, {}, &signatures};
  bench.handshake(80);
  bench.packet(kClient, http_get("www.example") + http_get("erp.example"), 1'000);
  EXPECT_TRUE(blocked(bench.answers()));
}

TEST(Signing, WhatIsSaidFirstCountsHoweverItIsCut) {
  SignatureMatcher signatures = matcher_of("{app: erp, patterns: ['ERP\\x01']}");
  for (const Direction from : {kClient, kServer}) {
    for (std::size_t cut = 1; cut < 4; ++cut) {
      Bench bench{kNoErp, {}, &signatures};
      bench.handshake(7'000);
      const std::string text = "ERP\x01 hello";
      const std::uint32_t begin = from == kClient ? 1'000 : 2'000;
      bench.packet(from, text.substr(0, cut), begin);
      EXPECT_FALSE(blocked(bench.answers()));
      bench.packet(from, text.substr(cut), begin + static_cast<std::uint32_t>(cut));
      EXPECT_TRUE(blocked(bench.answers())) << cut;
    }
  }
}

TEST(Signing, AFlowIsNamedByTheSignaturesThatAreInForceWhenItIsLookedAt) {
  SignatureMatcher signatures;
  Bench bench{kNoErp, {}, &signatures};
  bench.open(kProtocolUdp, 4'840);
  EXPECT_FALSE(blocked(bench.answers()));
  signatures = matcher_of("{app: erp, ports: [4840]}");
  bench.open(kProtocolUdp, 4'840, 2);
  EXPECT_TRUE(blocked(bench.answers()));
}

}  // namespace
}  // namespace weir::classifier::test
