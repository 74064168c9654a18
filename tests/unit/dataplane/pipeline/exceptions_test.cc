// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/exceptions.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

/// How one cause is brought about: `run` sends one payload packet of a new flow into a bench of this shape.
struct Case {
  ExceptionCause cause;
  const char* simulate;
  bool classifier = true;
};

std::vector<Case> cases() {
  return {{ExceptionCause::kFlowTableFull, "flow-table-full@1+"},
          {ExceptionCause::kParkingFull, "parking-full@1+"},
          {ExceptionCause::kChannelFull, "channel-full@1+"},
          {ExceptionCause::kClassifierSlow, "classifier-slow@1+"},
          {ExceptionCause::kClassifierGone, "", false},
          {ExceptionCause::kPacketsExhausted, "packets-exhausted@1+"},
          {ExceptionCause::kMidstream, ""}};
}

BenchShape shape_of(const Case& one, ExceptionAction action) {
  BenchShape shape{.exceptions = action, .midstream = ExceptionAction::kPass, .classifier = one.classifier};
  if (one.cause == ExceptionCause::kMidstream) {
    shape.exceptions = ExceptionAction::kPass;
    shape.midstream = action;
  }
  shape.simulation = *Simulation::parse(one.simulate);
  return shape;
}

test::PacketBuilder payload(const Case& one, std::uint32_t number) {
  if (one.cause == ExceptionCause::kMidstream) return from_client("PA", 101 + number, "x");
  return ipv4(kClient, kServer).udp(1'000, 53).payload("question");
}

TEST(Exceptions, EachCauseFollowsItsRow) {
  if (!Simulation::kPossible) GTEST_SKIP() << "this build simulates nothing";
  for (const Case& one : cases()) {
    for (const auto action : {ExceptionAction::kPass, ExceptionAction::kDrop, ExceptionAction::kBypass}) {
      SCOPED_TRACE(std::string(to_string(one.cause)) + ": " + to_string(action));
      PipelineBench bench(shape_of(one, action));
      bench.run(kInsidePort, payload(one, 0));
      bench.run(kInsidePort, payload(one, 1));
      const bool no_flow = one.cause == ExceptionCause::kFlowTableFull;
      // Midstream says pass once, and then the flow is judged like any other.
      const bool waits = one.cause == ExceptionCause::kMidstream && action == ExceptionAction::kPass;
      const bool once = waits || (action == ExceptionAction::kBypass && !no_flow);
      EXPECT_EQ(bench.excepted(one.cause, action), once ? 1U : 2U);
      EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kException),
                action == ExceptionAction::kDrop ? 2U : 0U);
      EXPECT_EQ(bench.left_at(kOutsidePort).size(), action == ExceptionAction::kDrop || waits ? 0U : 2U);
      const std::uint32_t noted = no_flow ? 0U : 1U << static_cast<unsigned>(one.cause);
      EXPECT_EQ(no_flow ? 0U : bench.pipeline->path().flows.rest(0).exceptions, noted);
      if (action == ExceptionAction::kBypass && !no_flow) {
        EXPECT_EQ(bench.pipeline->path().flows.hot(0).state, FlowState::kDecided);
        EXPECT_EQ(bench.pipeline->path().flows.hot(0).level, channel::InspectedLevel::kBypass);
      }
    }
  }
}

TEST(Exceptions, ABypassedFlowTakesAlongWhatWaitsOfIt) {
  PipelineBench bench({.exceptions = ExceptionAction::kBypass, .parked_per_flow = 2});
  for (std::uint32_t i = 0; i < 4; ++i) bench.run(kInsidePort, from_client("PA", 101 + 5 * i, "hello"));
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 4U);
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(bench.left_at(kOutsidePort)[i], from_client("PA", 101 + 5 * i, "hello").bytes());
  }
  EXPECT_EQ(bench.counters().parked, 0U);
  EXPECT_EQ(bench.pipeline->path().inspections.count(), 0U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kParkingFull, ExceptionAction::kBypass), 1U);
}

TEST(Exceptions, TheDeadlineAndTheEndOfAClassifierBypassWholeFlows) {
  PipelineBench slow({.exceptions = ExceptionAction::kBypass});
  for (std::uint32_t i = 0; i < 3; ++i) slow.run(kInsidePort, from_client("PA", 101 + 5 * i, "hello"));
  slow.pipeline->look_after(kStart + kSecond);
  EXPECT_EQ(slow.left_at(kOutsidePort).size(), 3U);
  EXPECT_EQ(slow.excepted(ExceptionCause::kClassifierSlow, ExceptionAction::kBypass), 1U);

  PipelineBench gone({.exceptions = ExceptionAction::kBypass});
  for (std::uint32_t i = 0; i < 3; ++i) gone.run(kInsidePort, from_client("PA", 101 + 5 * i, "hello"));
  gone.pipeline->detach();
  EXPECT_EQ(gone.left_at(kOutsidePort).size(), 3U);
  EXPECT_EQ(gone.excepted(ExceptionCause::kClassifierGone, ExceptionAction::kBypass), 1U);
}

