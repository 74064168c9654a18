// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/steering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/support/packet_builder.h"

namespace weir::dataplane {
namespace {

using test::Frame;
using test::ipv4;
using test::ipv6;

constexpr std::uint8_t kInside = 0;
constexpr std::uint8_t kOutside = 1;
constexpr std::uint32_t kWorkers = 7;

/// Toeplitz as NICs are specified, bit by bit, over `input` with the key that ports are given.
std::uint32_t nic_hash(const Frame& input) {
  std::uint32_t sum = 0;
  for (std::size_t bit = 0; bit < input.size() * 8; ++bit) {
    if ((input[bit / 8] >> (7 - bit % 8) & 1U) == 0) continue;
    std::uint32_t window = 0;
    for (std::size_t i = 0; i < 32; ++i) {
      const auto key = static_cast<std::uint32_t>(kSteeringKey);
      window = window << 1U | (key >> (15 - (bit + i) % 16) & 1U);
    }
    sum ^= window;
  }
  return sum;
}

class SteeringBothWays : public testing::TestWithParam<int> {
 protected:
  /// The same link layer for both directions.
  static Frame link(test::PacketBuilder packet) {
    switch (GetParam()) {
      case 1:
        return packet.vlan(30).bytes();
      case 2:
        return packet.vlan(200, 0x88a8).vlan(30).bytes();
      default:
        return packet.bytes();
    }
  }
};

TEST_P(SteeringBothWays, TheFlowsOfAnInsideHostMeetAtOneWorker) {
  const Steering steering(kWorkers);
  std::set<std::uint32_t> used;
  for (int host = 1; host < 200; ++host) {
    const std::string v4 = "10.20." + std::to_string(host % 3) + "." + std::to_string(host);
    const std::string v6 = "fd00:20::" + std::to_string(host);
    const std::uint32_t of_v4 = steering.worker_of(link(ipv4(v4, "198.51.100.7").tcp(40'000, 80)), kInside);
    const std::uint32_t of_v6 = steering.worker_of(link(ipv6(v6, "2001:db8::7").udp(40'000, 53)), kInside);
    used.insert({of_v4, of_v6});
    for (int server = 1; server < 4; ++server) {
      const std::string server_v4 = "203.0.113." + std::to_string(server);
      const std::string server_v6 = "2001:db8:1::" + std::to_string(server);
      EXPECT_EQ(steering.worker_of(link(ipv4(v4, server_v4).udp(5'000, 443)), kInside), of_v4);
      EXPECT_EQ(steering.worker_of(link(ipv4(server_v4, v4).udp(443, 5'000)), kOutside), of_v4);
      EXPECT_EQ(steering.worker_of(link(ipv4(server_v4, v4).icmp(3, 1)), kOutside), of_v4);
      EXPECT_EQ(steering.worker_of(link(ipv6(v6, server_v6).tcp(5'000, 443)), kInside), of_v6);
      EXPECT_EQ(steering.worker_of(link(ipv6(server_v6, v6).tcp(443, 5'000)), kOutside), of_v6);
    }
  }
  EXPECT_EQ(used.size(), kWorkers) << "a worker is left without hosts";
}
INSTANTIATE_TEST_SUITE_P(Links, SteeringBothWays, testing::Values(0, 1, 2));

TEST(Steering, FragmentsAndTunnelsFollowTheirOuterAddress) {
  const Steering steering(kWorkers);
  const std::uint32_t worker =
      steering.worker_of(ipv4("10.0.0.9", "1.1.1.1").udp(4'000, 53).bytes(), kInside);
  EXPECT_EQ(steering.worker_of(ipv4("10.0.0.9", "1.1.1.1").udp(4'000, 53).fragment(0, true).bytes(), kInside),
            worker);
  EXPECT_EQ(
      steering.worker_of(ipv4("10.0.0.9", "1.1.1.1").protocol(17).fragment(1'480, false).bytes(), kInside),
      worker);
  EXPECT_EQ(steering.worker_of(ipv4("1.1.1.1", "10.0.0.9").protocol(47).payload("gre").bytes(), kOutside),
            worker);
  const std::uint32_t six =
      steering.worker_of(ipv6("fd00::9", "2001:db8::1").udp(4'000, 53).bytes(), kInside);
  EXPECT_EQ(
      steering.worker_of(ipv6("2001:db8::1", "fd00::9").udp(53, 4'000).fragment(0, true).bytes(), kOutside),
      six);
}

TEST(Steering, AnInsideRoutersErrorGoesToTheHostItIsAbout) {
  const Steering steering(kWorkers);
  const auto text = [](const Frame& frame) {
    return std::string(frame.begin() + 14, frame.end());  // from the IP header on
  };
  for (int host = 1; host < 30; ++host) {
    const std::string v4 = "10.0.7." + std::to_string(host);
    const Frame to_host = ipv4("1.1.1.1", v4).udp(53, 4'000).bytes();
    const Frame error = ipv4("10.0.0.1", "1.1.1.1").icmp(3, 1).payload(text(to_host)).bytes();
    EXPECT_EQ(steering.worker_of(error, kInside), steering.worker_of(to_host, kOutside));
    const std::string v6 = "fd00::" + std::to_string(host);
    const Frame to_host6 = ipv6("2001:db8::1", v6).udp(53, 4'000).bytes();
    const Frame error6 = ipv6("fd00::1", "2001:db8::1").icmp(1, 3).payload(text(to_host6)).bytes();
    EXPECT_EQ(steering.worker_of(error6, kInside), steering.worker_of(to_host6, kOutside));
  }
  // Not an error, or one that is cut: the sender's.
  const std::uint32_t router = steering.worker_of(ipv4("10.0.0.1", "1.1.1.1").tcp(1, 2).bytes(), kInside);
  EXPECT_EQ(steering.worker_of(ipv4("10.0.0.1", "1.1.1.1").icmp(8).payload("ping").bytes(), kInside), router);
  EXPECT_EQ(steering.worker_of(ipv4("10.0.0.1", "1.1.1.1").icmp(3).payload("cut").bytes(), kInside), router);
}

TEST(Steering, WhatHasNoInsideAddressGoesToOneWorkerOfThePair) {
  const Steering steering(2);
  for (const Frame& frame :
       {Frame{}, Frame(9, 0xff), test::raw(0x0806).payload("who has").bytes(), test::raw(0x88cc).bytes()}) {
    EXPECT_EQ(steering.worker_of(frame, 0), 0U);
    EXPECT_EQ(steering.worker_of(frame, 1), 0U);
    EXPECT_EQ(steering.worker_of(frame, 2), 1U);
    EXPECT_EQ(steering.worker_of(frame, 3), 1U);
  }
  const Frame whole = ipv6("fd00::1", "2001:db8::1").vlan(7).udp(1, 2).bytes();
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_LT(steering.worker_of(Frame(whole.begin(), whole.begin() + static_cast<long>(cut)), kInside), 2U);
  }
}

TEST(Steering, ThePortsHashSendsAHostToTheSameWorker) {
  for (int host = 0; host < 300; ++host) {
    const Frame v4 = {10, 20, static_cast<std::uint8_t>(host / 7), static_cast<std::uint8_t>(host)};
    Frame v6(16, 0x20);
    v6[1] = static_cast<std::uint8_t>(host);
    v6[14] = static_cast<std::uint8_t>(host * 3);
    for (const Frame& address : {v4, v6}) {
      // NICs leave the other address out, or put zeros in its place.
      Frame as_source = address;
      as_source.resize(2 * address.size());
      Frame as_destination(address.size());
      as_destination.insert(as_destination.end(), address.begin(), address.end());
      const std::uint32_t bucket = steering_bucket(address);
      EXPECT_EQ(nic_hash(address) % kSteeringBuckets, bucket);
      EXPECT_EQ(nic_hash(as_source) % kSteeringBuckets, bucket);
      EXPECT_EQ(nic_hash(as_destination) % kSteeringBuckets, bucket);
    }
  }
}

TEST(Steering, EveryBucketHasAnOwnerAndLoadsAreAlike) {
  for (const std::uint32_t workers : {1U, 2U, 3U, 64U}) {
    const Steering steering(workers);
    std::vector<int> owned(workers);
    for (std::uint32_t bucket = 0; bucket < kSteeringBuckets; ++bucket) ++owned.at(steering.owner(bucket));
    EXPECT_LE(*std::max_element(owned.begin(), owned.end()) - *std::min_element(owned.begin(), owned.end()),
              1);
  }
}

}  // namespace
}  // namespace weir::dataplane
