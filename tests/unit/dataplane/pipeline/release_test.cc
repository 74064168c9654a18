// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/release.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

constexpr TimeNs kDeadline = 500 * kMillisecond;

TEST(Release, AnOverduePacketIsTheExceptionTables) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("PA", 101, "hello"), kStart);
  bench.pipeline->look_after(kStart + kDeadline - 1);
  EXPECT_EQ(bench.counters().parked, 1U);
  bench.pipeline->look_after(kStart + kDeadline);
  EXPECT_EQ(bench.counters().parked, 0U);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kClassifierSlow, ExceptionAction::kPass), 1U);
}

TEST(Release, AfterADeadlineTheFlowIsNotHeldUpAgainUntilAnAnswer) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("PA", 101, "hello"), kStart);
  bench.pipeline->look_after(kStart + kDeadline);
  bench.run(kInsidePort, from_client("PA", 106, "world"), kStart + kDeadline);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 2U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kClassifierSlow, ExceptionAction::kPass), 2U);
  const auto flow = bench.requests()[0].flow;
  bench.release(flow, Direction::kFromInitiator, 2);
  bench.run(kInsidePort, from_client("PA", 111, "parks"), kStart + kDeadline);
  EXPECT_EQ(bench.counters().parked, 1U);
}

TEST(Release, OneTurnLooksAtABoundedNumber) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop,
                       .flows = 1'024,
                       .parked = 600,
                       .requests = 2'048,
                       .buffers = 2'048});
  for (std::uint16_t i = 0; i < 600; ++i) {
    bench.run(kInsidePort,
              ipv4(kClient, kServer).udp(static_cast<std::uint16_t>(1'000 + i), 53).payload("q"));
  }
  EXPECT_EQ(bench.counters().parked, 600U);
  bench.pipeline->look_after(kStart + kDeadline);
  EXPECT_EQ(bench.counters().parked, 600U - kOverdueLooksMax);
  bench.pipeline->look_after(kStart + kDeadline);
  bench.pipeline->look_after(kStart + kDeadline);
  EXPECT_EQ(bench.counters().parked, 0U);
}

TEST(Release, TheClockMayBeSet) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop});
  bench.run(kInsidePort, from_client("PA", 101, "hello"), kStart);
  const TimeNs step = 3'600 * kSecond;
  bench.pipeline->shift_time(step, kStart + step);
  bench.pipeline->look_after(kStart + step + kMillisecond);
  EXPECT_EQ(bench.counters().parked, 1U);  // neither overdue
  EXPECT_EQ(bench.counters().flows, 1U);   // nor idle
  bench.pipeline->look_after(kStart + step + kDeadline);
  EXPECT_EQ(bench.counters().parked, 0U);
}

}  // namespace
}  // namespace weir::dataplane
