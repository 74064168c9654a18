// SPDX-License-Identifier: Apache-2.0
#include "classifier/stream/tcp_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace weir::classifier {
namespace {

/// Takes everything that is ready, as a parser does.
std::string drain(TcpStream& stream) {
  const std::string text(as_text(stream.ready()));
  stream.consume(text.size());
  return text;
}

TEST(TcpStream, InOrder) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(100, kTcpSyn, {}), Accepted::kInOrder);
  EXPECT_EQ(stream.add(101, 0, as_bytes("abc")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(104, 0, as_bytes("def")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "abcdef");
  EXPECT_EQ(stream.next_sequence(), 107U);
}

TEST(TcpStream, SynCarriesData) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(100, kTcpSyn, as_bytes("abc")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(101, 0, as_bytes("abcd")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "abcd");
}

TEST(TcpStream, LaterSynMovesTheStartUntilSomethingWasAccepted) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(100, kTcpSyn, {}), Accepted::kInOrder);
  EXPECT_EQ(stream.add(70'000'000, kTcpSyn, {}), Accepted::kInOrder);
  EXPECT_EQ(stream.add(70'000'001, 0, as_bytes("abc")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(100, kTcpSyn, {}), Accepted::kInOrder);
  EXPECT_EQ(stream.add(70'000'004, 0, as_bytes("def")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "abcdef");
}

TEST(TcpStream, MidstreamStartsWithTheFirstSegment) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(5'000, 0, as_bytes("abc")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(4'000, 0, as_bytes("older")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "abc");
}

TEST(TcpStream, SequenceNumbersWrap) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(0xfffffffeU, kTcpSyn, {}), Accepted::kInOrder);
  EXPECT_EQ(stream.add(2, 0, as_bytes("def")), Accepted::kWaiting);
  EXPECT_EQ(stream.add(0xffffffffU, 0, as_bytes("abc")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "abcdef");
  EXPECT_EQ(stream.next_sequence(), 5U);
}

TEST(TcpStream, HoleIsFilledFromBothSides) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0, as_bytes("a")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(6, 0, as_bytes("f")), Accepted::kWaiting);
  EXPECT_EQ(stream.add(4, 0, as_bytes("defg")), Accepted::kWaiting);  // around what is held
  EXPECT_TRUE(stream.gap());
  EXPECT_EQ(stream.add(1, 0, as_bytes("abcd")), Accepted::kInOrder);
  EXPECT_FALSE(stream.gap());
  EXPECT_EQ(drain(stream), "abcdefg");
}

TEST(TcpStream, DifferingCopiesAreConflicts) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0, as_bytes("abc")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(1, 0, as_bytes("abX")), Accepted::kConflict);   // assembled
  EXPECT_EQ(stream.add(3, 0, as_bytes("Xdef")), Accepted::kConflict);  // new bytes behind a wrong one
  EXPECT_EQ(stream.add(10, 0, as_bytes("jkl")), Accepted::kWaiting);
  EXPECT_EQ(stream.add(9, 0, as_bytes("iXk")), Accepted::kContradictsWaiting);
  EXPECT_EQ(drain(stream), "abc");
  EXPECT_EQ(stream.add(1, 0, as_bytes("Xbc")), Accepted::kConflict);  // consumed
  EXPECT_EQ(stream.add(1, 0, as_bytes("abc")), Accepted::kInOrder);   // an exact repeat is none
  EXPECT_EQ(stream.add(4, 0, as_bytes("defghi")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "defghijkl");
}

