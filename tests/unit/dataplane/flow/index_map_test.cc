// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/index_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace weir::dataplane {
namespace {

TEST(IndexMap, AgreesWithAMapWhateverIsDone) {
  constexpr unsigned kSeed = 7;
  std::mt19937 random{kSeed};
  IndexMap<std::uint32_t, SlotHash> map(64);
  std::map<std::uint32_t, std::uint32_t> plain;
  for (std::uint32_t step = 0; step < 50'000; ++step) {
    const std::uint32_t key = random() % 128;
    if (plain.contains(key)) {
      EXPECT_EQ(map.find(key), plain[key]);
      map.erase(key);
      plain.erase(key);
    } else {
      ASSERT_EQ(map.find(key), kNoIndex);
      ASSERT_EQ(map.insert(key, step), plain.size() < 64);
      if (plain.size() < 64) plain[key] = step;
    }
    ASSERT_EQ(map.count(), plain.size());
  }
  for (std::uint32_t key = 0; key < 128; ++key) {
    EXPECT_EQ(map.find(key), plain.contains(key) ? plain[key] : kNoIndex);
  }
}

struct SameHash {
  std::uint32_t operator()(std::uint32_t /*key*/) const noexcept { return 5; }
};

TEST(IndexMap, KeysOfOneHashAllHaveTheirPlace) {
  IndexMap<std::uint32_t, SameHash> map(8);
  for (std::uint32_t key = 0; key < 8; ++key) ASSERT_TRUE(map.insert(key, key + 100));
  EXPECT_FALSE(map.insert(8, 108)) << "full";
  map.erase(3);
  map.erase(3);
  EXPECT_EQ(map.find(3), kNoIndex);
  for (std::uint32_t key : {0U, 1U, 2U, 4U, 5U, 6U, 7U}) EXPECT_EQ(map.find(key), key + 100);
  EXPECT_TRUE(map.insert(8, 108));
}

}  // namespace
}  // namespace weir::dataplane
