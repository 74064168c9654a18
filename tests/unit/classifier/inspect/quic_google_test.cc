// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/quic_google.h"

#include <gtest/gtest.h>

#include "classifier/inspect/quic_initial.h"
#include "tests/support/quic_packets.h"

namespace weir::test {
namespace {

using classifier::Outcome;
using classifier::QuicInitial;

std::string chlo(std::string_view name, std::string_view more_tag = {}) {
  const auto little32 = [](std::size_t value) {
    return Wire{}.u8(value & 0xffU).u8(value >> 8U).u16(0).str();
  };
  std::string out = std::string("CHLO\2\0\0\0PAD\0", 12) + little32(10);
  if (!more_tag.empty()) {
    out[4] = 3;
    out += std::string(more_tag) + little32(10);
  }
  return out + std::string("SNI\0", 4) + little32(10 + name.size()) + std::string(10, '-') +
         std::string(name);
}

/// Google's versions: public header, 12 bytes of hash, then frames of which one is stream 1.
TEST(QuicGoogle, NamesOfGoogleVersions) {
  const std::string data = chlo("Gquic.Example");
  const auto length = [&](bool big) {
    return big ? Wire{}.u16(data.size()).str() : Wire{}.u8(data.size()).u8(0).str();
  };
  const std::string hash(12, 'h');
  const std::string id(8, 'i');
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"Q043", "\x09" + id + "Q043\1" + hash + "\xa0\1" + length(true) + data},
      {"Q039 behind a ping and padding", "\x19" + id + "Q039" + std::string("\0\1", 2) + hash +
                                             std::string("\7\0\xa4\1\0\0", 6) + length(true) + data},
      {"Q035", "\x0d" + id + "Q035\1" + hash + "\xa0\1" + length(false) + data},
      {"Q030", "\x0d" + id + "Q030\1" + hash + "p\xa0\1" + length(false) + data},
      {"Q046", "\xc3Q046\x50" + id + std::string("\0\0\0\1", 4) + hash + "\xa0\1" + length(true) + data},
      {"Q046 to the end", "\xc3Q046\x50" + id + std::string("\0\0\0\1", 4) + hash + "\x80\1" + data},
  };
  for (const auto& [what, bytes] : cases) {
    SCOPED_TRACE(what);
    ASSERT_TRUE(classifier::looks_like_quic_initial(as_bytes(bytes)));
    QuicInitial quic;
    FlowFacts facts;
    EXPECT_EQ(quic.datagram(as_bytes(bytes), facts), Outcome::kFinal);
    EXPECT_EQ(facts.host, "gquic.example");
    EXPECT_EQ(facts.host_source, NameSource::kQuicSni);
  }
  const QuicSealer q050 = with_id("c051303530", id_of());
  QuicInitial quic;
  FlowFacts facts;
  EXPECT_EQ(quic.datagram(as_bytes(sealed(q050, 1, "\7" + crypto_frame(0, data.substr(0, 20), 8))), facts),
            Outcome::kMore);
  EXPECT_EQ(quic.datagram(as_bytes(sealed(q050, 2, crypto_frame(20, data.substr(20), 8))), facts),
            Outcome::kFinal);
  EXPECT_EQ(facts.host, "gquic.example");
  const QuicSealer t051 = with_id("c054303531", id_of());
  QuicInitial tls;
  EXPECT_EQ(tls.datagram(as_bytes(sealed(t051, 1, crypto_frame(0, kHello, 8))), facts), Outcome::kNamed);
  EXPECT_EQ(facts.host, "quic.example");
}

TEST(QuicGoogle, BrokenChlo) {
  using classifier::Chlo;
  using classifier::read_chlo;
  EXPECT_EQ(read_chlo(as_bytes("CHLX")).state, Chlo::State::kBroken);
  EXPECT_EQ(read_chlo(as_bytes("CH")).state, Chlo::State::kMore);
  EXPECT_EQ(read_chlo(as_bytes(std::string("CHLO\x81\0\0\0", 8))).state,
            Chlo::State::kBroken);  // too many tags
  const std::string good = chlo("a.example");
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_EQ(read_chlo(as_bytes(good.substr(0, cut))).state, Chlo::State::kMore) << cut;
  EXPECT_EQ(read_chlo(as_bytes(good)).server_name, "a.example");
  std::string backwards = good;
  backwards[20] = 5;
  EXPECT_EQ(read_chlo(as_bytes(backwards)).state, Chlo::State::kBroken);
  std::string twice = chlo("a.example", std::string("SNI\0", 4));
  twice[20] = 12;  // the first SNI has two bytes
  EXPECT_EQ(read_chlo(as_bytes(twice)).state, Chlo::State::kBroken);
  QuicInitial nul;
  FlowFacts facts;
  const std::string bad = "\xc3Q046\x50" + std::string(8, 'i') + std::string("\0\0\0\1", 4) +
                          std::string(12, 'h') + "\x80\1" + chlo(std::string("a\0b", 3));
  EXPECT_EQ(nul.datagram(as_bytes(bad), facts), Outcome::kError);
}

}  // namespace
}  // namespace weir::test
