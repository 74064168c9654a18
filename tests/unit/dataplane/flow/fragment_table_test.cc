// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/fragment_table.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace weir::dataplane {
namespace {

using enum FragmentFit;

/// Bytes of one datagram; a piece of it is a fragment.
class FragmentTableTest : public testing::Test {
 protected:
  FragmentTableTest() { std::iota(bytes_.begin(), bytes_.end(), std::uint8_t{0}); }

  Fragment piece(std::uint32_t offset, std::uint32_t count, bool more, std::uint32_t id = 1) {
    Fragment fragment;
    fragment.datagram.high_port = static_cast<std::uint16_t>(id);
    fragment.hash = hash_of(fragment.datagram, 1);
    fragment.offset = offset;
    fragment.more = more;
    fragment.head_bytes = 20;
    fragment.payload = Bytes{bytes_}.subspan(offset, count);
    return fragment;
  }
  FragmentFit add(const Fragment& fragment) {
    std::uint32_t datagram = table_.find(fragment);
    if (datagram == kNoFragment) datagram = table_.open(fragment, 1);
    return table_.add(datagram, fragment);
  }
  std::vector<FragmentFit> add_all(const std::vector<Fragment>& fragments) {
    std::vector<FragmentFit> fits;
    for (const Fragment& fragment : fragments) fits.push_back(add(fragment));
    return fits;
  }

  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(70'000);
  FragmentTable table_{64, 256};
};

TEST_F(FragmentTableTest, IsCompleteInAnyOrder) {
  EXPECT_EQ(add_all({piece(0, 16, true), piece(16, 8, true), piece(24, 5, false)}),
            (std::vector{kHeld, kHeld, kComplete}));
  EXPECT_EQ(add_all({piece(24, 5, false, 2), piece(16, 8, true, 2), piece(0, 16, true, 2)}),
            (std::vector{kHeld, kHeld, kComplete}));
  EXPECT_EQ(add_all({piece(16, 8, true, 3), piece(24, 5, false, 3), piece(0, 16, true, 3)}),
            (std::vector{kHeld, kHeld, kComplete}));
  const Datagram& last = table_.at(table_.find(piece(0, 8, true, 3)));
  std::vector<std::uint32_t> arrived;
  for (std::uint32_t f = last.first_arrived; f != kNoFragment; f = table_.held(f).next_arrived) {
    arrived.push_back(table_.held(f).fragment.offset);
  }
  EXPECT_EQ(arrived, (std::vector<std::uint32_t>{16, 24, 0}));
}

TEST_F(FragmentTableTest, TheSameAgainIsADuplicateOtherBytesAnOverlap) {
  EXPECT_EQ(add_all({piece(8, 8, true), piece(8, 8, true)}), (std::vector{kHeld, kDuplicate}));
  std::vector<std::uint8_t> other(8, 0xee);
  Fragment changed = piece(8, 8, true);
  changed.payload = other;
  EXPECT_EQ(add(changed), kOverlap);
}

TEST_F(FragmentTableTest, EveryOverlapIsSeen) {
  const auto meets = [&](const std::vector<Fragment>& held, const Fragment& fragment) {
    for (const Fragment& one : held) EXPECT_EQ(add(one), kHeld);
    const FragmentFit fit = add(fragment);
    table_.close(table_.find(fragment));
    return fit;
  };
  const std::vector<Fragment> middle = {piece(16, 16, true)};
  EXPECT_EQ(meets(middle, piece(8, 16, true)), kOverlap) << "its beginning";
  EXPECT_EQ(meets(middle, piece(24, 16, true)), kOverlap) << "its end";
  EXPECT_EQ(meets(middle, piece(16, 8, true)), kOverlap) << "its first half";
  EXPECT_EQ(meets(middle, piece(24, 8, true)), kOverlap) << "its second half";
  EXPECT_EQ(meets(middle, piece(8, 32, true)), kOverlap) << "all of it";
  EXPECT_EQ(meets(middle, piece(16, 16, false)), kOverlap) << "the same bytes, now the last";
  EXPECT_EQ(meets(middle, piece(8, 8, true)), kHeld);
  EXPECT_EQ(meets(middle, piece(32, 8, true)), kHeld);
  EXPECT_EQ(meets({piece(0, 8, true), piece(24, 8, true)}, piece(8, 24, true)), kOverlap);
}

TEST_F(FragmentTableTest, ADatagramHasOneEnd) {
  const std::vector<std::pair<Fragment, Fragment>> contradictions = {
      {piece(8, 5, false), piece(16, 8, true)},   // beyond the end
      {piece(8, 8, false), piece(16, 8, false)},  // another end
      {piece(16, 8, true), piece(8, 8, false)},   // an end before what is there
      {piece(16, 8, false), piece(8, 16, true)},  // more is said to come after the end
      {piece(16, 8, false), piece(0, 24, true)}};
  for (const auto& [first, second] : contradictions) {
    EXPECT_EQ(add_all({first, second}), (std::vector{kHeld, kOverlap}));
    table_.close(table_.find(first));
  }
}

TEST_F(FragmentTableTest, WhatIsNoPartOfAnyDatagramIsSeen) {
  EXPECT_EQ(add(piece(0, 12, true)), kOverlap) << "the next one could not begin there";
  EXPECT_EQ(add(piece(0, 7, true)), kOverlap);
  EXPECT_EQ(add(piece(8, 0, false)), kOverlap) << "empty";
  EXPECT_EQ(add(piece(65'512, 4, false)), kOverlap) << "20 + 65,516 bytes";
  EXPECT_EQ(add(piece(65'512, 3, false)), kHeld) << "20 + 65,515 bytes";
}

TEST_F(FragmentTableTest, ACondemnedDatagramKeepsItsNameAndNothingElse) {
  EXPECT_EQ(add_all({piece(0, 8, true), piece(8, 8, true)}), (std::vector{kHeld, kHeld}));
  const std::uint32_t datagram = table_.find(piece(0, 8, true));
  table_.condemn(datagram);
  EXPECT_TRUE(table_.at(datagram).condemned);
  EXPECT_EQ(table_.held_count(), 0U);
  EXPECT_EQ(table_.find(piece(16, 8, true)), datagram);
  table_.close(datagram);
  EXPECT_EQ(table_.find(piece(16, 8, true)), kNoFragment);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(FragmentTableTest, EveryLimitIsMet) {
  FragmentTable small(2, 3);
  const std::uint32_t first = small.open(piece(0, 8, true, 1), 1);
  const std::uint32_t second = small.open(piece(0, 8, true, 2), 2);
  EXPECT_FALSE(small.has_room(true));
  EXPECT_TRUE(small.has_room(false));
  EXPECT_EQ(small.oldest(), first);
  EXPECT_EQ(small.add(first, piece(0, 8, true, 1)), kHeld);
  EXPECT_EQ(small.add(first, piece(8, 8, true, 1)), kHeld);
  EXPECT_EQ(small.add(second, piece(0, 8, true, 2)), kHeld);
  EXPECT_FALSE(small.has_room(false));
  small.close(first);
  EXPECT_TRUE(small.has_room(true));
  EXPECT_EQ(small.oldest(), second);

  for (std::uint32_t i = 0; i < kFragmentsPerDatagramMax; ++i) EXPECT_EQ(add(piece(i * 8, 8, true)), kHeld);
  EXPECT_EQ(add(piece(kFragmentsPerDatagramMax * 8, 8, true)), kTooMany);
  EXPECT_EQ(table_.held_count(), kFragmentsPerDatagramMax);
}

TEST_F(FragmentTableTest, PlacesComeBackHoweverTheyAreLeft) {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    const std::uint32_t id = 1 + static_cast<std::uint32_t>(random() % 100);
    const auto offset = static_cast<std::uint32_t>(random() % 8) * 8;
    const Fragment fragment =
        piece(offset, 8 + static_cast<std::uint32_t>(random() % 2) * 8, random() % 4 != 0, id);
    std::uint32_t datagram = table_.find(fragment);
    while (!table_.has_room(datagram == kNoFragment)) {
      if (table_.oldest() == datagram) datagram = kNoFragment;
      table_.close(table_.oldest());
    }
    if (datagram == kNoFragment) datagram = table_.open(fragment, round);
    const FragmentFit fit = table_.at(datagram).condemned ? kDuplicate : table_.add(datagram, fragment);
    if (fit == kOverlap) table_.condemn(datagram);
    if (fit == kComplete) table_.close(datagram);
  }
  std::uint32_t held = 0;
  while (table_.oldest() != kNoFragment) {
    held += table_.at(table_.oldest()).count;
    table_.close(table_.oldest());
    EXPECT_LE(held, 256U);
  }
  EXPECT_EQ(table_.size() + table_.held_count(), 0U);
  for (std::uint32_t id = 1; id <= 64; ++id) {
    for (std::uint32_t part = 0; part < 4; ++part) {
      EXPECT_TRUE(table_.has_room(part == 0));
      EXPECT_EQ(add(piece(part * 8, 8, true, id)), kHeld);
    }
  }
  EXPECT_FALSE(table_.has_room(false));
}

TEST_F(FragmentTableTest, AgesMoveWithTheClock) {
  const std::uint32_t datagram = table_.open(piece(0, 8, true), 5 * kSecond);
  table_.shift_time(-2 * kSecond);
  EXPECT_EQ(table_.at(datagram).since, 3 * kSecond);
}

}  // namespace
}  // namespace weir::dataplane
