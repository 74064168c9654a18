// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/unanswered.h"

#include <gtest/gtest.h>

namespace weir::dataplane {
namespace {

using channel::TcpState;

constexpr Tick kNow = 1'000;

struct Unanswered : ::testing::Test {
  FlowTable flows{64, 1};
  UnansweredRing ring{flows};
  std::uint32_t add(std::uint16_t port, TcpState state = TcpState::kNone,
                    std::array<std::uint32_t, 2> packets = {1, 0}) {
    FlowKey key;
    key.low_port = port;
    const std::uint32_t slot = flows.create(key, hash_of(key, 1));
    EXPECT_NE(slot, kNoSlot);
    flows.hot(slot).tcp_state = state;
    flows.hot(slot).last_seen = kNow;
    flows.cold(slot).packets = packets;
    ring.push(slot);
    return slot;
  }
};

TEST(IsUnanswered, SaysWhoseOtherEndOrHandshakeIsMissing) {
  const struct {
    TcpState state;
    std::array<std::uint32_t, 2> packets;
    bool unanswered;
  } rows[] = {
      {TcpState::kNone, {1, 0}, true},         {TcpState::kNone, {900, 0}, true},
      {TcpState::kNone, {0, 1}, true},         {TcpState::kNone, {1, 1}, false},
      {TcpState::kSynSent, {3, 0}, true},      {TcpState::kSynReceived, {1, 1}, true},
      {TcpState::kEstablished, {2, 1}, false}, {TcpState::kFinWait, {3, 2}, false},
      {TcpState::kMidstream, {1, 0}, true},    {TcpState::kMidstream, {1, 1}, false},
  };
  for (const auto& row : rows) {
    FlowHot hot;
    hot.tcp_state = row.state;
    FlowCold cold;
    cold.packets = row.packets;
    EXPECT_EQ(is_unanswered(hot, cold), row.unanswered)
        << static_cast<int>(row.state) << " " << row.packets[0] << " " << row.packets[1];
  }
}

TEST_F(Unanswered, GivesTheOldestThatNobodyAnswered) {
  EXPECT_EQ(ring.take_oldest(kNow), kNoSlot);
  add(1, TcpState::kEstablished, {2, 1});
  const std::uint32_t ended = add(2);
  flows.erase(ended);
  const std::uint32_t half_open = add(3, TcpState::kSynReceived, {1, 1});
  add(4, TcpState::kNone, {1, 1});
  const std::uint32_t newest = add(5);
  EXPECT_EQ(ring.take_oldest(kNow), half_open);
  EXPECT_EQ(ring.take_oldest(kNow), newest);
  EXPECT_EQ(ring.take_oldest(kNow), kNoSlot);
}

TEST_F(Unanswered, ANewFlowInTheSameSlotIsNotTheOneThatWasPushed) {
  const std::uint32_t slot = add(1);
  flows.erase(slot);
  FlowKey key;
  key.low_port = 2;
  ASSERT_EQ(flows.create(key, hash_of(key, 1)), slot);
  EXPECT_EQ(ring.take_oldest(kNow), kNoSlot);
}

TEST_F(Unanswered, AStreamOneWayIsSparedWhileItGoesOn) {
  const std::uint32_t stream = add(1, TcpState::kNone, {kStreamPackets, 0});
  const std::uint32_t lone = add(2, TcpState::kNone, {kStreamPackets - 1, 0});
  EXPECT_EQ(ring.take_oldest(kNow + kStreamPauseMax), lone);
  // The stream was put behind, and is alone there.
  EXPECT_EQ(ring.take_oldest(kNow + kStreamPauseMax), kNoSlot);
  EXPECT_EQ(ring.take_oldest(kNow + kStreamPauseMax + 1), stream);
}

TEST_F(Unanswered, EveryFlowOfAFullTableHasItsPlace) {
  std::vector<std::uint32_t> slots;
  for (std::uint16_t i = 0; i < flows.capacity(); ++i) slots.push_back(add(i));
  ring.push(slots[0]);  // the table has no more; an entry of the past
  EXPECT_EQ(ring.take_oldest(kNow), slots[1]) << "the oldest made room";
  for (std::size_t i = 2; i < slots.size(); ++i) ASSERT_EQ(ring.take_oldest(kNow), slots[i]);
}

TEST(UnansweredRing, LooksAtNoMoreThanItsLimit) {
  FlowTable flows{1'024, 1};
  UnansweredRing ring{flows};
  for (std::uint16_t i = 0; i <= kEvictLooksMax; ++i) {
    FlowKey key;
    key.low_port = i;
    const std::uint32_t slot = flows.create(key, hash_of(key, 1));
    flows.cold(slot).packets = {1, i < kEvictLooksMax ? 1U : 0U};
    ring.push(slot);
  }
  EXPECT_EQ(ring.take_oldest(kNow), kNoSlot);
  EXPECT_NE(ring.take_oldest(kNow), kNoSlot);
}

}  // namespace
}  // namespace weir::dataplane
