// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/quarantine.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

using Address = std::array<std::uint8_t, 16>;

FlowKey key_of(std::uint16_t port, std::uint16_t vlan = 0) {
  FlowKey key;
  key.low_port = port;
  key.vlan = vlan;
  return key;
}
constexpr Address kHost{1};
constexpr Address kOther{2};

TEST(Quarantine, HoldsAFlowForItsTime) {
  Quarantine quarantine;
  EXPECT_FALSE(quarantine.holds(key_of(1), kHost, kStart));
  quarantine.note(key_of(1), kHost, kStart);
  EXPECT_TRUE(quarantine.holds(key_of(1), kHost, kStart));
  EXPECT_FALSE(quarantine.holds(key_of(2), kHost, kStart));
  EXPECT_TRUE(quarantine.holds(key_of(1), kHost, kStart + kQuarantineFor - 1));
  EXPECT_FALSE(quarantine.holds(key_of(1), kHost, kStart + kQuarantineFor));
}

TEST(Quarantine, HoldsEveryFlowOfAnInitiatorThatDidItOften) {
  Quarantine quarantine;
  for (std::uint16_t i = 0; i < kSourceFaultsMax - 1; ++i) quarantine.note(key_of(i), kHost, kStart);
  EXPECT_FALSE(quarantine.holds(key_of(99), kHost, kStart));
  quarantine.note(key_of(50), kHost, kStart);
  EXPECT_TRUE(quarantine.holds(key_of(99), kHost, kStart));
  EXPECT_FALSE(quarantine.holds(key_of(99), kOther, kStart));
  EXPECT_FALSE(quarantine.holds(key_of(99, 30), kHost, kStart))
      << "the same address in another VLAN is another host";
}

TEST(Quarantine, TheBreakerOpensWhileClassifiersDieOften) {
  Quarantine quarantine;
  for (std::size_t i = 0; i < kBreakerFaults; ++i) {
    quarantine.note(key_of(static_cast<std::uint16_t>(i)), Address{static_cast<std::uint8_t>(i)}, kStart);
  }
  EXPECT_FALSE(quarantine.breaker_open(kStart));
  quarantine.note(key_of(100), kOther, kStart + kSecond);
  EXPECT_TRUE(quarantine.breaker_open(kStart + kSecond));
  EXPECT_TRUE(quarantine.breaker_open(kStart + kBreakerWindow));
  EXPECT_FALSE(quarantine.breaker_open(kStart + kBreakerWindow + 1));
}

TEST(Quarantine, MoreFaultsThanItRemembersPushOutTheOldest) {
  Quarantine quarantine;
  for (std::size_t i = 0; i <= kFaultsRemembered; ++i) {
    const auto number = static_cast<std::uint16_t>(i);
    quarantine.note(key_of(number), Address{static_cast<std::uint8_t>(i), 7}, kStart);
  }
  EXPECT_FALSE(quarantine.holds(key_of(0), kOther, kStart));
  EXPECT_TRUE(quarantine.holds(key_of(1), kOther, kStart));
  EXPECT_TRUE(quarantine.holds(key_of(kFaultsRemembered), kOther, kStart));
}

TEST(Quarantine, AClockStepMovesItsTimes) {
  Quarantine quarantine;
  quarantine.note(key_of(1), kHost, kStart);
  quarantine.shift_time(5 * kQuarantineFor);
  EXPECT_TRUE(quarantine.holds(key_of(1), kHost, kStart + 5 * kQuarantineFor));
  EXPECT_FALSE(quarantine.holds(key_of(1), kHost, kStart + 6 * kQuarantineFor));
}

TEST(Quarantine, AFlowOverWhichAClassifierDiedIsNotShownToTheNext) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'000, 53).payload("fatal"));
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'001, 53).payload("harmless"));
  ASSERT_NE(bench.classifier_end->next(), nullptr);  // opened
  ASSERT_NE(bench.classifier_end->next(), nullptr);  // the packet over which it dies
  bench.pipeline->detach();
  EXPECT_EQ(bench.counters().classifier_faults, 1U);
  bench.attach();
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'000, 53).payload("fatal"));
  EXPECT_TRUE(bench.requests().empty());
  EXPECT_EQ(bench.excepted(ExceptionCause::kClassifierFault, ExceptionAction::kPass), 1U);
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'001, 53).payload("harmless"));
  EXPECT_EQ(bench.requests(RequestType::kFlowOpened).size(), 1U);
}

TEST(Quarantine, AClassifierThatEndsInOrderIsNoFault) {
  PipelineBench bench;
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'000, 53).payload("question"));
  EXPECT_EQ(bench.requests().size(), 2U);
  bench.classifier_end.reset();
  bench.pipeline->detach();
  EXPECT_EQ(bench.counters().classifier_faults, 0U);
}

TEST(Quarantine, ADecidedFlowKeepsItsVerdictRatherThanBeShownAgain) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop});
  bench.set_revision(1);
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'000, 53).payload("question"));
  bench.decide(bench.requests()[0].flow, VerdictAction::kForward, 1);
  const FlowHot hot = bench.pipeline->path().flows.hot(0);
  bench.pipeline->path().quarantine.note(hot.key, initiator_address(hot), kStart);
  bench.pipeline->detach();
  bench.attach();
  bench.set_revision(2);
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'000, 53).payload("question"));
  EXPECT_TRUE(bench.requests().empty());
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 2U);
}

}  // namespace
}  // namespace weir::dataplane
