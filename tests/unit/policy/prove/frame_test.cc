// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/frame.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace weir::prove {
namespace {

Frame frame_of(bool ipv4, std::uint8_t protocol, const std::string& payload) {
  Frame frame;
  frame.from_mac = {{2, 0, 0, 0, 0, 1}};
  frame.to_mac = {{2, 0, 0, 0, 0, 2}};
  frame.ends.initiator = IpAddress::parse(ipv4 ? "10.0.0.1" : "fd00::1").value_or(IpAddress{});
  frame.ends.responder = IpAddress::parse(ipv4 ? "192.0.2.9" : "2001:db8::9").value_or(IpAddress{});
  frame.ends.protocol = protocol;
  frame.ends.initiator_port = 40'001;
  if (protocol == kProtocolTcp || protocol == kProtocolUdp) frame.ends.responder_port = 443;
  frame.payload = payload;
  return frame;
}

/// The test builder's own sum over header and pseudo-header; 0 when the checksum within is right.
std::uint16_t rest_of_l4(const Frame& frame, Bytes bytes, bool ipv4) {
  const std::size_t l4 = 14U + (ipv4 ? 20U : 40U);
  test::Frame pseudo;
  const bool icmp = frame.ends.protocol == kProtocolIcmp;
  if (!icmp) {
    test::put(pseudo, bytes.subspan(ipv4 ? 26 : 22, ipv4 ? 8 : 32));
    test::put16(pseudo, 0);
    test::put16(pseudo, frame.ends.protocol);
    test::put16(pseudo, bytes.size() - l4);
  }
  test::put(pseudo, bytes.subspan(l4));
  return test::plain_checksum(pseudo);
}

class EveryFrame : public ::testing::TestWithParam<std::tuple<bool, std::uint8_t, std::size_t>> {};

TEST_P(EveryFrame, HasLengthsAndChecksumsThatAreRight) {
  const auto [ipv4, number, payload_bytes] = GetParam();
  const std::uint8_t protocol = number == kProtocolIcmp && !ipv4 ? kProtocolIcmpV6 : number;
  const Frame frame = frame_of(ipv4, protocol, std::string(payload_bytes, 'c'));
  const std::string text = frame_bytes(frame);
  const Bytes bytes = as_bytes(text);
  if (ipv4) {
    EXPECT_EQ(test::plain_checksum(bytes.subspan(14, 20)), 0);
    EXPECT_EQ(bytes[16] << 8U | bytes[17], static_cast<int>(bytes.size() - 14));
  } else {
    EXPECT_EQ(bytes[18] << 8U | bytes[19], static_cast<int>(bytes.size() - 54));
  }
  EXPECT_EQ(rest_of_l4(frame, bytes, ipv4), 0);
}

TEST_P(EveryFrame, IsReadAsItWasBuilt) {
  const auto [ipv4, number, payload_bytes] = GetParam();
  const std::uint8_t protocol = number == kProtocolIcmp && !ipv4 ? kProtocolIcmpV6 : number;
  Frame frame = frame_of(ipv4, protocol, std::string(payload_bytes, 'c'));
  frame.vlan = 30;
  if (protocol == kProtocolTcp) {
    frame.tcp_flags = kTcpSyn | kTcpAcknowledges;
    frame.sequence = 0xfeed'0001;
    frame.acknowledgement = 7;
  }
  const auto read = read_frame(frame_bytes(frame));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ends, frame.ends);
  EXPECT_EQ(read->vlan, 30);
  EXPECT_EQ(read->from_mac, frame.from_mac);
  EXPECT_EQ(read->to_mac, frame.to_mac);
  EXPECT_EQ(read->tcp_flags, frame.tcp_flags);
  EXPECT_EQ(read->sequence, frame.sequence);
  EXPECT_EQ(read->acknowledgement, frame.acknowledgement);
  EXPECT_EQ(read->payload, frame.payload);
}

INSTANTIATE_TEST_SUITE_P(All, EveryFrame,
                         ::testing::Combine(::testing::Bool(),
                                            ::testing::Values(kProtocolTcp, kProtocolUdp, kProtocolIcmp),
                                            ::testing::Values(0, 1, 2, 33, kPayloadBytesMax)));

TEST(Frame, OfAnotherBuilderIsReadWithItsOptionsAndPadding) {
  const auto bytes = test::ipv4("10.0.0.1", "10.0.0.2")
                         .tcp(7, 8)
                         .flags("PA")
                         .tcp_options({1, 1, 1, 1})
                         .ip_options({1, 1, 1, 1})
                         .payload("hello")
                         .padding(20)
                         .bytes();
  const auto read = read_frame(as_text(bytes));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->payload, "hello");
  EXPECT_EQ(read->ends.responder_port, 8);
}

TEST(Frame, CutAnywhereIsNotReadBeyondItsEnd) {
  const std::string whole = frame_bytes(frame_of(false, kProtocolTcp, "hello"));
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) EXPECT_FALSE(read_frame(whole.substr(0, bytes)));
}

TEST(Frame, UdpNeverSaysThatItHasNoChecksum) {
  // Of all values of two payload bytes one makes the sum 0.
  for (unsigned value = 0; value < 0x1'0000; ++value) {
    const std::string payload{static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
    const std::string bytes = frame_bytes(frame_of(true, kProtocolUdp, payload));
    ASSERT_FALSE(bytes[40] == 0 && bytes[41] == 0) << value;
  }
}

}  // namespace
}  // namespace weir::prove
