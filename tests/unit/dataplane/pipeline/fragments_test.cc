// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/fragments.h"

#include <algorithm>
#include <random>

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

using test::PacketBuilder;

constexpr TimeNs kTimeout = 30 * kSecond;

PacketBuilder question(std::size_t payload_bytes = 40, std::uint16_t identification = 7) {
  return ipv4(kClient, kServer)
      .udp(5'353, 53)
      .payload(std::string(payload_bytes, 'q'))
      .identification(identification);
}

/// `whole` in pieces of `size` bytes.
std::vector<Frame> pieces(const PacketBuilder& whole, std::size_t size) {
  std::vector<Frame> frames;
  for (std::size_t at = 0; at < whole.segment_bytes(); at += size) {
    frames.push_back(PacketBuilder(whole).piece(at, size).bytes());
  }
  return frames;
}

void pass_time(PipelineBench& bench, TimeNs now) { bench.run(kInsidePort, std::vector<Frame>{}, now); }

Frame l3_of(const Frame& frame) { return {frame.begin() + 14, frame.end()}; }

TEST(Fragments, AWholeDatagramIsAskedAboutOnceAndLeavesAsItCame) {
  PipelineBench bench;
  std::vector<Frame> frames = pieces(question(), 16);
  ASSERT_EQ(frames.size(), 3U);
  std::reverse(frames.begin(), frames.end());
  bench.run(kInsidePort, {frames[0], frames[1]});
  EXPECT_TRUE(bench.requests().empty());
  EXPECT_EQ(bench.counters().fragments_held, 2U);
  EXPECT_EQ(bench.counters().ports[kInsidePort].parked, 2U);
  bench.run(kInsidePort, {frames[2]});

  const std::vector<SeenRequest> seen = bench.requests();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].opened.responder_port, 53);
  EXPECT_EQ(seen[0].opened.midstream, 0);
  EXPECT_EQ(seen[1].packet, l3_of(question().bytes())) << "as if it had never been in pieces";
  EXPECT_EQ(seen[1].head.payload_bytes, 40);
  EXPECT_EQ(bench.counters().fragments_held, 0U);
  EXPECT_EQ(bench.counters().ports[kInsidePort].parked, 3U);
  EXPECT_EQ(bench.counters().parked, 3U);
  EXPECT_TRUE(bench.left_at(kOutsidePort).empty());

  bench.decide(seen[0].flow, VerdictAction::kForward);
  EXPECT_EQ(bench.left_at(kOutsidePort), frames);
  const FlowCold& cold = bench.pipeline->path().flows.cold(seen[0].flow.slot);
  EXPECT_EQ(cold.packets[0], 3U);
  EXPECT_EQ(cold.bytes[0], frames[0].size() + frames[1].size() + frames[2].size());
  EXPECT_EQ(bench.counters().ports[kInsidePort].transmitted, 3U);
}

TEST(Fragments, ABlockedDatagramLeavesNothing) {
  PipelineBench bench;
  const std::vector<Frame> frames = pieces(question(), 8);
  bench.run(kInsidePort, frames);
  const channel::FlowRef flow = bench.requests()[0].flow;
  bench.decide(flow, VerdictAction::kDrop);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyDrop), frames.size());
  bench.run(kInsidePort, pieces(question(40, 8), 8));  // decided: no need to ask
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyDrop), 2 * frames.size());
  EXPECT_TRUE(bench.left_at(kOutsidePort).empty());
  EXPECT_TRUE(bench.requests().empty());
}

TEST(Fragments, OfADecidedFlowPassInTheBurstThatCompletesThem) {
  PipelineBench bench;
  bench.run(kInsidePort, question());
  bench.decide(bench.requests()[0].flow, VerdictAction::kForward);
  std::vector<Frame> burst = pieces(question(1'000), 200);
  const std::size_t count = burst.size();
  burst.push_back(question().bytes());
  bench.run(kInsidePort, burst);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 1 + count + 1);
  EXPECT_TRUE(bench.requests().empty());
}

TEST(Fragments, AResetQuotesTheWholeDatagram) {
  PipelineBench bench;
  const auto hello =
      ipv4(kClient, kServer).tcp(40'000, 443).flags("PA").sequence(9).payload(std::string(90, 'h'));
  bench.run(kInsidePort, pieces(hello, 8));
  bench.decide(bench.requests()[0].flow, VerdictAction::kReset);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyReset), pieces(hello, 8).size());
  ASSERT_EQ(bench.left_at(kInsidePort).size(), 1U);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 1U);
}

