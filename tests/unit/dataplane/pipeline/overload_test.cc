// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/overload.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

using Level = InspectedLevel;

TEST(OverloadLadder, GoesDownAtOnceAndUpOneByOneAfterACalmWhile) {
  OverloadLadder ladder({.names_only_at = 50, .l4_at = 75, .bypass_at = 90}, 0);
  TimeNs now = 0;
  const auto look = [&](std::uint32_t fill, TimeNs after) {
    now += after;
    ladder.look(fill, now);
    return ladder.level();
  };
  EXPECT_EQ(look(49, 1), Level::kFull);
  EXPECT_EQ(look(50, 1), Level::kNamesOnly);
  EXPECT_EQ(look(95, 1), Level::kBypass);
  EXPECT_EQ(look(0, kOverloadDwell - 1), Level::kBypass);  // not long enough
  EXPECT_EQ(look(81, 1), Level::kBypass);                  // not calm enough, and the time starts anew
  EXPECT_EQ(look(79, kOverloadDwell - 1), Level::kBypass);
  EXPECT_EQ(look(79, 1), Level::kL4);
  EXPECT_EQ(look(0, 1), Level::kL4);
  EXPECT_EQ(look(0, kOverloadDwell), Level::kNamesOnly);
  EXPECT_EQ(look(0, kOverloadDwell), Level::kFull);
  EXPECT_EQ(ladder.steps(), 5U);
  const auto& held = ladder.held_ns();
  EXPECT_EQ(held[0] + held[1] + held[2] + held[3], static_cast<std::uint64_t>(now));
  EXPECT_EQ(held[3], static_cast<std::uint64_t>(2 * kOverloadDwell));
}

TEST(OverloadLadder, TheLowestThresholdsCanBeLeftToo) {
  OverloadLadder ladder({.names_only_at = 1, .l4_at = 2, .bypass_at = 3}, 0);
  ladder.look(3, 1);
  for (TimeNs now = 2; now < 5 * kOverloadDwell; now += kOverloadDwell) ladder.look(0, now);
  EXPECT_EQ(ladder.level(), Level::kFull);
}

test::PacketBuilder flood(std::uint16_t port) { return ipv4(kClient, kServer).udp(port, 9).payload("?"); }

/// A bench whose channel is filled by unknown UDP flows, with a decided connection beside them.
struct Flooded {
  explicit Flooded(ExceptionAction action = ExceptionAction::kPass)
      : bench({.exceptions = action, .flows = 4'096, .parked = 512, .requests = 256, .overload = {}}) {
    bench.run(kInsidePort, from_client("PA", 101, "hello"));
    bench.decide(bench.requests()[0].flow, VerdictAction::kForward);
  }
  void flows(std::uint16_t count) {
    for (std::uint16_t i = 0; i < count; ++i) bench.run(kInsidePort, flood(next++), now);
  }
  Level level() { return bench.pipeline->path().overload.level(); }
  /// The classifier reads everything and answers nothing; calm time passes.
  void calm() {
    static_cast<void>(bench.requests());
    bench.pipeline->detach();  // what waits goes by the table
    bench.attach();
    for (int i = 0; i < 4; ++i) bench.pipeline->look_after(now += kOverloadDwell);
  }
  PipelineBench bench;
  std::uint16_t next = 1'000;
  TimeNs now = kStart;
};

TEST(Overload, AFloodOfUnknownFlowsStepsDownAndCalmStepsUpWhileDecidedFlowsLoseNothing) {
  Flooded it;
  std::vector<Level> seen;
  std::size_t sent = 0;
  for (int i = 0; i < 300; ++i) {
    it.flows(1);
    if (seen.empty() || seen.back() != it.level()) seen.push_back(it.level());
    const std::size_t before = it.bench.left_at(kOutsidePort).size();
    it.bench.run(kInsidePort, from_client("PA", 106, "decided"), it.now);
    EXPECT_EQ(it.bench.left_at(kOutsidePort).size(), before + 1);
    ++sent;
  }
  EXPECT_EQ(seen, (std::vector<Level>{Level::kFull, Level::kNamesOnly, Level::kL4, Level::kBypass}));
  EXPECT_EQ(sent, 300U);
  const PipelineCounters loaded = it.bench.counters();
  EXPECT_EQ(loaded.overload_level, 3U);
  for (const std::uint64_t flows : loaded.flows_at_level) EXPECT_GT(flows, 10U);
  EXPECT_GT(it.bench.excepted(ExceptionCause::kOverload, ExceptionAction::kPass), 10U);
  it.calm();
  EXPECT_EQ(it.level(), Level::kFull);
  EXPECT_EQ(it.bench.counters().overload_steps, 6U);
}

TEST(Overload, AFlowCarriesTheLevelAtWhichItIsAnnounced) {
  Flooded it;
  std::vector<Level> told;
  it.flows(120);
  for (const SeenRequest& request : it.bench.requests(RequestType::kFlowOpened)) {
    if (told.empty() || told.back() != request.opened.level) told.push_back(request.opened.level);
  }
  EXPECT_EQ(told, (std::vector<Level>{Level::kFull, Level::kNamesOnly, Level::kL4}));
}

TEST(Overload, TheRowOfTheTableSpeaksForFlowsAtBypass) {
  for (const auto action : {ExceptionAction::kPass, ExceptionAction::kDrop, ExceptionAction::kBypass}) {
    SCOPED_TRACE(to_string(action));
    Flooded it(action);
    while (it.level() != Level::kBypass) it.flows(1);
    const std::uint64_t before = it.bench.excepted(ExceptionCause::kOverload, action);
    const std::uint64_t dropped = it.bench.dropped(kInsidePort, DropReason::kException);
    it.bench.run(kInsidePort, flood(60'000), it.now);
    it.bench.run(kInsidePort, flood(60'000), it.now);
    const bool once = action == ExceptionAction::kBypass;
    EXPECT_EQ(it.bench.excepted(ExceptionCause::kOverload, action), before + (once ? 1 : 2));
    EXPECT_EQ(it.bench.dropped(kInsidePort, DropReason::kException) - dropped,
              action == ExceptionAction::kDrop ? 2U : 0U);
    it.calm();
    static_cast<void>(it.bench.requests());
    it.bench.run(kInsidePort, flood(60'000), it.now);
    // A flow that was let pass is looked at again, but no more as if all of it had been seen; a refused one
    // as if it were new; a bypassed one not at all.
    const auto opened = it.bench.requests(RequestType::kFlowOpened);
    ASSERT_EQ(opened.size(), once ? 0U : 1U);
    if (!once) {
      EXPECT_EQ(opened[0].opened.level, action == ExceptionAction::kPass ? Level::kNamesOnly : Level::kFull);
    }
  }
}

TEST(Overload, BareSynsCostNoRecordAtL4AndTheirEndNeither) {
  Flooded it;
  while (it.level() < Level::kL4) it.flows(1);
  const std::uint32_t waiting = it.bench.dataplane_end->requests_waiting();
  for (std::uint16_t i = 0; i < 50; ++i) {
    it.bench.run(kInsidePort,
                 ipv4(kClient, kServer).tcp(static_cast<std::uint16_t>(2'000 + i), 443).flags("S"), it.now);
  }
  EXPECT_EQ(it.bench.dataplane_end->requests_waiting(), waiting);
  for (int second = 0; second < 40; ++second) it.bench.pipeline->look_after(it.now += kSecond);
  EXPECT_EQ(it.bench.counters().half_open_unsaid, 50U);
}

}  // namespace
}  // namespace weir::dataplane
