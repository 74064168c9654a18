// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/flow_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace weir::dataplane {
namespace {

constexpr std::uint32_t kSeed = 11;

FlowKey key_of(std::uint32_t number) {
  FlowKey key;
  key.low_address[15] = static_cast<std::uint8_t>(number >> 16U);
  key.high_address[3] = 7;
  key.low_port = static_cast<std::uint16_t>(number);
  key.high_port = 443;
  key.protocol = 6;
  return key;
}

std::uint32_t create(FlowTable& flows, std::uint32_t number) {
  const FlowKey key = key_of(number);
  return flows.create(key, hash_of(key, flows.hash_seed()));
}
std::uint32_t lookup(FlowTable& flows, std::uint32_t number) {
  const FlowKey key = key_of(number);
  return flows.lookup(key, hash_of(key, flows.hash_seed()));
}

TEST(FlowTable, NewFlowIsUndecidedAndClean) {
  FlowTable flows(100, kSeed);
  EXPECT_EQ(flows.hash_seed(), kSeed);
  EXPECT_EQ(flows.capacity(), 100U);
  EXPECT_EQ(lookup(flows, 1), kNoSlot);
  const std::uint32_t slot = create(flows, 1);
  ASSERT_NE(slot, kNoSlot);
  EXPECT_EQ(flows.hot(slot).state, FlowState::kUndecided);
  EXPECT_EQ(flows.hot(slot).key, key_of(1));
  EXPECT_EQ(lookup(flows, 1), slot);
  flows.hot(slot).verdict = VerdictAction::kDrop;
  flows.cold(slot).packets = {5, 6};
  flows.erase(slot);
  EXPECT_EQ(lookup(flows, 1), kNoSlot);
  const std::uint32_t again = create(flows, 2);
  EXPECT_EQ(again, slot) << "the warmest slot is used first";
  EXPECT_EQ(flows.hot(again).verdict, VerdictAction::kForward);
  EXPECT_EQ(flows.cold(again).packets[0], 0U);
  EXPECT_EQ(flows.cold(again).inspection, kNoSlot);
}

TEST(FlowTable, GenerationChangesWithEachFlowOfASlot) {
  FlowTable flows(64, kSeed);
  std::uint32_t slot = create(flows, 1);
  const channel::FlowRef first{slot, flows.hot(slot).generation};
  EXPECT_NE(first.generation, 0U);
  EXPECT_EQ(flows.resolve(first), slot);
  EXPECT_EQ(flows.resolve({slot, first.generation + 1}), kNoSlot);
  EXPECT_EQ(flows.resolve({64, first.generation}), kNoSlot) << "beyond the table";
  flows.erase(slot);
  EXPECT_EQ(flows.resolve(first), kNoSlot) << "a flow that is gone";
  slot = create(flows, 1);
  ASSERT_EQ(slot, first.slot);
  EXPECT_EQ(flows.resolve(first), kNoSlot) << "a late answer about the flow before";
  EXPECT_EQ(flows.resolve({slot, flows.hot(slot).generation}), slot);
}

TEST(FlowTable, GenerationZeroIsNobodysEvenAfterTheWrap) {
  FlowTable flows(64, kSeed);
  const std::uint32_t slot = create(flows, 1);
  flows.hot(slot).generation = 0xffff'ffffU;
  flows.erase(slot);
  ASSERT_EQ(create(flows, 2), slot);
  EXPECT_EQ(flows.hot(slot).generation, 1U);
}

TEST(FlowTable, FillsToItsLastFlowAndThenSaysNo) {
  for (const std::uint32_t capacity : {64U, 65'536U, 100'000U}) {
    FlowTable flows(capacity, kSeed);
    for (std::uint32_t i = 0; i < capacity; ++i)
      ASSERT_NE(create(flows, i), kNoSlot) << i << " of " << capacity;
    EXPECT_EQ(flows.size(), capacity);
    EXPECT_EQ(create(flows, capacity), kNoSlot);
    std::set<std::uint32_t> slots;
    for (std::uint32_t i = 0; i < capacity; ++i) slots.insert(lookup(flows, i));
    EXPECT_EQ(slots.size(), capacity) << "nobody was evicted";
    EXPECT_FALSE(slots.contains(kNoSlot));
    flows.erase(lookup(flows, capacity / 2));
    EXPECT_NE(create(flows, capacity), kNoSlot) << "room again";
  }
}

TEST(FlowTable, CapacityHasALowerLimit) { EXPECT_EQ(FlowTable(1, kSeed).capacity(), 64U); }

TEST(FlowTable, OneHashForAllFillsEightBucketsAndNoMore) {
  // What an attacker could do who knew the seed: 8 buckets of 8 entries, then refusal, never a longer search.
  FlowTable flows(1'024, kSeed);
  constexpr std::uint32_t kHash = 0xabcd'1234U;
  std::vector<std::uint32_t> slots;
  for (std::uint32_t i = 0; i < 64; ++i) slots.push_back(flows.create(key_of(i), kHash));
  EXPECT_EQ(flows.create(key_of(64), kHash), kNoSlot);
  EXPECT_EQ(flows.size(), 64U);
  for (std::uint32_t i = 0; i < 64; ++i) ASSERT_EQ(flows.lookup(key_of(i), kHash), slots[i]) << i;
  for (std::uint32_t i = 0; i < 64; i += 2) flows.erase(slots[i]);
  for (std::uint32_t i = 0; i < 64; ++i) {
    ASSERT_EQ(flows.lookup(key_of(i), kHash), i % 2 == 0 ? kNoSlot : slots[i]) << i;
  }
  for (std::uint32_t i = 100; i < 132; ++i) EXPECT_NE(flows.create(key_of(i), kHash), kNoSlot);
  for (std::uint32_t i = 100; i < 132; ++i) EXPECT_NE(flows.lookup(key_of(i), kHash), kNoSlot);
}

TEST(FlowTable, HashWhoseTagIsZeroIsAnEntryLikeOthers) {
  FlowTable flows(64, kSeed);
  const std::uint32_t slot = flows.create(key_of(1), 0x0000'0003U);
  EXPECT_EQ(flows.lookup(key_of(1), 0x0000'0003U), slot);
  EXPECT_EQ(flows.lookup(key_of(2), 0x0000'0003U), kNoSlot);
}

TEST(FlowTable, EraseOfAFreeSlotDoesNothing) {
  FlowTable flows(64, kSeed);
  const std::uint32_t slot = create(flows, 1);
  flows.erase(slot);
  flows.erase(slot);
  flows.erase(kNoSlot);
  EXPECT_EQ(flows.size(), 0U);
  EXPECT_NE(create(flows, 2), create(flows, 3));
}

TEST(FlowTable, BurstLookupAgreesWithSingleOnes) {
  FlowTable flows(4'096, kSeed);
  for (std::uint32_t i = 0; i < 4'096; i += 2) static_cast<void>(create(flows, i));
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{33}, kLookupBurstMax}) {
    std::vector<PacketMeta> metas(size);
    std::vector<const PacketMeta*> packets;
    for (std::size_t i = 0; i < size; ++i) {
      metas[i].key = key_of(static_cast<std::uint32_t>(i * 31));
      metas[i].hash = hash_of(metas[i].key, kSeed);
      packets.push_back(&metas[i]);
    }
    std::vector<std::uint32_t> slots(size, 123);
    flows.lookup(packets, slots);
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_EQ(slots[i], lookup(flows, static_cast<std::uint32_t>(i * 31)));
      EXPECT_EQ(slots[i] == kNoSlot, i % 2 == 1);
    }
  }
}

TEST(FlowTable, MillionRandomOperationsAgreeWithTheStandardMap) {
  constexpr unsigned kRandomSeed = 4'711;
  constexpr std::uint32_t kKeys = 3'000;
  FlowTable flows(2'048, kSeed);
  std::unordered_map<std::uint32_t, channel::FlowRef> model;
  std::mt19937 random{kRandomSeed};
  std::uint64_t refused = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const auto number = static_cast<std::uint32_t>(random() % kKeys);
    const auto known = model.find(number);
    const std::uint32_t slot = lookup(flows, number);
    ASSERT_EQ(slot, known == model.end() ? kNoSlot : known->second.slot) << i;
    if (known != model.end()) {
      ASSERT_EQ(flows.resolve(known->second), slot);
      if (random() % 3 != 0) continue;
      flows.erase(slot);
      ASSERT_EQ(flows.resolve(known->second), kNoSlot);
      model.erase(known);
    } else {
      const std::uint32_t made = create(flows, number);
      if (made == kNoSlot) {
        ++refused;
        // The buckets near a home may be full a little before the table is.
        ASSERT_GE(flows.size(), flows.capacity() - flows.capacity() / 64) << "refused though there was room";
        continue;
      }
      model[number] = {made, flows.hot(made).generation};
    }
    ASSERT_EQ(flows.size(), model.size());
  }
  EXPECT_GT(refused, 0U) << "the run never reached a full table";
}

TEST(FlowTable, CostsAtMost192BytesAFlow) {
  for (const std::uint32_t capacity : {65'536U, 1'000'000U, 1'048'576U, 5'000'000U}) {
    const FlowTable flows(capacity, kSeed);
    const double each = static_cast<double>(flows.memory_bytes()) / capacity;
    std::printf("%u flows: %.1f bytes each\n", capacity, each);
    EXPECT_LE(each, 192);
    EXPECT_GE(each, sizeof(FlowHot) + sizeof(FlowCold) + sizeof(FlowRest));
  }
}

}  // namespace
}  // namespace weir::dataplane
