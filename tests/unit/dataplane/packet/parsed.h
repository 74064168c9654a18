// SPDX-License-Identifier: Apache-2.0
// Packets of both versions that the parser's tests begin with, and what it says of one that is good.
#pragma once

#include <gtest/gtest.h>

#include "dataplane/packet/packet_meta.h"
#include "tests/support/packet_builder.h"

namespace weir::dataplane {

inline constexpr ParseOptions kOptions{.hash_seed = 5, .pair = 1};

inline test::PacketBuilder tcp4() { return test::ipv4("10.0.0.1", "1.1.1.1").tcp(40'000, 443); }
inline test::PacketBuilder udp4() {
  return test::ipv4("10.0.0.1", "1.1.1.1").udp(5'353, 53).payload("query");
}
inline test::PacketBuilder tcp6() { return test::ipv6("fd00::1", "2001:db8::1").tcp(40'000, 443); }
inline test::PacketBuilder udp6() {
  return test::ipv6("fd00::1", "2001:db8::1").udp(5'353, 53).payload("query");
}

inline PacketMeta parsed(const test::PacketBuilder& packet) {
  PacketMeta meta;
  EXPECT_EQ(parse_frame(packet.bytes(), kOptions, meta), DropReason::kNone);
  return meta;
}

}  // namespace weir::dataplane
