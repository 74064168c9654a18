// SPDX-License-Identifier: Apache-2.0
// Expected values: those published with the specification and with Zeek's implementation; the ones for
// messages without reply were computed from the specification's text by an independent program.
#include "classifier/publish/community_id.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

FiveTuple tuple(std::uint8_t protocol, const char* from, std::uint16_t from_port, const char* to,
                std::uint16_t to_port) {
  return {*IpAddress::parse(from), *IpAddress::parse(to), from_port, to_port, protocol};
}

TEST(CommunityId, PublishedValues) {
  EXPECT_EQ(community_id(tuple(6, "128.232.110.120", 34855, "66.35.250.204", 80)),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(community_id(tuple(6, "1.2.3.4", 1122, "5.6.7.8", 3344)), "1:wCb3OG7yAFWelaUydu0D+125CLM=");
  EXPECT_EQ(community_id(tuple(17, "1.2.3.4", 1122, "5.6.7.8", 3344)), "1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg=");
  EXPECT_EQ(community_id(tuple(17, "192.168.1.52", 54585, "8.8.8.8", 53)), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
  EXPECT_EQ(community_id(tuple(1, "192.168.0.89", 8, "192.168.0.1", 0)), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
  EXPECT_EQ(community_id(tuple(58, "fe80::200:86ff:fe05:80da", 135, "fe80::260:97ff:fe07:69ea", 0)),
            "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
}

TEST(CommunityId, BothDirectionsAreOneFlow) {
  EXPECT_EQ(community_id(tuple(6, "66.35.250.204", 80, "128.232.110.120", 34855)),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(community_id(tuple(1, "192.168.0.1", 0, "192.168.0.89", 0)), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
}

TEST(CommunityId, MessagesWithoutReplyKeepTheirDirection) {
  EXPECT_EQ(community_id(tuple(1, "192.168.0.89", 3, "192.168.0.1", 1)), "1:LXCfhMUFbYXe+CEMrQuZCbiLY3o=");
  EXPECT_EQ(community_id(tuple(1, "192.168.0.89", 11, "192.168.0.1", 0)), "1:WWhK5yv9t1/eWrodrgw+6KseRoA=");
}

TEST(CommunityId, ProtocolsWithoutPorts) {
  EXPECT_EQ(community_id(tuple(46, "10.1.24.4", 0, "10.1.12.1", 0)), "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4=");
}

}  // namespace
}  // namespace weir::classifier
