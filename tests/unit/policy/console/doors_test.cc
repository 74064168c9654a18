// SPDX-License-Identifier: Apache-2.0
#include "policy/console/doors.h"

#include <gtest/gtest.h>

#include <memory>

namespace weir::console {
namespace {

struct TestGuest final : Guest {
  void evict() override { evicted = true; }
  bool evicted = false;
};

std::string address_of(std::size_t number) {
  return "10.0.0." + std::to_string(number / kConnectionsPerAddressMax);
}

TEST(Doors, AnAddressHasItsShare) {
  Doors doors;
  for (std::size_t i = 0; i < kConnectionsPerAddressMax; ++i) EXPECT_TRUE(doors.enter("10.0.0.1"));
  EXPECT_FALSE(doors.enter("10.0.0.1"));
  EXPECT_TRUE(doors.enter("10.0.0.2"));
  doors.leave("10.0.0.1");
  EXPECT_TRUE(doors.enter("10.0.0.1"));
}

TEST(Doors, WhoWaitsLongestEndsForAFurtherOne) {
  Doors doors;
  std::vector<TestGuest> guests(kConnectionsMax);
  std::vector<Doors::Place> places;
  for (std::size_t i = 0; i < kConnectionsMax; ++i) {
    ASSERT_TRUE(doors.enter(address_of(i)));
    places.push_back(doors.wait(&guests[i]));
  }
  doors.wait_no_longer(places[0]);  // it asks for something
  ASSERT_TRUE(doors.enter("10.1.0.1"));
  EXPECT_FALSE(guests[0].evicted);
  EXPECT_TRUE(guests[1].evicted);
  doors.leave(address_of(1));
  EXPECT_FALSE(guests[2].evicted);
  places[0] = doors.wait(&guests[0]);
  for (std::size_t i = 2; i < kConnectionsMax; ++i) {
    ASSERT_TRUE(doors.enter("10.2.0." + std::to_string(i / kConnectionsPerAddressMax)));
    EXPECT_TRUE(guests[i].evicted);
    EXPECT_FALSE(guests[0].evicted) << "it waits anew";
    doors.leave(address_of(i));
  }
}

TEST(Doors, WhoIsServedStays) {
  Doors doors;
  for (std::size_t i = 0; i < kConnectionsMax; ++i) ASSERT_TRUE(doors.enter(address_of(i)));
  EXPECT_FALSE(doors.enter("10.1.0.1")) << "all of them are being answered";
}

}  // namespace
}  // namespace weir::console