TEST(TcpStream, WhatWaitsGivesWayWhereItIsContradicted) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0x02, {}), Accepted::kInOrder);  // its first byte is number 2
  EXPECT_EQ(stream.add(4, 0, as_bytes("XXef")), Accepted::kWaiting);
  EXPECT_EQ(stream.add(10, 0, as_bytes("ij")), Accepted::kWaiting);
  EXPECT_EQ(stream.add(2, 0, as_bytes("abcd")), Accepted::kContradictsWaiting);
  stream.give_way(2, as_bytes("abcd"));
  EXPECT_EQ(stream.bytes_held(), 4U);
  EXPECT_EQ(stream.add(2, 0, as_bytes("abcd")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "abcdef");
  stream.give_way(9, as_bytes("hI"));  // in the middle of nothing, and one letter of what waits
  EXPECT_EQ(stream.add(8, 0, as_bytes("ghI")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "ghIj");
}

TEST(TcpStream, ADifferenceLiesInOnePieceOrNowhere) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, kTcpSyn, {}), Accepted::kInOrder);
  EXPECT_EQ(stream.add(2, 0, as_bytes("abcdef")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(8, 0, as_bytes("ghij")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "abcdefghij");
  const auto place = stream.difference(1, as_bytes("?aBcDefgh"));  // a byte left of the stream does not count
  ASSERT_TRUE(place);
  EXPECT_EQ(place->at, 2U);
  EXPECT_EQ(place->bytes, 3U);
  EXPECT_FALSE(stream.difference(2, as_bytes("abcdef")));
  EXPECT_FALSE(stream.difference(2, as_bytes("abcdeFGhij")));  // parts of two pieces
  EXPECT_EQ(stream.add(4, 0, as_bytes("cd")), Accepted::kInOrder);
  EXPECT_FALSE(stream.difference(2, as_bytes("aBcDef")));  // which came in parts as well
  EXPECT_TRUE(stream.difference(2, as_bytes("Ab")));
  stream.acknowledge(4);
  EXPECT_FALSE(stream.difference(2, as_bytes("AB")));
  EXPECT_EQ(stream.add(20, 0, as_bytes("later")), Accepted::kWaiting);
  EXPECT_FALSE(stream.difference(11, as_bytes("J12345678L")));  // contradicts what waits
}

TEST(TcpStream, AVariantIsTheSameStreamWithOtherBytes) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0, as_bytes("abcdef")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(9, 0, as_bytes("ij")), Accepted::kWaiting);
  EXPECT_EQ(drain(stream), "abcdef");
  EXPECT_TRUE(stream.whole());
  TcpStream other = stream.variant(3, as_bytes("CD"));
  EXPECT_EQ(as_text(stream.assembled(3, 2)), "cd");
  EXPECT_TRUE(stream.assembled(6, 2).empty());
  EXPECT_EQ(other.add(7, 0, as_bytes("gh")), Accepted::kInOrder);
  EXPECT_EQ(drain(other), "abCDefghij");
  EXPECT_EQ(other.add(3, 0, as_bytes("cd")), Accepted::kConflict);

  stream.seal();
  EXPECT_TRUE(stream.whole());
  EXPECT_EQ(stream.add(7, 0, as_bytes("unseen")), Accepted::kInOrder);
  EXPECT_FALSE(stream.whole());

  TcpStream skipped{{}};
  EXPECT_TRUE(skipped.whole());
  EXPECT_EQ(skipped.add(1, 0, as_bytes("head")), Accepted::kInOrder);
  EXPECT_EQ(drain(skipped), "head");
  skipped.skip(10);
  EXPECT_FALSE(skipped.whole());
}

TEST(TcpStream, EndsOfSegmentsAreRememberedUpToALimit) {
  TcpStream stream{{}};
  for (std::uint32_t i = 0; i < 6; ++i)
    EXPECT_EQ(stream.add(1 + 2 * i, 0, as_bytes("ab")), Accepted::kInOrder);
  EXPECT_TRUE(stream.difference(1, as_bytes("X")));
  for (std::uint32_t i = 6; i < kCutsMax + 1; ++i)
    EXPECT_EQ(stream.add(1 + 2 * i, 0, as_bytes("ab")), Accepted::kInOrder);
  EXPECT_FALSE(stream.difference(1, as_bytes("X")));
}

