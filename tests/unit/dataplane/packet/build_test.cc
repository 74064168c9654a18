// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/build.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/fields.h"
#include "tests/support/packet_builder.h"

namespace weir::dataplane {
namespace {

using test::Frame;
using test::ipv4;
using test::ipv6;
using test::PacketBuilder;

struct Built {
  Frame frame;
  PacketMeta meta;
};

struct Offender {
  explicit Offender(const PacketBuilder& builder) : frame(builder.bytes()) {
    EXPECT_EQ(parse_frame(frame, {}, meta), DropReason::kNone);
  }
  /// What was built, parsed with all checksums verified; an empty frame when nothing was.
  Built reset(ResetTarget target) const {
    Frame out(kBuiltFrameBytesMax, 0xee);
    return checked(out, build_reset(frame, meta, target, out));
  }
  Built unreachable(UnreachableReason reason) const {
    Frame out(kBuiltFrameBytesMax, 0xee);
    return checked(out, build_unreachable(frame, meta, reason, out));
  }
  static Built checked(Frame out, std::size_t size) {
    Built built;
    EXPECT_TRUE(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(size), out.end(),
                            [](std::uint8_t byte) { return byte == 0xee; }));
    out.resize(size);
    built.frame = out;
    if (size > 0) {
      EXPECT_EQ(parse_frame(out, {}, built.meta), DropReason::kNone);
    }
    return built;
  }