TEST(Fragments, ThatContradictEachOtherAreDroppedWithAllThatFollows) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  const auto other =
      ipv4(kClient, kServer).protocol(17).payload("other by").identification(7).fragment(8, true);
  const std::vector<Frame> frames = pieces(question(), 16);
  bench.run(kInsidePort, {frames[0], other.bytes(), frames[1], frames[2]});
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kFragmentOverlap), 4U);
  bench.run(kInsidePort, frames, kStart + kTimeout - 1);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kFragmentOverlap), 7U);
  pass_time(bench, kStart + kTimeout);
  EXPECT_TRUE(bench.left_at(kOutsidePort).empty());
  bench.run(kInsidePort, frames, kStart + kTimeout);
  EXPECT_EQ(bench.requests(RequestType::kPacket).size(), 1U) << "forgotten in time";
}

TEST(Fragments, TheSameAgainIsDroppedUnderItsName) {
  PipelineBench bench;
  const std::vector<Frame> frames = pieces(question(), 16);
  bench.run(kInsidePort, {frames[0], frames[0], frames[1], frames[1], frames[2]});
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kFragmentDuplicate), 2U);
  EXPECT_EQ(bench.requests(RequestType::kPacket).size(), 1U);
}

TEST(Fragments, WhatNeverBecomesWholeIsTheExceptionTables) {
  for (const ExceptionAction action : {ExceptionAction::kPass, ExceptionAction::kDrop}) {
    PipelineBench bench({.exceptions = action});
    const std::vector<Frame> frames = pieces(question(), 16);
    bench.run(kInsidePort, {frames[0], frames[2]});
    pass_time(bench, kStart + kTimeout - 1);
    EXPECT_EQ(bench.counters().fragments_held, 2U);
    pass_time(bench, kStart + kTimeout);
    EXPECT_EQ(bench.counters().fragments_held, 0U);
    EXPECT_EQ(bench.excepted(ExceptionCause::kFragment, action), 2U);
    EXPECT_EQ(bench.left_at(kOutsidePort).size(), action == ExceptionAction::kPass ? 2U : 0U);
  }
}

TEST(Fragments, OneTurnGivesUpABoundedNumber) {
  PipelineBench bench({.fragments = 128});
  std::vector<Frame> frames;
  for (std::uint16_t i = 0; i < 100; ++i) frames.push_back(question(40, i).piece(0, 16).bytes());
  bench.run(kInsidePort, {frames.begin(), frames.begin() + 50});
  bench.run(kInsidePort, {frames.begin() + 50, frames.end()});
  pass_time(bench, kStart + kTimeout);
  EXPECT_EQ(bench.counters().fragments_held, 100 - kFragmentExpiriesPerTurn);
  pass_time(bench, kStart + kTimeout);
  EXPECT_EQ(bench.counters().fragments_held, 0U);
}

TEST(Fragments, TheOldestGivesWayWhenTheTableIsFull) {
  PipelineBench bench;
  for (std::uint16_t i = 0; i < 200; ++i) {
    bench.run(kInsidePort, question(40, static_cast<std::uint16_t>(100 + i)).piece(0, 16), kStart + i);
  }
  EXPECT_EQ(bench.counters().fragments_held, 64U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kFragmentMemoryFull, ExceptionAction::kDrop), 136U);
  bench.run(kInsidePort, pieces(question(), 16));
  EXPECT_EQ(bench.requests(RequestType::kPacket).size(), 1U) << "who sends all of it at once is not hurt";
}

