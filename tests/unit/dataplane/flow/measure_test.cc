// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/measure.h"

#include <gtest/gtest.h>

namespace weir::dataplane {
namespace {

using channel::TcpState;

struct Flow {
  FlowHot hot;
  FlowCold cold;

  void send(Direction direction, std::uint32_t sequence, std::uint16_t payload, std::uint8_t flags = kTcpAck,
            std::uint16_t window = 1'000) {
    measure_segment(hot, cold, meta(direction, sequence, payload, flags, window), direction);
  }
  void handshake(Direction direction, std::uint8_t flags, TcpState before, TimeNs elapsed) {
    measure_handshake(hot, cold, before, meta(direction, 0, 0, flags, 1), direction, elapsed);
  }
  static PacketMeta meta(Direction direction, std::uint32_t sequence, std::uint16_t payload,
                         std::uint8_t flags, std::uint16_t window) {
    PacketMeta meta;
    meta.kind = PacketKind::kTcp;
    meta.source_is_low = direction == Direction::kFromInitiator;
    meta.tcp_sequence = sequence;
    meta.payload_bytes = payload;
    meta.tcp_flags = flags;
    meta.tcp_window = window;
    return meta;
  }
};

constexpr Direction kOut = Direction::kFromInitiator;
constexpr Direction kBack = Direction::kFromResponder;

TEST(Measure, WhatIsSeenTwiceWasRetransmitted) {
  Flow flow;
  flow.send(kOut, 0xffff'fff0, 100);  // across the wrap
  flow.send(kOut, 0xffff'fff0, 100);
  flow.send(kOut, 0xffff'fff0 + 100, 100);
  flow.send(kBack, 7, 100);
  EXPECT_EQ(flow.cold.retransmitted[0], 1);
  EXPECT_EQ(flow.cold.retransmitted[1], 0);
  EXPECT_EQ(flow.cold.out_of_order[0], 0);
}

TEST(Measure, HoleIsCountedOnceAndWhatFillsItIsNotARetransmission) {
  Flow flow;
  flow.send(kBack, 1'000, 100);
  flow.send(kBack, 1'200, 100);
  flow.send(kBack, 1'100, 100);
  EXPECT_EQ(flow.cold.out_of_order[1], 1);
  EXPECT_EQ(flow.cold.retransmitted[1], 0);
  flow.send(kBack, 1'100, 100);
  EXPECT_EQ(flow.cold.retransmitted[1], 1);
}

TEST(Measure, BareAcknowledgementsKeepAlivesAndResetsSayNothing) {
  Flow flow;
  flow.send(kOut, 1'000, 100);
  flow.send(kOut, 1'100, 0);
  flow.send(kOut, 1'099, 1);
  flow.send(kOut, 5'000, 0, kTcpRst);
  EXPECT_EQ(flow.cold.retransmitted[0] + flow.cold.out_of_order[0], 0);
  EXPECT_EQ(flow.cold.next_sequence[0], 1'100U);
}

TEST(Measure, ZeroWindowsAreCountedButNotOfSynAndReset) {
  Flow flow;
  flow.send(kBack, 1, 0, kTcpAck, 0);
  flow.send(kBack, 1, 0, kTcpSyn | kTcpAck, 0);
  flow.send(kBack, 1, 0, kTcpRst, 0);
  EXPECT_EQ(flow.cold.zero_windows[1], 1);
  for (int i = 0; i < 70'000; ++i) flow.send(kBack, 1, 0, kTcpAck, 0);
  EXPECT_EQ(flow.cold.zero_windows[1], 65'535) << "the count stops at its end";
}

TEST(Measure, HandshakeGivesBothRoundTrips) {
  Flow flow;
  flow.handshake(kOut, kTcpSyn, TcpState::kNone, 0);
  flow.handshake(kBack, kTcpSyn | kTcpAck, TcpState::kSynSent, 30 * kMillisecond);
  flow.handshake(kOut, kTcpAck, TcpState::kSynReceived, 31 * kMillisecond);
  EXPECT_EQ(flow.cold.handshake_us[1], 30'000U);
  EXPECT_EQ(flow.cold.handshake_us[0], 1'000U);
}

TEST(Measure, RepeatedSynOrSynAckIsNotMeasured) {
  Flow flow;
  flow.handshake(kOut, kTcpSyn, TcpState::kNone, 0);
  flow.handshake(kOut, kTcpSyn, TcpState::kSynSent, kSecond);
  flow.handshake(kBack, kTcpSyn | kTcpAck, TcpState::kSynSent, kSecond + kMillisecond);
  flow.handshake(kOut, kTcpAck, TcpState::kSynReceived, 2 * kSecond);
  EXPECT_EQ(flow.cold.handshake_us[0] + flow.cold.handshake_us[1], 0U);

  Flow other;
  other.handshake(kOut, kTcpSyn, TcpState::kNone, 0);
  other.handshake(kBack, kTcpSyn | kTcpAck, TcpState::kSynSent, kMillisecond);
  other.handshake(kBack, kTcpSyn | kTcpAck, TcpState::kSynReceived, kSecond);
  other.handshake(kOut, kTcpAck, TcpState::kSynReceived, 2 * kSecond);
  EXPECT_EQ(other.cold.handshake_us[0] + other.cold.handshake_us[1], 0U);
}

}  // namespace
}  // namespace weir::dataplane