  Frame frame;
  PacketMeta meta;
};

Bytes macs(const Frame& frame, bool swapped) { return Bytes{frame}.subspan(swapped ? 6 : 0, 6); }

PacketBuilder data4() {
  return ipv4("10.0.0.1", "1.1.1.1")
      .tcp(40'000, 443)
      .flags("PA")
      .sequence(1'000)
      .acknowledgement(9'000)
      .payload("twelve bytes");
}
PacketBuilder data6() {
  return ipv6("fd00::1", "2001:db8::1")
      .tcp(40'000, 443)
      .flags("PA")
      .sequence(0xfffffffe)
      .acknowledgement(9'000)
      .payload("twelve bytes");
}

TEST(BuildReset, ReceiverSeesTheSendersNextByte) {
  for (const PacketBuilder& builder :
       {data4(), data4().vlan(30).vlan(40).vlan(50), data6().mpls(3), data4().ip_options(Frame(8, 1)),
        data6(), data6().extension(0).vlan(7)}) {
    const Offender offender(builder);
    const Built reset = offender.reset(ResetTarget::kReceiver);
    ASSERT_GE(reset.frame.size(), 60U);
    EXPECT_EQ(reset.meta.key, offender.meta.key);
    EXPECT_EQ(reset.meta.source_is_low, offender.meta.source_is_low);
    EXPECT_EQ(reset.meta.tcp_flags, kTcpRst | kTcpAck);
    EXPECT_EQ(reset.meta.tcp_sequence, offender.meta.tcp_sequence);
    EXPECT_EQ(reset.meta.tcp_acknowledgement, offender.meta.tcp_acknowledgement);
    EXPECT_EQ(reset.meta.payload_bytes, 0);
    EXPECT_EQ(reset.meta.l3_offset, offender.meta.l3_offset);
    EXPECT_TRUE(std::ranges::equal(Bytes{reset.frame}.first(reset.meta.l3_offset),
                                   Bytes{offender.frame}.first(reset.meta.l3_offset)))
        << "MACs and VLAN tags as they were";
  }
}

TEST(BuildReset, LengthsOfTheLinkHeadersAreThoseOfTheNewPacket) {
  for (const PacketBuilder& builder :
       {data4().pppoe(), data6().vlan(1).pppoe(), data4().snap(), data6().vlan(1).snap().padding(5)}) {
    for (const ResetTarget target : {ResetTarget::kReceiver, ResetTarget::kSender}) {
      const Offender offender(builder);
      const Built reset = offender.reset(target);
      ASSERT_GE(reset.frame.size(), 60U);
      EXPECT_EQ(reset.meta.key, offender.meta.key);
      Link link;
      EXPECT_EQ(walk_link(reset.frame, 0, link), DropReason::kNone);
      EXPECT_EQ(link.end, std::size_t{reset.meta.l3_offset} + reset.meta.l3_bytes);
    }
  }
}

TEST(BuildReset, SenderSeesTheReceiversNextByteAndAllOfItsOwnAcknowledged) {
  for (const PacketBuilder& builder : {data4(), data4().vlan(30, 0x88a8).vlan(40), data6()}) {
    const Offender offender(builder);
    const Built reset = offender.reset(ResetTarget::kSender);
    ASSERT_GE(reset.frame.size(), 60U);
    EXPECT_EQ(reset.meta.key, offender.meta.key);
    EXPECT_NE(reset.meta.source_is_low, offender.meta.source_is_low);
    EXPECT_EQ(reset.meta.tcp_flags, kTcpRst | kTcpAck);
    EXPECT_EQ(reset.meta.tcp_sequence, 9'000U);
    EXPECT_EQ(reset.meta.tcp_acknowledgement, offender.meta.tcp_sequence + 12) << "modulo 2^32";
    EXPECT_TRUE(std::ranges::equal(macs(reset.frame, false), macs(offender.frame, true)));
    EXPECT_TRUE(std::ranges::equal(macs(reset.frame, true), macs(offender.frame, false)));
    EXPECT_TRUE(std::ranges::equal(Bytes{reset.frame}.subspan(12, reset.meta.l3_offset - 12U),
                                   Bytes{offender.frame}.subspan(12, reset.meta.l3_offset - 12U)));
  }
}

TEST(BuildReset, TimeToLiveIsSixtyFour) {
  EXPECT_EQ(field_u8(Offender(data4().ttl(3)).reset(ResetTarget::kSender).frame, 14 + 8), 64);
  EXPECT_EQ(field_u8(Offender(data6().ttl(3)).reset(ResetTarget::kSender).frame, 14 + 7), 64);
}

TEST(BuildReset, SynAndFinCountAsOneByteEach) {
  const Built syn = Offender(data4().payload("").flags("S").acknowledgement(0)).reset(ResetTarget::kSender);
  EXPECT_EQ(syn.meta.tcp_sequence, 0U);
  EXPECT_EQ(syn.meta.tcp_acknowledgement, 1'001U);
  EXPECT_EQ(syn.meta.tcp_flags, kTcpRst | kTcpAck);
  const Built fin = Offender(data4().flags("FA")).reset(ResetTarget::kSender);
  EXPECT_EQ(fin.meta.tcp_acknowledgement, 1'013U);
}

TEST(BuildReset, WithoutAnAcknowledgementNoneIsInvented) {
  const Built reset =
      Offender(data4().payload("").flags("S").acknowledgement(555)).reset(ResetTarget::kReceiver);
  EXPECT_EQ(reset.meta.tcp_flags, kTcpRst);
  EXPECT_EQ(reset.meta.tcp_sequence, 1'000U);
  EXPECT_EQ(reset.meta.tcp_acknowledgement, 0U);
}

TEST(BuildReset, RefusesWhatItMust) {
  EXPECT_TRUE(Offender(data4().flags("RA")).reset(ResetTarget::kSender).frame.empty());
  EXPECT_TRUE(Offender(ipv4("1.1.1.1", "2.2.2.2").udp(1, 2)).reset(ResetTarget::kSender).frame.empty());
  EXPECT_TRUE(Offender(data4().fragment(0, true)).reset(ResetTarget::kReceiver).frame.empty());
  const Offender offender(data6().vlan(1).vlan(2));
  Frame small(22 + 40 + 20 - 1);
  EXPECT_EQ(build_reset(offender.frame, offender.meta, ResetTarget::kSender, small), 0U);
  small.resize(small.size() + 1);
  EXPECT_EQ(build_reset(offender.frame, offender.meta, ResetTarget::kSender, small), small.size());
  EXPECT_EQ(build_reset(Bytes{offender.frame}.first(50), offender.meta, ResetTarget::kSender, small), 0U)
      << "a frame that is not the one of the meta";
}

PacketBuilder datagram4(std::size_t payload) {
  return ipv4("10.0.0.1", "1.1.1.1").udp(40'000, 443).payload(Frame(payload, 0x41)).vlan(30);
}
PacketBuilder datagram6(std::size_t payload) {
  return ipv6("fd00::1", "2001:db8::1").udp(40'000, 443).payload(Frame(payload, 0x41));
}

std::uint16_t icmp_checksum_left(const Built& built, bool v6) {
  const Bytes l4 = Bytes{built.frame}.subspan(built.meta.l4_offset, 8U + built.meta.payload_bytes);
  Frame covered;
  if (v6) {
    test::put(covered, Bytes{built.frame}.subspan(built.meta.l3_offset + 8U, 32));
    test::put32(covered, l4.size());
    test::put32(covered, 58);
  }
  test::put(covered, l4);
  return test::plain_checksum(covered);
}

TEST(BuildUnreachable, QuotesTheOffenderToItsSender) {
  for (const bool v6 : {false, true}) {
    const Offender offender(v6 ? datagram6(20) : datagram4(20));
    for (const bool port : {false, true}) {
      const Built built =
          offender.unreachable(port ? UnreachableReason::kPort : UnreachableReason::kProhibited);
      ASSERT_GE(built.frame.size(), 60U);
      EXPECT_EQ(built.meta.kind, PacketKind::kIcmpError);
      EXPECT_NE(built.meta.source_is_low, offender.meta.source_is_low);
      EXPECT_TRUE(built.meta.key == offender.meta.key) << "it is about this flow";
      const int code = v6 ? (port ? 4 : 1) : (port ? 3 : 13);
      EXPECT_EQ(field_u8(built.frame, built.meta.l4_offset), v6 ? 1 : 3);
      EXPECT_EQ(field_u8(built.frame, built.meta.l4_offset + 1U), code);
      EXPECT_EQ(icmp_checksum_left(built, v6), 0);
      EXPECT_TRUE(
          std::ranges::equal(Bytes{built.frame}.subspan(built.meta.payload_offset, built.meta.payload_bytes),
                             Bytes{offender.frame}.subspan(offender.meta.l3_offset, offender.meta.l3_bytes)));
    }
  }
}

TEST(BuildUnreachable, QuotesNoMoreThanTheStandardsAllow) {
  const Built v4 = Offender(datagram4(1'400)).unreachable(UnreachableReason::kPort);
  EXPECT_EQ(v4.meta.l3_bytes, kIcmpV4BytesMax);
  EXPECT_EQ(icmp_checksum_left(v4, false), 0);
  const Built v6 = Offender(datagram6(1'400).vlan(1).vlan(2)).unreachable(UnreachableReason::kPort);
  EXPECT_EQ(v6.meta.l3_bytes, kIcmpV6BytesMax);
  EXPECT_LE(v6.frame.size(), kBuiltFrameBytesMax);
  EXPECT_EQ(icmp_checksum_left(v6, true), 0);
}

TEST(BuildUnreachable, AnswersOnlyOneHostAboutSomethingThatIsNoError) {
  const auto silent = [](const PacketBuilder& builder) {
    return Offender(builder).unreachable(UnreachableReason::kProhibited).frame.empty();
  };
  EXPECT_FALSE(silent(data4())) << "TCP may be answered this way too";
  EXPECT_FALSE(silent(ipv4("10.0.0.1", "1.1.1.1").protocol(47).payload("gre")));
  EXPECT_TRUE(silent(ipv4("10.0.0.1", "1.1.1.1").icmp(8)));
  EXPECT_TRUE(silent(ipv6("fd00::1", "fd00::2").icmp(128)));
  EXPECT_TRUE(silent(datagram4(9).fragment(0, true)));
  EXPECT_TRUE(silent(ipv4("10.0.0.1", "239.1.1.1").udp(1, 2)));
  EXPECT_TRUE(silent(ipv4("10.0.0.1", "255.255.255.255").udp(1, 2)));
  EXPECT_TRUE(silent(ipv4("0.0.0.0", "1.1.1.1").udp(1, 2)));
  EXPECT_TRUE(silent(ipv6("fd00::1", "ff02::1").udp(1, 2)));
  EXPECT_TRUE(silent(ipv6("::", "fd00::2").udp(1, 2)));
  EXPECT_TRUE(silent(datagram4(9).macs("02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff")));
  EXPECT_TRUE(silent(test::raw(0x0806).payload(Frame(64, 1))));
}

TEST(BuildUnreachable, RefusesTooLittleRoom) {
  const Offender offender(datagram4(100));
  Frame small(18 + 20 + 8 + 128 - 1);
  EXPECT_EQ(build_unreachable(offender.frame, offender.meta, UnreachableReason::kPort, small), 0U);
  small.resize(small.size() + 1);
  EXPECT_EQ(build_unreachable(offender.frame, offender.meta, UnreachableReason::kPort, small), small.size());
}

TEST(BuildReset, StandsWhereTheFlowSays) {
  const Offender offender(data4());
  Frame out(kBuiltFrameBytesMax, 0xee);
  const Built reset =
      Offender::checked(out, build_reset(offender.frame, offender.meta, ResetTarget::kSender, out, 9'999));
  EXPECT_EQ(reset.meta.tcp_sequence, 9'999U);
  EXPECT_EQ(reset.meta.tcp_acknowledgement, 1'012U);
}

TEST(BuildSegment, AnswersTheSenderWithItsTimeStamps) {
  Frame stamps{1, 1, 8, 10};
  test::put32(stamps, 0x01020304);
  test::put32(stamps, 0xa0b0c0d0);
  const std::string page(kSegmentBytesMax, 'p');
  for (const PacketBuilder& builder : {data4().tcp_options(stamps), data6().tcp_options(stamps).vlan(30)}) {
    const Offender offender(builder);
    Frame out(kBuiltFrameBytesMax, 0xee);
    const TcpSegment segment{.sequence = 9'000,
                             .acknowledgement = 1'012,
                             .window = 512,
                             .flags = kTcpPsh | kTcpAck,
                             .payload = as_bytes(page)};
    const Built built = Offender::checked(
        out, build_segment(offender.frame, offender.meta, ResetTarget::kSender, segment, out));
    EXPECT_EQ(built.meta.key, offender.meta.key);
    EXPECT_NE(built.meta.source_is_low, offender.meta.source_is_low);
    EXPECT_EQ(built.meta.tcp_sequence, 9'000U);
    EXPECT_EQ(built.meta.tcp_acknowledgement, 1'012U);
    EXPECT_EQ(built.meta.tcp_window, 512U);
    EXPECT_EQ(built.meta.payload_bytes, page.size());
    EXPECT_EQ(built.meta.payload_offset - built.meta.l4_offset, 32);
    EXPECT_EQ(field_u32(built.frame, built.meta.l4_offset + 24U), 0xa0b0c0d0U) << "its own echo";
    EXPECT_EQ(field_u32(built.frame, built.meta.l4_offset + 28U), 0x01020304U);
    EXPECT_LE(built.frame.size() - built.meta.l3_offset, 1'280U);
  }
}

TEST(BuildSegment, RefusesWhatDoesNotFit) {
  const Offender offender(data4());
  Frame out(kBuiltFrameBytesMax);
  const std::string long_page(kSegmentBytesMax + 1, 'p');
  EXPECT_EQ(build_segment(offender.frame, offender.meta, ResetTarget::kSender,
                          {.payload = as_bytes(long_page)}, out),
            0U);
  EXPECT_EQ(build_segment(offender.frame, offender.meta, ResetTarget::kSender, {}, std::span(out).first(59)),
            0U);
  EXPECT_EQ(build_datagram(offender.frame, offender.meta, as_bytes("no UDP"), out), 0U);
}

TEST(BuildDatagram, AnswersTheSender) {
  const std::string most(kBuiltDatagramBytesMax, 'd');
  for (const PacketBuilder& builder : {ipv4("10.0.0.1", "1.1.1.1").udp(5'353, 53).payload("q"),
                                       ipv6("fd00::1", "2001:db8::1").udp(5'353, 53).vlan(4)}) {
    const Offender offender(builder);
    for (const std::string_view payload :
         {std::string_view(""), std::string_view("answer"), std::string_view(most)}) {
      Frame out(kBuiltFrameBytesMax, 0xee);
      const Built built =
          Offender::checked(out, build_datagram(offender.frame, offender.meta, as_bytes(payload), out));
      EXPECT_EQ(built.meta.key, offender.meta.key);
      EXPECT_NE(built.meta.source_is_low, offender.meta.source_is_low);
      EXPECT_EQ(built.meta.payload_bytes, payload.size());
    }
    Frame out(4'096);
    EXPECT_EQ(build_datagram(offender.frame, offender.meta, as_bytes(most + "x"), out), 0U);
  }
}

}  // namespace
}  // namespace weir::dataplane
