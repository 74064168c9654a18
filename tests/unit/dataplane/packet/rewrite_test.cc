// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/rewrite.h"

#include <gtest/gtest.h>

#include "dataplane/packet/tcp_options.h"
#include "tests/support/packet_builder.h"

namespace weir::dataplane {
namespace {

using test::Frame;
using test::ipv4;
using test::ipv6;
using test::PacketBuilder;

/// Parsed with every checksum verified.
PacketMeta parsed(const Frame& frame) {
  PacketMeta meta;
  EXPECT_EQ(parse_frame(frame, {}, meta), DropReason::kNone);
  return meta;
}

std::vector<PacketBuilder> segments() {
  const auto dress = [](PacketBuilder builder) {
    return builder.flags("PA").sequence(0xffff'fff0).acknowledgement(2'000).payload("an odd number");
  };
  return {dress(ipv4("10.0.0.1", "1.1.1.1").tcp(40'000, 25)),
          dress(ipv4("10.0.0.1", "1.1.1.1").vlan(30).vlan(40).ip_options(Frame(8, 1)).tcp(40'000, 25)),
          dress(ipv6("fd00::1", "2001:db8::1").tcp(40'000, 25)),
          dress(ipv6("fd00::1", "2001:db8::1").extension(0).tcp(40'000, 25))};
}

TEST(SetDscp, ChangesSixBitsAndKeepsTheRest) {
  for (const PacketBuilder& builder : segments()) {
    const Frame before = builder.bytes();
    const PacketMeta meta = parsed(before);
    for (const unsigned dscp : {0U, 1U, 10U, 46U, 63U}) {
      for (const unsigned ecn : {0U, 1U, 2U, 3U}) {
        Frame frame = before;
        set_dscp(frame, meta.l3_offset, 63);
        const std::size_t at = meta.l3_offset + 1U;
        frame[at] = static_cast<std::uint8_t>(frame[at] | (meta.ipv6 ? ecn << 4U : ecn));
        // That was by hand: the checksum of the header is made right again.
        if (!meta.ipv6) {
          test::set16(frame, meta.l3_offset + 10U, 0);
          const std::size_t header = (frame[meta.l3_offset] & 15U) * 4U;
          test::set16(frame, meta.l3_offset + 10U,
                      test::plain_checksum(Bytes{frame}.subspan(meta.l3_offset, header)));
        }
        set_dscp(frame, meta.l3_offset, static_cast<std::uint8_t>(dscp));
        static_cast<void>(parsed(frame));
        const std::uint16_t first = field_u16(frame, meta.l3_offset);
        const auto octet = static_cast<std::uint8_t>(meta.ipv6 ? first >> 4U : first);
        EXPECT_EQ(octet, (dscp << 2U) | ecn);
        EXPECT_TRUE(std::equal(before.begin() + meta.l3_offset + 12, before.end(),
                               frame.begin() + meta.l3_offset + 12));
      }
    }
  }
}

TEST(SetDscp, LeavesWhatIsNoIpAlone) {
  Frame frame(40, 0x11);
  const Frame before = frame;
  set_dscp(frame, 14, 46);
  EXPECT_EQ(frame, before);
  set_dscp(frame, 30, 46);
  EXPECT_EQ(frame, before);
}

TEST(StreamEdit, InsertedBytesShiftWhatFollows) {
  const StreamEdit edit{.at = 5'000, .before = 0, .removed = 0, .inserted = 20};
  EXPECT_EQ(edit.to_receiver(4'999), 4'999U);
  EXPECT_EQ(edit.to_receiver(5'000), 5'020U);
  EXPECT_EQ(edit.to_receiver(6'000), 6'020U);
  EXPECT_EQ(edit.to_sender(4'990), 4'990U);
  EXPECT_EQ(edit.to_sender(5'000), 5'000U);
  EXPECT_EQ(edit.to_sender(5'010), 5'000U) << "half of what it never sent";
  EXPECT_EQ(edit.to_sender(5'020), 5'000U);
  EXPECT_EQ(edit.to_sender(5'021), 5'001U);
}

TEST(StreamEdit, RemovedBytesAreAcknowledgedWithTheByteBefore) {
  const StreamEdit edit{.at = 1'000, .before = 0, .removed = 30, .inserted = 0};
  EXPECT_EQ(edit.to_receiver(999), 999U);
  EXPECT_EQ(edit.to_receiver(1'030), 1'000U);
  EXPECT_EQ(edit.to_receiver(1'100), 1'070U);
  EXPECT_EQ(edit.to_sender(999), 999U);
  EXPECT_EQ(edit.to_sender(1'000), 1'030U);
  EXPECT_EQ(edit.to_sender(1'070), 1'100U);
}

TEST(StreamEdit, ForthAndBackIsTheSameEverywhere) {
  for (const std::uint32_t at : {0U, 5'000U, 0x7fff'ffffU, 0xffff'fff0U}) {
    for (const StreamEdit edit :
         {StreamEdit{.at = at, .before = 7, .removed = 0, .inserted = 50},
          StreamEdit{.at = at, .before = 0xffff'ff00U, .removed = 50, .inserted = 0}}) {
      for (std::uint32_t ahead = 0; ahead < 200; ++ahead) {
        const std::uint32_t sequence = at - 60 + ahead;
        if (sequence - at < edit.removed) continue;
        const std::uint32_t back = edit.to_sender(edit.to_receiver(sequence));
        EXPECT_EQ(back, sequence == at - 0 && edit.removed > 0 ? at + edit.removed : sequence);
      }
      StreamEdit settled = edit;
      settled.settle();
      for (const std::uint32_t far : {100U, 0x4000'0000U, 0x8000'0000U, 0xf000'0000U}) {
        EXPECT_EQ(settled.to_receiver(at + far), at + far + edit.after());
        EXPECT_EQ(settled.to_sender(at + far + edit.after()), at + far);
      }
    }
  }
}

TEST(Renumber, ChecksumsFollow) {
  const StreamEdit sent{.at = 0xffff'fff0, .before = 0, .removed = 0, .inserted = 1'234};
  const StreamEdit received{.at = 1'500, .before = 0, .removed = 0, .inserted = 77};
  for (const PacketBuilder& builder : segments()) {
    Frame frame = builder.bytes();
    const PacketMeta before = parsed(frame);
    renumber(frame, before, sent, received);
    const PacketMeta after = parsed(frame);
    EXPECT_EQ(after.tcp_sequence, 0xffff'fff0U + 1'234U);
    EXPECT_EQ(after.tcp_acknowledgement, 2'000U - 77U);
    EXPECT_EQ(after.payload_bytes, before.payload_bytes);
    renumber(frame, after, {.at = 0, .before = 0U - 1'234U}, {.at = 0, .before = 0U - 77U});
    EXPECT_EQ(frame, builder.bytes());
  }
}

TEST(Renumber, SackBlocksFollowAtEvenAndOddPlaces) {
  const StreamEdit received{.at = 1'500, .before = 0, .removed = 0, .inserted = 100};
  for (const std::size_t padding : {0U, 1U, 2U}) {
    Frame options(padding, 1);
    options.insert(options.end(), {kTcpSack, 18});
    for (const std::uint32_t edge : {1'400U, 1'450U, 1'550U, 1'900U}) test::put32(options, edge);
    options.resize(options.size() + (4 - options.size() % 4) % 4, 1);
    Frame frame =
        ipv4("10.0.0.1", "1.1.1.1").tcp(1, 2).flags("A").acknowledgement(1'300).tcp_options(options).bytes();
    PacketMeta meta = parsed(frame);
    renumber(frame, meta, {}, received);
    meta = parsed(frame);
    EXPECT_EQ(meta.tcp_acknowledgement, 1'300U);
    const Bytes sack = tcp_option(frame, meta, kTcpSack);
    ASSERT_EQ(sack.size(), 18U);
    EXPECT_EQ(field_u32(sack, 2), 1'400U);
    EXPECT_EQ(field_u32(sack, 6), 1'450U);
    EXPECT_EQ(field_u32(sack, 10), 1'500U) << "within what the other end never sent";
    EXPECT_EQ(field_u32(sack, 14), 1'800U);
  }
}

TEST(Renumber, AWrongChecksumStaysWrong) {
  Frame frame = segments()[0].bytes();
  const PacketMeta meta = parsed(frame);
  frame[meta.payload_offset] ^= 0x40;
  renumber(frame, meta, {.at = 0, .before = 99}, {});
  EXPECT_FALSE(l4_checksum_holds(frame, meta));
}

TEST(CutPayload, LengthsAndChecksumsFollow) {
  for (const PacketBuilder& builder : segments()) {
    for (std::uint16_t keep = 0; keep < 13; ++keep) {
      PacketBuilder with_fin = builder;
      Frame frame = with_fin.flags("FPA").bytes();
      const PacketMeta before = parsed(frame);
      const std::size_t left = cut_payload(frame, before, keep);
      ASSERT_LE(left, frame.size());
      EXPECT_GE(left, std::min<std::size_t>(frame.size(), 60));
      frame.resize(left);
      const PacketMeta after = parsed(frame);
      EXPECT_EQ(after.payload_bytes, keep);
      EXPECT_EQ(after.tcp_flags, kTcpPsh | kTcpAck);
      EXPECT_EQ(after.tcp_sequence, before.tcp_sequence);
    }
  }
}

TEST(TcpOption, BrokenOptionsEndTheSearch) {
  const auto found = [](Frame options) {
    const Frame frame =
        ipv4("10.0.0.1", "1.1.1.1").tcp(1, 2).flags("A").tcp_options(std::move(options)).bytes();
    return tcp_option(frame, parsed(frame), kTcpSack).size();
  };
  EXPECT_EQ(found({}), 0U);
  EXPECT_EQ(found({1, 1, kTcpSack, 2}), 2U);
  EXPECT_EQ(found({0, 1, kTcpSack, 2}), 0U) << "behind the end of the list";
  EXPECT_EQ(found({3, 0, kTcpSack, 2}), 0U) << "a length of zero";
  EXPECT_EQ(found({3, 9, kTcpSack, 2}), 0U) << "longer than the header";
}

}  // namespace
}  // namespace weir::dataplane
