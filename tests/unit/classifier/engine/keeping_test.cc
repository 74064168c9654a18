// SPDX-License-Identifier: Apache-2.0
// Whose packets the classifier wants kept.
#include <gtest/gtest.h>

#include "classifier/engine/classifier.h"
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

constexpr const char* kPolicy =
    "web:\n"
    "  - {rule: no-bet, match: {domain: bet.example}, then: block, severity: critical}\n"
    "  - {rule: odd, match: {domain: odd.example}, then: report, severity: high}\n"
    "  - {rule: dull, match: {domain: dull.example}, then: report, severity: medium}\n";

ClassifierOptions keeping(std::optional<Severity> from) {
  ClassifierOptions options;
  options.keep_from = from;
  return options;
}

/// How many of the answers to a request for the host say so.
std::size_t kept(const char* host, std::optional<Severity> from) {
  Bench bench{kPolicy, keeping(from)};
  bench.handshake(80);
  bench.packet(kClient, http_get(host), 1'000);
  std::size_t count = 0;
  for (const Answer& answer : bench.answers()) count += answer.keep;
  return count;
}

TEST(Keeping, AHitOfTheSeverityIsWorthTheFlowsPacketsWhateverTheRuleDoes) {
  EXPECT_EQ(kept("bet.example", Severity::kHigh), 1U);
  EXPECT_EQ(kept("odd.example", Severity::kHigh), 1U);
  EXPECT_EQ(kept("dull.example", Severity::kHigh), 0U);
  EXPECT_EQ(kept("good.example", Severity::kInfo), 0U);
  EXPECT_EQ(kept("bet.example", std::nullopt), 0U);
}

TEST(Keeping, IsSaidOnceAHit) {
  Bench bench{kPolicy, keeping(Severity::kHigh)};
  bench.handshake(80);
  const std::string request = http_get("odd.example");
  bench.packet(kClient, request, 1'000);
  static_cast<void>(bench.answers());
  bench.packet(kClient, request, 1'000 + static_cast<std::uint32_t>(request.size()));
  const auto answers = bench.answers();
  ASSERT_FALSE(answers.empty());
  for (const Answer& answer : answers) EXPECT_EQ(answer.keep, 0U);
}

}  // namespace
}  // namespace weir::classifier::test
