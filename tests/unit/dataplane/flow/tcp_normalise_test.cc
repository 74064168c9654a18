// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/tcp_normalise.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace weir::dataplane {
namespace {

using channel::Direction;
using test::Frame;

constexpr std::uint32_t kIsn = 1'000;
constexpr std::uint32_t kServerIsn = 5'000;

Frame stamps(std::uint32_t value, std::uint8_t scale = 0xff) {
  Frame options = {8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  for (std::size_t i = 0; i < 4; ++i) options[2 + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  if (scale != 0xff) options.insert(options.end(), {3, 3, scale, 1});
  return options;
}
Frame window_scale(std::uint8_t scale) { return {3, 3, scale, 1}; }
const Frame kMd5 = {19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};

/// A connection, segment by segment.
class TcpNormalise : public ::testing::Test {
 protected:
  test::PacketBuilder client(std::string_view flags, std::uint32_t sequence, std::string_view payload = "",
                             std::uint32_t acknowledgement = kServerIsn + 1) {
    return test::ipv4("10.0.0.1", "198.51.100.7")
        .tcp(40'000, 443)
        .flags(flags)
        .sequence(sequence)
        .acknowledgement(acknowledgement)
        .window(1'000)
        .payload(payload);
  }
  test::PacketBuilder server(std::string_view flags, std::uint32_t sequence, std::string_view payload = "",
                             std::uint32_t acknowledgement = kIsn + 1) {
    return test::ipv4("198.51.100.7", "10.0.0.1")
        .tcp(443, 40'000)
        .flags(flags)
        .sequence(sequence)
        .acknowledgement(acknowledgement)
        .window(1'000)
        .payload(payload);
  }
  SegmentJudgement judge(const test::PacketBuilder& packet, bool noted = true) {
    const Frame frame = packet.bytes();
    PacketMeta meta;
    EXPECT_EQ(parse_frame(frame, {}, meta), DropReason::kNone);
    const Direction direction =
        field_u16(frame, meta.l4_offset) == 40'000 ? Direction::kFromInitiator : Direction::kFromResponder;
    return judge_segment(view_, frame, meta, direction, noted);
  }
  void takes(const test::PacketBuilder& packet) { EXPECT_EQ(judge(packet).use, SegmentUse::kTake); }
  void passes_by(const test::PacketBuilder& packet) { EXPECT_EQ(judge(packet).use, SegmentUse::kPassBy); }
  void drops(const test::PacketBuilder& packet, DropReason reason) {
    const SegmentJudgement judgement = judge(packet);
    EXPECT_EQ(judgement.use, SegmentUse::kDrop);
    EXPECT_EQ(judgement.reason, reason);
  }
  void handshake(const Frame& options = {}) {
    takes(client("S", kIsn).tcp_options(options));
    takes(server("SA", kServerIsn).tcp_options(options));
    takes(client("A", kIsn + 1));
  }

  TcpView view_{};
};

TEST_F(TcpNormalise, WhereAnAnswerIsOwedNoDataGoBeforeIt) {
  owe_answer(view_);
  takes(client("S", kIsn));
  drops(client("PA", kIsn + 1, "middle of another stream"), DropReason::kTcpHandshake);
  drops(client("FA", kIsn + 1), DropReason::kTcpHandshake);
  takes(client("A", kIsn + 1));
  takes(server("SA", kServerIsn));
  takes(client("PA", kIsn + 1, "question"));
}

TEST_F(TcpNormalise, AConnectionFromItsSynToItsEnd) {
  handshake();
  EXPECT_TRUE(both_seen(view_));
  takes(client("PA", 1'001, "question"));
  takes(client("PA", 1'001, "question"));  // not acknowledged yet: it may have been lost
  takes(server("PA", 5'001, "answer", 1'009));
  takes(client("A", 1'009, "", 5'007));
  passes_by(client("PA", 1'001, "question", 5'007));  // its receiver has it
  takes(client("PA", 1'005, "tionmore", 5'007));      // partly new
  takes(client("FA", 1'013, "", 5'007));
  takes(server("FA", 5'007, "", 1'014));
  takes(client("A", 1'014, "", 5'008));
}

TEST_F(TcpNormalise, DataNeedAck) {
  const auto lacks = [](const test::PacketBuilder& packet) {
    PacketMeta meta;
    EXPECT_EQ(parse_frame(packet.bytes(), {}, meta), DropReason::kNone);
    return lacks_ack(meta);
  };
  EXPECT_TRUE(lacks(client("P", 1'001, "x")));
  EXPECT_TRUE(lacks(client("F", 1'001)));
  EXPECT_FALSE(lacks(client("PA", 1'001, "x")));
  EXPECT_FALSE(lacks(client("S", 1'001)));
  EXPECT_FALSE(lacks(client("R", 1'001)));
}

TEST_F(TcpNormalise, AcknowledgementsOfWhatWasNeverSent) {
  handshake();
  drops(client("PA", 1'001, "fake", 5'001 + 66'000), DropReason::kTcpAcknowledgement);
  takes(server("PA", 5'001, std::string(100, 'x')));
  takes(client("A", 1'001, "", 5'101));
  drops(client("A", 1'001, "", 5'102), DropReason::kTcpAcknowledgement);
  takes(client("PA", 1'001, "late", 5'001));                                           // crossed the answer
  drops(client("PA", 1'001, "fake", 5'101 - 1'001), DropReason::kTcpAcknowledgement);  // a window ago
  passes_by(client("A", 1'001, "", 5'101 - 1'001));
}

TEST_F(TcpNormalise, OutsideOfTheWindow) {
  handshake();
  takes(client("PA", 2'001, "at the edge"));
  drops(client("PA", 2'002, "beyond"), DropReason::kTcpWindow);
  drops(client("PA", 991, std::string(20, 'x')), DropReason::kTcpWindow);  // from before the stream into it
  passes_by(client("A", 1'000));                                           // a keep-alive
  passes_by(client("PA", 900, "old"));
  passes_by(client("FA", 900));
}

TEST_F(TcpNormalise, TheWindowsScaleIsThatOfTheHandshake) {
  handshake(window_scale(7));
  takes(server("A", 5'001));
  takes(client("PA", 1'001 + 1'000 * 128, "x"));
  drops(client("PA", 1'002 + 1'000 * 128, "x"), DropReason::kTcpWindow);
}

TEST_F(TcpNormalise, AScaleThatOneEndOffersCountsForNeither) {
  takes(client("S", kIsn).tcp_options(window_scale(7)));
  takes(server("SA", kServerIsn));
  takes(client("A", 1'001));
  drops(server("A", 5'001 + 1'001, "x"), DropReason::kTcpWindow);
}

TEST_F(TcpNormalise, WhatWasNeverSentIsNotThereThoughItWasAcknowledged) {
  takes(client("PA", 1'001, "question"));
  takes(server("A", 5'001, "", 1'100));  // midstream: perhaps of bytes that went by unseen
  takes(client("PA", 1'009, "more"));    // judged all the same
  takes(server("A", 5'001, "", 1'013));
  passes_by(client("PA", 1'009, "more"));
}

TEST_F(TcpNormalise, OnlyTheOtherSideHasWhatCameInHere) {
  constexpr unsigned kInside = 0;
  constexpr unsigned kOutside = 1;
  EXPECT_TRUE(may_acknowledge(view_, Direction::kFromResponder, kInside)) << "nothing is known";
  note_side(view_, Direction::kFromInitiator, kInside);
  EXPECT_FALSE(may_acknowledge(view_, Direction::kFromResponder, kInside));
  EXPECT_TRUE(may_acknowledge(view_, Direction::kFromResponder, kOutside));
  takes(client("S", kIsn));  // a SYN begins the view anew, but not this
  EXPECT_FALSE(may_acknowledge(view_, Direction::kFromResponder, kInside));
  note_side(view_, Direction::kFromInitiator, kOutside);  // a copy on its way back: both ends are inside
  EXPECT_TRUE(may_acknowledge(view_, Direction::kFromResponder, kInside));
}

TEST_F(TcpNormalise, MidstreamIsLenient) {
  takes(client("PA", 1'001, "somewhere", 777));
  takes(server("PA", 900'000, "else", 1'010));
  takes(client("PA", 1'010 + (1'000U << kWindowScaleMax), "far", 900'004));
  takes(client("PA", 1'010, "acknowledges more than was seen", 1'900'000));
  passes_by(client("PA", 1'001, "again", 900'004));
}

TEST_F(TcpNormalise, SequenceNumbersWrap) {
  takes(client("S", 0xffffff00U));
  takes(server("SA", 0xfffffff0U, "", 0xffffff01U));
  takes(client("A", 0xffffff01U, std::string(300, 'x'), 0xfffffff1U));
  takes(server("PA", 0xfffffff1U, std::string(100, 'y'), 0x2dU));
  passes_by(client("PA", 0xffffff01U, "x", 0x55U));
  drops(client("PA", 0x2dU + 1'001, "x", 0x55U), DropReason::kTcpWindow);
  drops(client("PA", 0x2dU, "x", 0x56U), DropReason::kTcpAcknowledgement);
}

TEST_F(TcpNormalise, SignedSegmentsOfAnUnsignedConnection) {
  handshake();
  drops(client("PA", 1'001, "fake").tcp_options(kMd5), DropReason::kTcpSignature);
  drops(client("PA", 1'001, "fake").tcp_options({29, 4, 1, 1}), DropReason::kTcpSignature);
  drops(server("PA", 5'001, "fake").tcp_options(kMd5), DropReason::kTcpSignature);
}

TEST_F(TcpNormalise, ASignedConnectionStaysSigned) {
  takes(client("S", kIsn).tcp_options(kMd5));
  takes(server("SA", kServerIsn).tcp_options(kMd5));
  takes(client("A", 1'001, "real").tcp_options(kMd5));
  drops(client("PA", 1'005, "fake"), DropReason::kTcpSignature);
}

TEST_F(TcpNormalise, ASynAloneDoesNotMakeItSigned) {
  takes(client("S", kIsn).tcp_options(kMd5));  // no answer
  takes(client("S", kIsn));
  takes(server("SA", kServerIsn));
  drops(client("PA", 1'001, "fake").tcp_options(kMd5), DropReason::kTcpSignature);
}

TEST_F(TcpNormalise, OldTimeStamps) {
  takes(client("S", kIsn).tcp_options(stamps(100)));
  takes(server("SA", kServerIsn).tcp_options(stamps(7'000)));
  takes(client("A", 1'001).tcp_options(stamps(110)));
  drops(client("PA", 1'001, "fake").tcp_options(stamps(50)), DropReason::kTcpTimeStamp);
  passes_by(client("A", 1'001).tcp_options(stamps(50)));
  takes(client("PA", 1'001, "real").tcp_options(stamps(109)));  // a tick back: receivers take it
  takes(client("PA", 1'008, "later").tcp_options(stamps(140)));
  takes(client("PA", 1'005, "mid").tcp_options(stamps(120)));  // overtaken, not old
  takes(client("PA", 1'013, "none"));                          // receivers take it
  EXPECT_EQ(judge(client("R", 1'017).tcp_options(stamps(1))).use, SegmentUse::kTake) << "RFC 7323 5.2";
}

TEST_F(TcpNormalise, TimeStampsThatOneEndAloneHasSayNothing) {
  takes(client("S", kIsn).tcp_options(stamps(100)));
  takes(server("SA", kServerIsn));
  takes(client("PA", 1'001, "x").tcp_options(stamps(5)));
}

TEST_F(TcpNormalise, PacketsThatDieOnTheirWay) {
  takes(client("S", kIsn).ttl(4));  // must not set the measure for what follows
  takes(client("S", kIsn).ttl(64));
  takes(server("SA", kServerIsn).ttl(255));
  drops(client("PA", 1'001, "fake").ttl(60), DropReason::kHopLimit);
  passes_by(client("A", 1'001).ttl(60));
  passes_by(client("R", 1'001).ttl(60));
  takes(client("PA", 1'001, "real").ttl(61));
  takes(server("PA", 5'001, "from behind a proxy").ttl(50));
}

TEST_F(TcpNormalise, HandshakesOtherThanTheOneBegun) {
  takes(client("S", kIsn));
  drops(server("S", 7'000), DropReason::kTcpHandshake);  // split
  drops(server("SA", kServerIsn, "", 4'711), DropReason::kTcpAcknowledgement);
  drops(client("SA", kIsn), DropReason::kTcpHandshake);
  takes(server("SA", kServerIsn));
  takes(server("SA", kServerIsn));                                 // repeated
  drops(server("SA", kServerIsn + 9), DropReason::kTcpHandshake);  // another first number
  passes_by(client("S", 70'000));  // its receiver asks; what it says is not believed
  takes(client("PA", 1'001, "goes on"));
}

TEST_F(TcpNormalise, AnUnansweredSynMayBeReplaced) {
  takes(client("S", kIsn));
  takes(client("S", 70'000));
  drops(server("SA", kServerIsn), DropReason::kTcpAcknowledgement);  // of the first one
  takes(server("SA", kServerIsn, "", 70'001));
  takes(client("PA", 70'001, "x"));
}

TEST_F(TcpNormalise, OnlyTheExactNumberResets) {
  handshake();
  takes(client("PA", 1'001, "question"));
  passes_by(client("R", 1'050));
  drops(client("R", 900), DropReason::kTcpWindow);
  drops(client("R", 9'000), DropReason::kTcpWindow);
  takes(client("R", 1'001));
  takes(client("R", 1'009));
}

TEST_F(TcpNormalise, ARefusedSynNamesIt) {
  takes(client("S", kIsn));
  drops(server("R", 0), DropReason::kTcpAcknowledgement);
  drops(server("RA", 0, "", 4'711), DropReason::kTcpAcknowledgement);
  takes(server("RA", 0));
}

TEST_F(TcpNormalise, WhatComesInOnTheWrongSideSaysNothing) {
  takes(client("S", kIsn));
  EXPECT_EQ(judge(server("SA", 9'999), false).use, SegmentUse::kTake);
  takes(server("SA", kServerIsn));
  takes(client("PA", 1'001, "question"));
  EXPECT_EQ(judge(server("A", 5'001, "", 1'009), false).use, SegmentUse::kTake);
  takes(client("PA", 1'001, "question"));
}

}  // namespace
}  // namespace weir::dataplane