TEST(TcpStream, ConsumedBytesAreRememberedForALimitedWhile) {
  TcpStream stream{{}};
  const std::string old(3 * kHistoryBytes, 'a');
  EXPECT_EQ(stream.add(1, 0, as_bytes(old)), Accepted::kInOrder);
  stream.acknowledge(static_cast<std::uint32_t>(1 + old.size()));
  EXPECT_EQ(drain(stream), old);
  EXPECT_LE(stream.bytes_held(), 2 * kHistoryBytes);
  const auto next = static_cast<std::uint32_t>(1 + old.size());
  EXPECT_EQ(stream.add(1, 0, as_bytes("X")), Accepted::kInOrder);  // its receiver has it
  EXPECT_EQ(stream.add(next, 0, as_bytes("a")), Accepted::kInOrder);
}

TEST(TcpStream, WhatTheReceiverLacksIsRememberedHoweverOld) {
  TcpStream stream{{}};
  const std::string old(10 * kHistoryBytes, 'a');
  for (std::size_t at = 0; at < old.size(); at += 1'000) {
    const Bytes piece = as_bytes(old).subspan(at, std::min<std::size_t>(1'000, old.size() - at));
    EXPECT_EQ(stream.add(static_cast<std::uint32_t>(1 + at), 0, piece), Accepted::kInOrder);
    static_cast<void>(drain(stream));
  }
  EXPECT_EQ(stream.add(5, 0, as_bytes("X")), Accepted::kConflict);
  EXPECT_EQ(stream.add(5, 0, as_bytes("aaaa")), Accepted::kInOrder);  // a real repetition
  stream.acknowledge(10'001);
  EXPECT_EQ(stream.add(5, 0, as_bytes("X")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(10'001, 0, as_bytes("X")), Accepted::kConflict);
}

TEST(TcpStream, WhatCannotBeComparedIsAConflictUntilItIsAcknowledged) {
  TcpStream stream{{.bytes_max = 8'192}};
  const std::string piece(1'000, 'a');
  for (std::uint32_t at = 0; at < 30'000; at += 1'000) {
    EXPECT_EQ(stream.add(1 + at, 0, as_bytes(piece)), Accepted::kInOrder);
    static_cast<void>(drain(stream));
  }
  EXPECT_LE(stream.bytes_held(), 2 * (8'192 + kHistoryBytes));
  EXPECT_EQ(stream.add(1, 0, as_bytes("a")), Accepted::kConflict);
  EXPECT_EQ(stream.add(29'001, 0, as_bytes(piece)), Accepted::kInOrder);
  stream.acknowledge(30'001);
  EXPECT_EQ(stream.add(1, 0, as_bytes("X")), Accepted::kInOrder);
}

TEST(TcpStream, AHeadStaysTheFirstCopyAcrossASkip) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0, as_bytes("head")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "head");
  stream.skip(10);
  EXPECT_EQ(stream.add(1, 0, as_bytes("HEAD")), Accepted::kConflict);
  EXPECT_EQ(stream.add(3, 0, as_bytes("adBODY")), Accepted::kInOrder);
  stream.acknowledge(5);
  EXPECT_EQ(stream.add(1, 0, as_bytes("HEAD")), Accepted::kInOrder);
  EXPECT_EQ(stream.bytes_held(), 0U);
}

TEST(TcpStream, SealedItKeepsWhatTheReceiverLacks) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0, as_bytes("hello")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(9, 0, as_bytes("later")), Accepted::kWaiting);
  EXPECT_FALSE(stream.delivered());
  stream.seal();
  EXPECT_FALSE(stream.delivered());
  EXPECT_EQ(stream.add(1, 0, as_bytes("hellO")), Accepted::kConflict);
  EXPECT_EQ(stream.add(1, 0, as_bytes("hello and more")), Accepted::kInOrder);
  EXPECT_EQ(stream.bytes_held(), 5U);
  stream.acknowledge(4);
  EXPECT_FALSE(stream.delivered());
  stream.acknowledge(15);
  EXPECT_TRUE(stream.delivered());
  EXPECT_EQ(stream.bytes_held(), 0U);
}

TEST(TcpStream, WhatTheReceiverHasCannotBeReplaced) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0, as_bytes("abcdef")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "abcdef");
  stream.acknowledge(9);  // never sent
  EXPECT_EQ(stream.add(6, 0, as_bytes("X")), Accepted::kConflict);
  stream.acknowledge(4);
  EXPECT_EQ(stream.add(3, 0, as_bytes("X")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(3, 0, as_bytes("XX")), Accepted::kConflict);
  stream.acknowledge(7);
  EXPECT_EQ(stream.add(6, 0, as_bytes("X")), Accepted::kInOrder);  // a keep-alive probe
  EXPECT_EQ(stream.add(6, 0, as_bytes("Xgh")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "gh");
}

TEST(TcpStream, LimitsAreKept) {
  TcpStream stream{{.bytes_max = 100, .segments_held_max = 2}};
  EXPECT_EQ(stream.add(0, kTcpSyn, {}), Accepted::kInOrder);
  EXPECT_EQ(stream.add(50, 0, as_bytes(std::string(52, 'x'))), Accepted::kAhead);  // beyond what may be kept
  EXPECT_EQ(stream.add(10, 0, as_bytes("x")), Accepted::kWaiting);
  EXPECT_EQ(stream.add(20, 0, as_bytes("x")), Accepted::kWaiting);
  EXPECT_EQ(stream.add(30, 0, as_bytes("x")), Accepted::kAhead);  // a third piece
  EXPECT_EQ(stream.add(20, 0, as_bytes("x")), Accepted::kWaiting);
  EXPECT_EQ(stream.add(1, 0, as_bytes(std::string(98, 'x'))),
            Accepted::kInOrder);  // what fills a hole has room
  EXPECT_EQ(stream.bytes_held(), 98U);
  EXPECT_EQ(stream.add(99, 0, as_bytes("xxx")), Accepted::kLimit);  // nobody consumes
}

TEST(TcpStream, NothingIsForgottenBeforeItsReceiverHasIt) {
  TcpStream stream{{}};
  const std::string bytes(1'000, 'a');
  EXPECT_EQ(stream.add(0, kTcpSyn, {}), Accepted::kInOrder);
  stream.acknowledge(1);
  std::uint32_t at = 1;
  for (; at + 1'000 <= kUnacknowledgedBytesMax; at += 1'000) {
    ASSERT_EQ(stream.add(at, 0, as_bytes(bytes)), Accepted::kInOrder);
    ASSERT_EQ(drain(stream), bytes);
  }
  EXPECT_EQ(stream.add(at, 0, as_bytes(bytes)), Accepted::kAhead);
  EXPECT_EQ(stream.add(1, 0, as_bytes(bytes)),
            Accepted::kInOrder);  // it was lost on its way, and is repeated
  EXPECT_EQ(stream.add(1, 0, as_bytes("other")), Accepted::kConflict);
  stream.acknowledge(1'001);
  EXPECT_EQ(stream.add(at, 0, as_bytes(bytes)), Accepted::kInOrder);
  EXPECT_LE(stream.bytes_held(), 2U * kUnacknowledgedBytesMax);
  stream.keep_unacknowledged(65'536);
  EXPECT_EQ(stream.add(at + 1'000, 0, as_bytes(bytes)), Accepted::kAhead);
  stream.acknowledge(at + 1'000);
  EXPECT_EQ(stream.add(at + 1'000, 0, as_bytes(bytes)), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), bytes + bytes);
}

TEST(TcpStream, WhatNobodyWillRepeatIsNotWaitedFor) {
  TcpStream passed_by{{.bytes_max = 100, .segments_held_max = 2}};
  EXPECT_EQ(passed_by.add(0, kTcpSyn, {}), Accepted::kInOrder);
  EXPECT_EQ(passed_by.add(150, 0, as_bytes("x")), Accepted::kAhead);
  passed_by.acknowledge(151);  // its receiver has what was never shown here
  EXPECT_EQ(passed_by.add(151, 0, as_bytes("x")), Accepted::kLimit);

  TcpStream lost{{}};
  EXPECT_EQ(lost.add(0, kTcpSyn, {}), Accepted::kInOrder);
  const std::string bytes(1U << 16U, 'x');
  std::uint64_t ahead = 0;
  while (lost.add(100'000, 0, as_bytes(bytes)) == Accepted::kAhead) ahead += bytes.size();
  EXPECT_EQ(ahead, kAheadBytesMax);
}

TEST(TcpStream, SkippedBytesAreOldWhenTheyComeAllTheSame) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0, as_bytes("head")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "head");
  EXPECT_EQ(stream.add(8, 0, as_bytes("body!next")), Accepted::kWaiting);
  stream.skip(8);  // 5..12
  EXPECT_EQ(drain(stream), "next");
  EXPECT_FALSE(stream.gap());
  EXPECT_EQ(stream.add(5, 0, as_bytes("anything")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "");
  EXPECT_EQ(stream.next_sequence(), 17U);
}

TEST(TcpStream, FinDoesNotEndTheStream) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0, as_bytes("abc")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(6, kTcpFin, as_bytes("f")), Accepted::kWaiting);
  EXPECT_FALSE(stream.finished());
  EXPECT_EQ(stream.add(4, 0, as_bytes("de")), Accepted::kInOrder);
  EXPECT_TRUE(stream.finished());
  EXPECT_EQ(stream.add(7, 0, as_bytes("more")), Accepted::kInOrder);
  EXPECT_EQ(drain(stream), "abcdefmore");
}

TEST(TcpStream, ReleaseForgetsEverything) {
  TcpStream stream{{}};
  EXPECT_EQ(stream.add(1, 0, as_bytes("abc")), Accepted::kInOrder);
  EXPECT_EQ(stream.add(9, 0, as_bytes("abc")), Accepted::kWaiting);
  stream.release();
  EXPECT_EQ(stream.bytes_held(), 0U);
}

/// Cuts a text at random, repeats and reorders the pieces: what comes out is the text.
TEST(TcpStreamProperty, AnySegmentationGivesTheSameBytes) {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::size_t n) { return random() % n; };
    std::string text(1 + below(600), '\0');
    for (char& c : text) c = static_cast<char>(random());
    struct Piece {
      std::size_t from, to;
    };
    std::vector<Piece> pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t to = std::min(text.size(), at + 1 + below(40));
      pieces.push_back({at, to});
      at = to;
    }
    const std::size_t repeats = below(20);
    for (std::size_t i = 0; i < repeats; ++i) {
      const std::size_t from = below(text.size());
      pieces.push_back({from, from + 1 + below(text.size() - from)});
    }
    std::shuffle(pieces.begin(), pieces.end(), random);

    const auto isn = static_cast<std::uint32_t>(random());
    TcpStream stream{{.bytes_max = 65'536, .segments_held_max = 1'000}};
    ASSERT_EQ(stream.add(isn, kTcpSyn, {}), Accepted::kInOrder);
    std::string out;
    for (const Piece& piece : pieces) {
      const Bytes bytes = as_bytes(text).subspan(piece.from, piece.to - piece.from);
      const Accepted accepted = stream.add(isn + 1 + static_cast<std::uint32_t>(piece.from), 0, bytes);
      ASSERT_TRUE(accepted == Accepted::kInOrder || accepted == Accepted::kWaiting);
      out += drain(stream);
    }
    ASSERT_EQ(out, text);
    ASSERT_FALSE(stream.gap());
  }
}

}  // namespace
}  // namespace weir::classifier
