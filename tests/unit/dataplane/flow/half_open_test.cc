// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/half_open.h"

#include <gtest/gtest.h>

namespace weir::dataplane {
namespace {

struct HalfOpen : ::testing::Test {
  FlowTable flows{64, 1};
  HalfOpenRing ring{flows};
  std::uint32_t add(std::uint16_t port, channel::TcpState state = channel::TcpState::kSynSent) {
    FlowKey key;
    key.low_port = port;
    const std::uint32_t slot = flows.create(key, hash_of(key, 1));
    flows.hot(slot).tcp_state = state;
    ring.push(slot);
    return slot;
  }
};

TEST_F(HalfOpen, GivesTheOldestWhoseHandshakeIsNotOver) {
  EXPECT_EQ(ring.take_oldest(), kNoSlot);
  add(1, channel::TcpState::kEstablished);
  const std::uint32_t ended = add(2);
  flows.erase(ended);
  const std::uint32_t answered = add(3, channel::TcpState::kSynReceived);
  const std::uint32_t newest = add(4);
  EXPECT_EQ(ring.take_oldest(), answered);
  EXPECT_EQ(ring.take_oldest(), newest);
  EXPECT_EQ(ring.take_oldest(), kNoSlot);
}

TEST_F(HalfOpen, ANewFlowInTheSameSlotIsNotTheOneThatWasPushed) {
  const std::uint32_t slot = add(1);
  flows.erase(slot);
  FlowKey key;
  key.low_port = 2;
  ASSERT_EQ(flows.create(key, hash_of(key, 1)), slot);
  flows.hot(slot).tcp_state = channel::TcpState::kSynSent;
  EXPECT_EQ(ring.take_oldest(), kNoSlot);
}

TEST_F(HalfOpen, AFullRingForgetsItsOldest) {
  const std::uint16_t places = 64 / kFlowsPerHalfOpenPlace;
  for (std::uint16_t i = 0; i < places; ++i) add(i);
  const std::uint32_t kept = flows.lookup(FlowKey{.low_port = 1}, hash_of(FlowKey{.low_port = 1}, 1));
  add(places);
  EXPECT_EQ(ring.take_oldest(), kept);
}

TEST(HalfOpenRing, LooksAtNoMoreThanItsLimit) {
  FlowTable flows{1'024, 1};
  HalfOpenRing ring{flows};
  for (std::uint16_t i = 0; i <= kEvictLooksMax; ++i) {
    FlowKey key;
    key.low_port = i;
    const std::uint32_t slot = flows.create(key, hash_of(key, 1));
    flows.hot(slot).tcp_state =
        i < kEvictLooksMax ? channel::TcpState::kEstablished : channel::TcpState::kSynSent;
    ring.push(slot);
  }
  EXPECT_EQ(ring.take_oldest(), kNoSlot);
  EXPECT_NE(ring.take_oldest(), kNoSlot);
}

}  // namespace
}  // namespace weir::dataplane
