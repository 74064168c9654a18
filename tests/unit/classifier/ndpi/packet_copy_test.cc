// SPDX-License-Identifier: Apache-2.0
#include "classifier/ndpi/packet_copy.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::classifier {
namespace {

std::vector<std::uint8_t> ipv4(std::size_t bytes) {
  std::vector<std::uint8_t> packet(bytes, 0xaa);
  packet[0] = 0x45;
  return packet;
}

TEST(PacketCopy, CutsToTheLimitAndMakesTheHeaderSaySo) {
  for (const bool guard : {false, true}) {
    auto copy = PacketCopy::create(100, guard);
    ASSERT_TRUE(copy);
    const auto held = copy->hold(ipv4(300));
    ASSERT_EQ(held.size(), 100U);
    EXPECT_EQ(held[2] << 8 | held[3], 100);
  }
}

TEST(PacketCopy, Ipv6LengthLeavesOutTheHeader) {
  auto copy = PacketCopy::create(100, false);
  std::vector<std::uint8_t> packet(300, 0xaa);
  packet[0] = 0x60;
  const auto held = copy->hold(packet);
  ASSERT_EQ(held.size(), 100U);
  EXPECT_EQ(held[4] << 8 | held[5], 60);
}

TEST(PacketCopy, RefusesWhatIsNoIpHeader) {
  auto copy = PacketCopy::create(100, false);
  EXPECT_TRUE(copy->hold({}).empty());
  EXPECT_TRUE(copy->hold(std::vector<std::uint8_t>(19, 0x45)).empty());
  EXPECT_TRUE(copy->hold(std::vector<std::uint8_t>(39, 0x60)).empty());
  EXPECT_TRUE(copy->hold(std::vector<std::uint8_t>(60, 0x70)).empty());
  std::vector<std::uint8_t> header_past_end(30, 0);
  header_past_end[0] = 0x4f;  // 60 bytes of header in 30
  EXPECT_TRUE(copy->hold(header_past_end).empty());
  std::vector<std::uint8_t> header_too_short(30, 0);
  header_too_short[0] = 0x44;
  EXPECT_TRUE(copy->hold(header_too_short).empty());
}

TEST(PacketCopy, LeavesNothingOfTheLastPacketBehindTheCopy) {
  auto copy = PacketCopy::create(100, false);
  static_cast<void>(copy->hold(ipv4(100)));
  const auto held = copy->hold(ipv4(40));
  for (std::size_t i = 40; i < 100; ++i) EXPECT_EQ(held.data()[i], 0) << i;
}

TEST(PacketCopyDeathTest, GuardPageStopsAReadPastTheEnd) {
  auto copy = PacketCopy::create(100, true);
  const auto held = copy->hold(ipv4(60));
  const volatile std::uint8_t* data = held.data();
  EXPECT_DEATH(static_cast<void>(data[60]), "");
}

std::vector<std::uint8_t> dtls_record(std::uint8_t type, std::uint8_t first, std::size_t bytes) {
  std::vector<std::uint8_t> record{
      type, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(bytes)};
  record.resize(13 + bytes, 0);
  if (bytes > 0) record[13] = first;
  return record;
}

std::vector<std::uint8_t> operator+(std::vector<std::uint8_t> left, const std::vector<std::uint8_t>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TEST(DtlsCertificate, CutsBeforeTheRecord) {
  const auto hello = dtls_record(0x16, 0x02, 40);
  const auto certificate = dtls_record(0x16, 0x0b, 90);
  EXPECT_EQ(dtls_bytes_before_certificate(hello), hello.size());
  EXPECT_EQ(dtls_bytes_before_certificate(certificate), 0U);
  EXPECT_EQ(dtls_bytes_before_certificate(hello + certificate), hello.size());
  EXPECT_EQ(dtls_bytes_before_certificate(hello + hello + certificate + hello), 2 * hello.size());
}

TEST(DtlsCertificate, LeavesOtherDatagramsAlone) {
  EXPECT_EQ(dtls_bytes_before_certificate({}), 0U);
  EXPECT_EQ(dtls_bytes_before_certificate(dtls_record(0x17, 0x0b, 20)), 33U);  // application data
  std::vector<std::uint8_t> cut = dtls_record(0x16, 0x0b, 20);
  cut.resize(15);  // the record says more than there is: still a Certificate
  EXPECT_EQ(dtls_bytes_before_certificate(cut), 0U);
  cut.resize(8);
  EXPECT_EQ(dtls_bytes_before_certificate(cut), 8U);
}

TEST(SynOf, IsTheFirstPacketOfItsConnection) {
  const std::vector<std::uint8_t> v4{0x45, 0,    0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10,   0, 0, 1, 192, 0, 2, 1,
                                     0x9c, 0x40, 0, 22, 0, 0, 0, 0, 0,  0, 0, 0, 0x50, 2, 0, 0, 0,   0, 0, 0};
  EXPECT_EQ(syn_of({*IpAddress::parse("10.0.0.1"), *IpAddress::parse("192.0.2.1"), 40'000, 22, kProtocolTcp}),
            v4);
  const auto v6 =
      syn_of({*IpAddress::parse("2001:db8::2"), *IpAddress::parse("2001:db8::1"), 40'000, 22, kProtocolTcp});
  ASSERT_EQ(v6.size(), 60U);
  EXPECT_EQ(v6[0], 0x60);
  EXPECT_EQ(v6[5], 20);  // payload length
  EXPECT_EQ(v6[6], kProtocolTcp);
  EXPECT_EQ(v6[23], 2);  // the initiator's last byte
  EXPECT_EQ(v6[39], 1);
  EXPECT_EQ(v6[43], 22);
}

}  // namespace
}  // namespace weir::classifier
