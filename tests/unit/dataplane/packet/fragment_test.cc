// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/fragment.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace weir::dataplane {
namespace {

using test::Frame;
using test::ipv4;
using test::ipv6;
using test::PacketBuilder;

Fragment read(const Frame& frame, std::uint8_t port = 0) {
  PacketMeta meta;
  EXPECT_EQ(parse_frame(frame, {}, meta), DropReason::kNone);
  EXPECT_EQ(meta.kind, PacketKind::kFragment);
  return read_fragment(frame, meta, port, 1);
}

/// The pieces put together again are the frame that was never in pieces.
void expect_joined(const PacketBuilder& whole, const PacketBuilder& piece, std::size_t size) {
  std::vector<std::uint8_t> joined;
  Frame first_frame;
  for (std::size_t at = 0; at < whole.segment_bytes(); at += size) {
    const Frame frame = PacketBuilder(piece).piece(at, size).bytes();
    if (at == 0) first_frame = frame;
    const Fragment fragment = read(frame);
    EXPECT_EQ(fragment.offset, at);
    EXPECT_EQ(fragment.more, at + size < whole.segment_bytes());
    joined.insert(joined.end(), fragment.payload.begin(), fragment.payload.end());
  }
  const Fragment first = read(first_frame);
  Frame built(first.head_bytes);
  built.resize(write_whole_head(first, joined.size(), built));
  built.insert(built.end(), joined.begin(), joined.end());
  EXPECT_EQ(built, whole.bytes());
}

TEST(Fragment, TheWholeFrameComesBack) {
  const auto v4 = ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(std::string(100, 'x')).identification(77);
  expect_joined(v4, v4, 8);
  expect_joined(v4, v4, 64);
  const auto tagged = PacketBuilder(v4).vlan(7).vlan(8).ip_options({7, 3, 4, 0});
  expect_joined(tagged, tagged, 40);
  const auto labelled = PacketBuilder(v4).mpls(2);
  expect_joined(labelled, labelled, 40);
  const auto dialled = PacketBuilder(v4).pppoe();
  expect_joined(dialled, dialled, 40);
  expect_joined(v4, PacketBuilder(v4).snap(), 40);  // the whole may be too long for 802.3
  const auto v6 = ipv6("fd00::1", "fd00::2").tcp(1, 2).payload(std::string(100, 'x'));
  expect_joined(v6, v6, 16);
}

TEST(Fragment, TheIpv6HeaderThatNamedTheFragmentHeaderIsMended) {
  for (const std::uint8_t last : std::initializer_list<std::uint8_t>{0, 43, 60, 51}) {
    const auto v6 = ipv6("fd00::1", "fd00::2").udp(1, 2).payload(std::string(30, 'x'));
    const auto led = PacketBuilder(v6).extension(0, 8).extension(60, 24).extension(last, 16);
    expect_joined(led, led, 16);
  }
}

TEST(Fragment, ItsDatagramIsKnownByAddressesIdentificationProtocolVlanAndPort) {
  const auto base = ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("some payload").identification(5);
  const auto key = [](const PacketBuilder& packet, std::uint8_t port = 0) {
    const Frame frame = PacketBuilder(packet).piece(0, 8).bytes();
    return read(frame, port).datagram;
  };
  const Frame rest = PacketBuilder(base).piece(8, 100).bytes();
  EXPECT_EQ(read(rest).datagram, key(base));
  EXPECT_EQ(read(rest).hash, hash_of(key(base), 1));
  EXPECT_NE(key(base), key(PacketBuilder(base).identification(6)));
  EXPECT_NE(key(base), key(PacketBuilder(base).vlan(3)));
  EXPECT_NE(key(base), key(PacketBuilder(base).tcp(1, 2)));
  EXPECT_NE(key(base), key(PacketBuilder(base).addresses("10.0.0.2", "10.0.0.1", false)));
  EXPECT_NE(key(base), key(base, 1));
  const auto v6 = ipv6("fd00::1", "fd00::2").udp(1, 2).payload("some payload").identification(5);
  EXPECT_EQ(key(v6).high_port, 5);
  EXPECT_NE(key(v6), key(PacketBuilder(v6).identification(6)));
}

}  // namespace
}  // namespace weir::dataplane
