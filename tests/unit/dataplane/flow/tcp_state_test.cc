// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/tcp_state.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace weir::dataplane {
namespace {

using channel::TcpState;
using enum TcpEvent;

TcpState after(std::initializer_list<TcpEvent> events) {
  TcpState state = TcpState::kNone;
  for (const TcpEvent event : events) state = next_tcp_state(state, event);
  return state;
}

TEST(TcpState, LifeOfAConnection) {
  EXPECT_EQ(after({kSyn}), TcpState::kSynSent);
  EXPECT_EQ(after({kSyn, kSyn}), TcpState::kSynSent);
  EXPECT_EQ(after({kSyn, kSynAck}), TcpState::kSynReceived);
  EXPECT_EQ(after({kSyn, kSynAck, kSynAck}), TcpState::kSynReceived);
  EXPECT_EQ(after({kSyn, kSynAck, kAck}), TcpState::kEstablished);
  EXPECT_EQ(after({kSyn, kSynAck, kAck, kAck}), TcpState::kEstablished);
  EXPECT_EQ(after({kSyn, kSynAck, kAck, kFinFirst}), TcpState::kFinWait);
  EXPECT_EQ(after({kSyn, kSynAck, kAck, kFinFirst, kAck, kFinFirst}), TcpState::kFinWait);
  EXPECT_EQ(after({kSyn, kSynAck, kAck, kFinFirst, kAck, kFinSecond}), TcpState::kClosing);
  EXPECT_EQ(after({kSyn, kSynAck, kAck, kFinFirst, kAck, kFinSecond, kAck}), TcpState::kClosed);
}

TEST(TcpState, ResetEndsEveryState) {
  for (int state = 0; state <= static_cast<int>(TcpState::kMidstream); ++state) {
    EXPECT_EQ(next_tcp_state(static_cast<TcpState>(state), kRst), TcpState::kClosed) << state;
  }
}

TEST(TcpState, SynOnALiveConnectionChangesNothing) {
  EXPECT_EQ(after({kSyn, kSynAck, kAck, kSyn}), TcpState::kEstablished) << "RFC 5961: the receiver asks back";
  EXPECT_EQ(after({kSyn, kSynAck, kAck, kFinFirst, kSyn}), TcpState::kFinWait);
}

TEST(TcpState, PortIsUsedAgainAfterTheEnd) {
  EXPECT_EQ(after({kSyn, kSynAck, kAck, kRst, kSyn}), TcpState::kSynSent);
  EXPECT_EQ(after({kSyn, kSynAck, kAck, kFinFirst, kFinSecond, kSyn}), TcpState::kSynSent);
}

TEST(TcpState, PickedUpInTheMiddle) {
  EXPECT_EQ(after({kAck}), TcpState::kMidstream);
  EXPECT_EQ(after({kAck, kAck}), TcpState::kMidstream);
  EXPECT_EQ(after({kSynAck, kAck}), TcpState::kEstablished) << "only its SYN was missed";
  EXPECT_EQ(after({kAck, kSyn, kSynAck, kAck}), TcpState::kEstablished)
      << "a new connection of the same ports";
  EXPECT_EQ(after({kAck, kFinFirst, kFinSecond, kAck}), TcpState::kClosed);
}

TEST(TcpState, SinglePacketsNeverBuyALongTimeout) {
  // Established and FinWait are the states with the long timeout: no single end reaches them alone without a
  // SYN-ACK.
  for (const auto& events : std::initializer_list<std::initializer_list<TcpEvent>>{{kFinFirst},
                                                                                   {kFinFirst, kAck},
                                                                                   {kSyn, kAck},
                                                                                   {kSyn, kAck, kAck},
                                                                                   {kSyn, kFinFirst},
                                                                                   {kAck, kFinFirst},
                                                                                   {kAck, kFinFirst, kAck},
                                                                                   {kRst, kAck}}) {
    const TcpState state = after(events);
    EXPECT_NE(state, TcpState::kEstablished);
    EXPECT_NE(state, TcpState::kFinWait);
  }
}

}  // namespace
}  // namespace weir::dataplane
