// SPDX-License-Identifier: Apache-2.0
// What of a real pipeline's packets gets into the capture ring.
#include "dataplane/pipeline/capture.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kRing = 64U << 10U;

std::size_t count(PipelineBench& bench) {
  const CaptureRing& ring = bench.pipeline->path().capture.ring;
  std::size_t count = 0;
  for (std::uint64_t at = ring.oldest(); at < ring.end(); at = ring.at(at).next) ++count;
  return count;
}

/// The flow that opens with its SYN, and its request, judged.
channel::FlowRef open_flow(PipelineBench& bench) {
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kOutsidePort, from_server("SA", 500));
  bench.run(kInsidePort, from_client("A", 101, "GET / HTTP/1.1\r\n\r\n"));
  return bench.requests().back().flow;
}

TEST(PacketCapture, RemembersWhatIsShownAndNothingOfADecidedFlow) {
  PipelineBench bench({.capture = {.ring_bytes = kRing}});
  const channel::FlowRef flow = open_flow(bench);
  EXPECT_EQ(count(bench), 3U);
  const auto first = bench.pipeline->path().capture.ring.at(0);
  EXPECT_EQ(first.head.flow, 1U);
  EXPECT_EQ(first.head.port, kInsidePort);
  EXPECT_EQ(Frame(first.bytes.begin(), first.bytes.end()), from_client("S", 100).bytes());
  bench.decide(flow, VerdictAction::kForward);
  bench.run(kInsidePort, from_client("A", 119, "more"));
  EXPECT_EQ(count(bench), 3U);
  EXPECT_EQ(bench.counters().packets_captured, 3U);
}

TEST(PacketCapture, WhileACaptureRunsItsPacketsAreCopiedOnceEach) {
  PipelineBench bench({.capture = {.ring_bytes = kRing}});
  const channel::FlowRef flow = open_flow(bench);
  bench.decide(flow, VerdictAction::kForward);
  PacketCapture& capture = bench.pipeline->path().capture;
  capture.filters[0] = {.flow = 1};
  capture.filter_count = 1;
  bench.run(kInsidePort, from_client("A", 119, "more"));
  EXPECT_EQ(count(bench), 4U);
  // Another flow, which is judged: as always.
  bench.run(kInsidePort, ipv4("10.0.0.2", kServer).udp(1'000, 53).payload("question"));
  EXPECT_EQ(count(bench), 5U);
  capture.filters[0] = {.flow = 7};
  bench.run(kInsidePort, from_client("A", 123, "more"));
  EXPECT_EQ(count(bench), 5U);
}

TEST(PacketCapture, AllIsEveryPacketOfEveryFlow) {
  PipelineBench bench({.capture = {.ring_bytes = kRing, .all = true}});
  const channel::FlowRef flow = open_flow(bench);
  bench.decide(flow, VerdictAction::kForward);
  bench.run(kInsidePort, from_client("A", 119, "more"));
  EXPECT_EQ(count(bench), 4U);
}

TEST(PacketCapture, ABlockedFlowIsATriggerWhenItIsAskedFor) {
  for (const bool on_block : {true, false}) {
    PipelineBench bench({.capture = {.ring_bytes = kRing, .on_block = on_block}});
    bench.decide(open_flow(bench), VerdictAction::kDrop, 9);
    CaptureTrigger trigger;
    ASSERT_EQ(bench.pipeline->path().capture.triggers.pop(trigger), on_block);
    if (!on_block) continue;
    EXPECT_EQ(trigger.flow, 1U);
    EXPECT_EQ(trigger.verdict, VerdictAction::kDrop);
    EXPECT_EQ(trigger.policy_revision, 9U);
  }
}

TEST(PacketCapture, AFlowThatTheClassifierWantsKeptIsATriggerWhateverBecomesOfIt) {
  for (const bool keep : {false, true}) {
    PipelineBench bench({.capture = {.ring_bytes = kRing}});
    channel::Answer answer;
    answer.type = channel::AnswerType::kFinal;
    answer.action = VerdictAction::kForward;
    answer.flow = open_flow(bench);
    answer.policy_revision = 9;
    answer.keep = keep ? 1 : 0;
    bench.answer(answer);
    CaptureTrigger trigger;
    ASSERT_EQ(bench.pipeline->path().capture.triggers.pop(trigger), keep);
    if (!keep) continue;
    EXPECT_TRUE(trigger.hit);
    EXPECT_EQ(trigger.flow, 1U);
  }
}

TEST(PacketCapture, TriggersThatNobodyTakesAreCounted) {
  PipelineBench bench({.flows = 256, .requests = 1'024, .capture = {.ring_bytes = kRing, .on_block = true}});
  for (std::uint16_t i = 0; i < kCaptureTriggersMax + 2; ++i) {
    bench.run(kInsidePort,
              ipv4(kClient, kServer).udp(static_cast<std::uint16_t>(2'000 + i), 53).payload("x"));
    bench.decide(bench.requests().back().flow, VerdictAction::kDrop);
  }
  EXPECT_EQ(bench.counters().captures_missed, 2U);
}

}  // namespace
}  // namespace weir::dataplane