TEST(Exceptions, ABypassedFlowIsAskedAboutWhenThePolicyChanges) {
  PipelineBench bench({.exceptions = ExceptionAction::kBypass, .parked_per_flow = 1});
  bench.set_revision(3);
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.run(kInsidePort, from_client("PA", 106, "hello"));
  static_cast<void>(bench.requests());
  bench.run(kInsidePort, from_client("PA", 111, "hello"));
  EXPECT_TRUE(bench.requests().empty());
  bench.set_revision(4);
  bench.run(kInsidePort, from_client("PA", 116, "hello"));
  EXPECT_EQ(bench.requests(RequestType::kPacket).size(), 1U);
}

TEST(Exceptions, WhatWasDecidedWithoutAPolicyIsAskedAboutWhenThereIsOneAndNotBefore) {
  PipelineBench bench;
  bench.set_revision(5);
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  const auto seen = bench.requests(RequestType::kPacket);
  bench.answer({.type = AnswerType::kFinal,
                .action = VerdictAction::kForward,
                .exception = 1 + static_cast<std::uint8_t>(ExceptionCause::kPolicyMissing),
                .flow = seen[0].flow});
  bench.run(kInsidePort, from_client("PA", 106, "again"));
  EXPECT_TRUE(bench.requests().empty());
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kException), 2U);
  bench.set_revision(5);  // the same policy is back
  bench.run(kInsidePort, from_client("PA", 111, "again"));
  EXPECT_EQ(bench.requests(RequestType::kPacket).size(), 1U);
}

TEST(Exceptions, TheClassifiersCausesFollowTheTableWithEachAction) {
  for (const auto action : {ExceptionAction::kPass, ExceptionAction::kDrop, ExceptionAction::kBypass}) {
    for (const AnswerType type : {AnswerType::kRelease, AnswerType::kFinal}) {
      SCOPED_TRACE(to_string(action));
      PipelineBench bench({.exceptions = action});
      bench.run(kInsidePort, from_client("PA", 101, "hello"));
      bench.run(kOutsidePort, from_server("PA", 501, "other way"));
      const auto seen = bench.requests(RequestType::kPacket);
      ASSERT_EQ(seen.size(), 2U);
      bench.answer({.type = type,
                    .direction = Direction::kFromInitiator,
                    .exception = 1 + static_cast<std::uint8_t>(ExceptionCause::kParserError),
                    .flow = seen[0].flow,
                    .through = seen[0].head.number});
      const bool drop = action == ExceptionAction::kDrop;
      const bool all = type == AnswerType::kFinal || action == ExceptionAction::kBypass;
      EXPECT_EQ(bench.left_at(kOutsidePort).size(), drop ? 0U : 1U);
      EXPECT_EQ(bench.left_at(kInsidePort).size(), !drop && all ? 1U : 0U);
      EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kException), drop ? 1U : 0U);
      EXPECT_EQ(bench.excepted(ExceptionCause::kParserError, action), 1U);
      bench.run(kInsidePort, from_client("PA", 106, "more"));
      // A verdict that is the table's drops under the table's name.
      if (drop && all) {
        EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kException), 2U);
      }
    }
  }
}

TEST(Exceptions, ASynTakesOverAFlowThatIsDroppedForBeingMidstream) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass, .midstream = ExceptionAction::kDrop});
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kException), 1U);
  bench.run(kInsidePort, from_client("S", 900));
  bench.run(kInsidePort, from_client("PA", 901, "hello"));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  EXPECT_EQ(bench.counters().flows_reopened, 1U);
  EXPECT_EQ(bench.counters().parked, 1U);
}

TEST(Exceptions, AStepOfTheClockIsNotedWithEveryFlowAndDropsNothing) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("S", 100));
  bench.pipeline->shift_time(3'600 * kSecond, kStart + 3'600 * kSecond);
  EXPECT_EQ(bench.excepted(ExceptionCause::kClockStep, ExceptionAction::kPass), 1U);
  EXPECT_EQ(bench.pipeline->path().flows.rest(0).exceptions,
            1U << static_cast<unsigned>(ExceptionCause::kClockStep));
  EXPECT_EQ(bench.counters().ports[kInsidePort].dropped_total(), 0U);
}

TEST(Exceptions, NoneWaitsWhenTheLastBuffersAreNeededForReceiving) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  std::vector<rte_mbuf*> taken;
  while (rte_mempool_avail_count(bench.pool->get()) > kPacketsReserve / 2) {
    taken.push_back(rte_pktmbuf_alloc(bench.pool->get()));
  }
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  EXPECT_EQ(bench.excepted(ExceptionCause::kPacketsExhausted, ExceptionAction::kPass), 1U);
  rte_pktmbuf_free_bulk(taken.data(), static_cast<unsigned>(taken.size()));
}

}  // namespace
}  // namespace weir::dataplane
