// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/handover_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "dataplane/worker/bell.h"

namespace weir::dataplane {
namespace {

rte_mbuf* number(std::size_t n) { return reinterpret_cast<rte_mbuf*>(n * 64); }  // never followed

TEST(HandoverRing, TakesWhatFitsAndKeepsTheOrder) {
  HandoverRing ring(8);
  std::array<rte_mbuf*, 10> in{};
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = number(i + 1);
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.push(in.data(), 10), 7);
  EXPECT_EQ(ring.push(in.data(), 1), 0);
  EXPECT_FALSE(ring.empty());
  std::array<rte_mbuf*, 10> out{};
  EXPECT_EQ(ring.peek(out.data(), 4), 4);
  ring.pop(3);  // the fourth stays
  EXPECT_EQ(ring.peek(out.data(), 10), 4);
  EXPECT_EQ(out[0], number(4));
  EXPECT_EQ(out[3], number(7));
  ring.pop(4);
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.peek(out.data(), 1), 0);
  ring.pop(0);
}

TEST(HandoverRing, CarriesEverythingFromOneThreadToAnotherAndWakesIt) {
  constexpr std::size_t kPackets = 200'000;
  HandoverRing ring(256);
  Bell bell;
  std::thread giver([&] {
    std::array<rte_mbuf*, 32> packets{};
    for (std::size_t given = 0; given < kPackets;) {
      const std::size_t count = std::min(packets.size(), kPackets - given);
      for (std::size_t i = 0; i < count; ++i) packets[i] = number(given + i + 1);
      given += ring.push(packets.data(), static_cast<std::uint16_t>(count));
      bell.ring();
      if (given % 1'000 < 32) std::this_thread::yield();
    }
  });
  std::size_t taken = 0;
  bool in_order = true;
  while (taken < kPackets) {
    std::array<rte_mbuf*, 64> packets{};
    const std::uint16_t count = ring.peek(packets.data(), 64);
    for (std::uint16_t i = 0; i < count; ++i) in_order = in_order && packets[i] == number(++taken);
    ring.pop(count);
    if (count > 0) continue;
    bell.prepare();
    if (ring.empty()) {
      bell.sleep(999'999'999);  // a lost wake-up would show as a test that takes minutes
    } else {
      bell.cancel();
    }
  }
  giver.join();
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace weir::dataplane