TEST(Fragments, MorePiecesThanOneDatagramMayHave) {
  PipelineBench bench({.fragments = 128});
  const std::vector<Frame> frames = pieces(question(8 * kFragmentsPerDatagramMax), 8);
  ASSERT_EQ(frames.size(), kFragmentsPerDatagramMax + 1U);
  for (std::size_t at = 0; at < frames.size(); at += 43) {
    bench.run(kInsidePort, {frames.begin() + static_cast<std::ptrdiff_t>(at),
                            frames.begin() + static_cast<std::ptrdiff_t>(at + 43)});
  }
  EXPECT_EQ(bench.excepted(ExceptionCause::kFragmentMemoryFull, ExceptionAction::kDrop),
            kFragmentsPerDatagramMax + 1U);
  EXPECT_EQ(bench.counters().fragments_held, 0U);
}

TEST(Fragments, ABundleTakesAPlaceInTheParkingForEachFragment) {
  PipelineBench bench({.parked = 8});
  bench.run(kInsidePort, pieces(question(56, 1), 8));  // eight fragments
  EXPECT_EQ(bench.counters().ports[kInsidePort].parked, 8U);
  bench.run(kInsidePort, from_client("PA", 1, "one more"));
  EXPECT_EQ(bench.excepted(ExceptionCause::kParkingFull, ExceptionAction::kDrop), 1U);
  PipelineBench small({.parked = 7});
  small.run(kInsidePort, pieces(question(56, 1), 8));
  EXPECT_EQ(small.dropped(kInsidePort, DropReason::kException), 8U);
  EXPECT_EQ(small.excepted(ExceptionCause::kParkingFull, ExceptionAction::kDrop), 1U) << "one packet";
}

