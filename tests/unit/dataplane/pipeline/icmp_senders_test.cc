// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/icmp_senders.h"

#include <gtest/gtest.h>

namespace weir::dataplane {
namespace {

constexpr std::array<std::uint8_t, 16> kUnknown{};

IcmpSenders::Note note(std::uint32_t slot, std::uint32_t generation, std::uint8_t last) {
  IcmpSenders::Note made{.flow = {slot, generation}, .direction = channel::Direction::kFromResponder};
  made.from.back() = last;
  return made;
}

TEST(IcmpSenders, KnowTheLastOneOfAFlow) {
  IcmpSenders senders;
  EXPECT_EQ(senders.of({7, 1}).from, kUnknown);
  senders.note(note(7, 1, 10));
  senders.note(note(7, 1, 11));
  EXPECT_EQ(senders.of({7, 1}).from.back(), 11);
  EXPECT_EQ(senders.of({7, 1}).direction, channel::Direction::kFromResponder);
  EXPECT_EQ(senders.of({7, 2}).from, kUnknown) << "another flow in the same slot";
}

TEST(IcmpSenders, AFlowTooManyTakesThePlaceOfOne) {
  IcmpSenders senders;
  for (std::uint32_t slot = 0; slot < kIcmpSendersMax; ++slot) senders.note(note(slot, 1, 10));
  senders.note(note(kIcmpSendersMax + 5, 1, 20));
  EXPECT_EQ(senders.of({kIcmpSendersMax + 5, 1}).from.back(), 20);
  EXPECT_EQ(senders.of({5, 1}).from, kUnknown);
  EXPECT_EQ(senders.of({6, 1}).from.back(), 10);
}

}  // namespace
}  // namespace weir::dataplane