TEST(Fragments, ALongDatagramTakesALargeBuffer) {
  const auto longest = question(kPacketBufferBytesMax - 14 - 20 - 8);
  PipelineBench bench({.parked = 64, .large_buffers = 2});
  bench.run(kInsidePort, pieces(longest, 1'480));
  const std::vector<SeenRequest> seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].packet.size(), channel::kPacketBytesMax);
  bench.run(kInsidePort, pieces(question(kPacketBufferBytesMax - 14 - 20 - 7, 9), 1'480));
  EXPECT_EQ(bench.excepted(ExceptionCause::kFragmentMemoryFull, ExceptionAction::kDrop), 45U) << "too long";
  bench.run(kInsidePort, pieces(question(3'000, 10), 1'480));
  bench.run(kInsidePort, pieces(question(3'000, 11), 1'480));
  EXPECT_EQ(bench.excepted(ExceptionCause::kFragmentMemoryFull, ExceptionAction::kDrop), 48U)
      << "none is free";
}

TEST(Fragments, WhatIsDamagedOrCannotBeJudgedWholeDoesNotPass) {
  PipelineBench bench({.large_buffers = 2});
  bench.run(kInsidePort, pieces(question().bad_l4_checksum(), 16));
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kL4Checksum), 3U);
  bench.run(kInsidePort, pieces(ipv4(kClient, kServer).udp(1, 2).udp_length(100).payload("short"), 8));
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kL4Truncated), 2U);
  // A segment that goes on where the classifier's copy ends.
  const auto segment = ipv4(kClient, kServer).tcp(1, 2).payload(std::string(channel::kPacketBytesMax, 's'));
  bench.run(kInsidePort, pieces(segment, 1'480));
  EXPECT_EQ(bench.excepted(ExceptionCause::kFragment, ExceptionAction::kDrop), 1U);
  // A fragment within fragments.
  Frame inner(48, 0);
  inner[0] = 17;
  inner[3] = 1;
  bench.run(kInsidePort, pieces(ipv6("fd00::1", "fd00::2").protocol(44).payload(inner), 24));
  EXPECT_EQ(bench.excepted(ExceptionCause::kFragment, ExceptionAction::kDrop), 2U);
  EXPECT_TRUE(bench.requests().empty());
  EXPECT_TRUE(bench.left_at(kOutsidePort).empty());
}

TEST(Fragments, OnlyThoseOfOneDatagramMeet) {
  PipelineBench bench;
  const auto whole = question();
  const auto rest = [&](const PacketBuilder& packet) { return PacketBuilder(packet).piece(16, 100).bytes(); };
  bench.run(kInsidePort, PacketBuilder(whole).piece(0, 16));
  bench.run(kInsidePort,
            {rest(question(40, 8)), rest(PacketBuilder(whole).vlan(9)),
             rest(ipv4(kClient, kServer).tcp(5'353, 53).payload(std::string(28, 'q')).identification(7))});
  bench.run(kOutsidePort, {rest(whole)});
  EXPECT_EQ(bench.counters().fragments_held, 5U);
  EXPECT_TRUE(bench.requests().empty());
}

TEST(Fragments, AnIdentificationMayComeAgain) {
  PipelineBench bench;
  bench.run(kInsidePort, pieces(question(40, 7), 16));
  bench.run(kInsidePort, pieces(question(41, 7), 16));
  const std::vector<SeenRequest> seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].head.payload_bytes, 40);
  EXPECT_EQ(seen[1].head.payload_bytes, 41);
}

TEST(Fragments, OutliveTheClassifierAndFollowTheClock) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  const std::vector<Frame> frames = pieces(question(), 16);
  bench.run(kInsidePort, {frames[0], frames[1]});
  bench.pipeline->detach();
  EXPECT_EQ(bench.counters().fragments_held, 2U);
  bench.pipeline->shift_time(3'600 * kSecond, kStart + 3'600 * kSecond);
  bench.run(kInsidePort, std::vector<Frame>{frames[2]}, kStart + 3'600 * kSecond);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 3U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kClassifierGone, ExceptionAction::kPass), 1U);
  bench.run(kInsidePort, {frames[0]});
  while (bench.pipeline->close_some(1, kStart)) {
  }
  EXPECT_EQ(bench.counters().fragments_held, 0U) << "nothing waits at the end";
  bench.run(kInsidePort, {frames[0]});  // the bench looks for lost buffers
}

/// The segment cut at random, in any order.
std::vector<Frame> any_pieces(const PacketBuilder& whole, std::mt19937& random) {
  std::vector<Frame> frames;
  for (std::size_t at = 0; at < whole.segment_bytes();) {
    const std::size_t size = 8 * (1 + random() % 40);
    frames.push_back(PacketBuilder(whole).piece(at, size).bytes());
    at += size;
  }
  std::shuffle(frames.begin(), frames.end(), random);
  return frames;
}

TEST(Fragments, HoweverADatagramIsCutItsFateIsThatOfTheWhole) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    PipelineBench bench({.parked = 128});
    const auto payload = std::string(random() % 600, static_cast<char>('a' + random() % 26));
    auto whole = random() % 2 == 0 ? ipv4(kClient, kServer) : ipv6("fd00::1", "fd00::2").extension(60, 16);
    random() % 2 == 0 ? whole.udp(1'000, 53) : whole.tcp(1'000, 443).flags("PA");
    whole.payload(payload + "!").identification(static_cast<std::uint16_t>(random()));
    std::vector<Frame> frames = any_pieces(whole, random);
    if (frames.size() < 2) continue;
    for (const Frame& frame : frames) bench.run(kInsidePort, {frame});
    const std::vector<SeenRequest> seen = bench.requests();
    ASSERT_EQ(seen.size(), 2U);
    const auto verdict = static_cast<VerdictAction>(random() % 3);
    EXPECT_EQ(seen[1].packet, l3_of(whole.bytes()));
    bench.decide(seen[0].flow, verdict);
    if (verdict == VerdictAction::kForward) {
      EXPECT_EQ(bench.left_at(kOutsidePort), frames);
    } else {
      EXPECT_EQ(bench.counters().ports[kInsidePort].dropped_total(), frames.size());
      EXPECT_EQ(bench.counters().ports[kInsidePort].transmitted, 0U);
    }
    if (testing::Test::HasFailure()) FAIL() << "round " << round;
  }
}

}  // namespace
}  // namespace weir::dataplane
