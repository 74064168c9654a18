// SPDX-License-Identifier: Apache-2.0
// The packets are sealed here with the keys that RFC 9001 appendix A.1 and RFC 9369 appendix A.1 print for
// the connection id 0x8394c8f03e515708, so that the derivation is checked against them. The keys of the
// drafts 27 and 29 are those their appendix A.1 prints; the others were computed from their salts by another
// program (Python's hmac).
#include "classifier/inspect/quic_initial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "classifier/inspect/flow_state.h"
#include "tests/support/inspected_flow.h"
#include "tests/support/quic_packets.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using classifier::Outcome;
using classifier::QuicInitial;

TEST(QuicKeys, OfEveryVersion) {
  const std::vector<std::tuple<std::uint32_t, const char*, const char*, const char*>> cases = {
      {0xff000016, "07863d9c083786bc86766ce0d02bf93f", "fb33da41a8f297d482df670e",
       "48dbcf44e335508f7f23fb2c3790a37c"},
      {0xff00001b, "af7fd7efebd21878ff66811248983694", "8681359410a70bb9c92f0420",
       "a980b8b4fb7d9fbc13e814c23164253d"},
      {0xff00001d, "175257a31eb09dea9366d8bb79ad80ba", "6b26114b9cba2b63a9e8dd4f",
       "9ddd12c994c0698b89374a9c077a3077"},
      {0x51303530, "348cb426373281cfaec63f5b609350e7", "4b9cf5c4a378544aed414625",
       "609d47aa6b7fab4705068781528143f7"},
      {0x54303530, "80ab8e0313d2c851aaff5405824a916a", "aedd2abe20b9eff2116e4429",
       "d3a731204b1c81e9644f91bd062633a9"},
      {0x54303531, "e66b805440a16d39f1889b2726d1cc5c", "efdd37eda34f2f7080bb140c",
       "34ebf45dc367d3502a9fe09cfd3fd9f6"},
  };
  const auto text = [](auto& bytes) { return std::string(as_text(Bytes{bytes})); };
  for (const auto& [number, key, iv, header] : cases) {
    const auto* version = classifier::quic_version(number);
    ASSERT_NE(version, nullptr);
    const classifier::QuicKeys keys = classifier::quic_keys(*version, as_bytes(id_of()));
    EXPECT_EQ(text(keys.key), hex(key)) << std::hex << number;
    EXPECT_EQ(text(keys.iv), hex(iv));
    EXPECT_EQ(text(keys.header), hex(header));
  }
  const classifier::QuicKeys draft =
      classifier::quic_keys(*classifier::quic_version(0xff020000), as_bytes(id_of()));
  EXPECT_EQ(text(draft.key), hex("95df2be2e8d549c82e996fc9339f4563"));
  EXPECT_EQ(classifier::quic_version(0xff000015), nullptr);
  EXPECT_EQ(classifier::quic_version(2), nullptr);
}

TEST(QuicInitial, NameOfBothVersions) {
  for (const QuicSealer& version : {kV1, kV2}) {
    SCOPED_TRACE(version.what);
    QuicInitial quic;
    FlowFacts facts;
    EXPECT_EQ(quic.datagram(as_bytes(sealed(version, 0, crypto_frame(0, kHello))), facts), Outcome::kNamed);
    EXPECT_EQ(facts.host, "quic.example");
    EXPECT_EQ(facts.host_source, NameSource::kQuicSni);
    EXPECT_EQ(facts.tls.ja4.substr(0, 10), "q13d0203h3");
    EXPECT_THAT(facts.tls.alpn, testing::ElementsAre("h3"));
  }
}

TEST(QuicInitial, FramesInAnyOrderOverDatagrams) {
  const std::string first = crypto_frame(40, kHello.substr(40, 30)) + '\x01' +
                            crypto_frame(0, kHello.substr(0, 20)) + hex("02050002010003");
  const std::string second =
      crypto_frame(70, kHello.substr(70)) + std::string(3, '\0') + crypto_frame(20, kHello.substr(20, 25));
  QuicInitial quic;
  FlowFacts facts;
  EXPECT_EQ(quic.datagram(as_bytes(sealed(kV1, 0, first)), facts), Outcome::kMore);
  EXPECT_EQ(quic.datagram(as_bytes(sealed(kV1, 1, second)), facts), Outcome::kNamed);
  EXPECT_EQ(facts.host, "quic.example");
}

/// Post-quantum hellos fill two Initial packets, or more; the name may come with the last.
TEST(QuicInitial, LongHelloOverManyPackets) {
  const std::string hello =
      client_hello_message(tls_extension(51, std::string(6'000, 'k')) +
                           tls_extension(21, std::string(9'000, 'p')) + sni_extension("long.example"));
  QuicInitial quic;
  FlowFacts facts;
  std::uint8_t number = 0;
  for (std::size_t at = 0; at < hello.size(); at += 1'100) {
    const bool last = at + 1'100 >= hello.size();
    EXPECT_EQ(
        quic.datagram(as_bytes(sealed(kV1, number++, crypto_frame(at, hello.substr(at, 1'100)))), facts),
        last ? Outcome::kNamed : Outcome::kMore);
  }
  EXPECT_EQ(facts.host, "long.example");
}

TEST(QuicInitial, CoalescedAndBehindOtherPackets) {
  // 0-RTT first, then two Initial packets and a Handshake packet in one datagram.
  const std::string zero_rtt = hex("d000000001088394c8f03e51570800") + hex("4010") + std::string(16, 'z');
  const std::string both = zero_rtt + sealed(kV1, 0, crypto_frame(0, kHello.substr(0, 30)), 40) +
                           sealed(kV1, 1, crypto_frame(30, kHello.substr(30)), 40) + kServerHandshake;
  QuicInitial quic;
  FlowFacts facts;
  EXPECT_TRUE(classifier::looks_like_quic_initial(as_bytes(zero_rtt)));
  EXPECT_EQ(quic.datagram(as_bytes(zero_rtt), facts), Outcome::kMore);
  EXPECT_EQ(quic.datagram(as_bytes(both), facts), Outcome::kNamed);
  EXPECT_EQ(facts.host, "quic.example");
}

TEST(QuicInitial, ChangedIdsKeepTheKeysAndRetryBringsNewOnes) {
  QuicInitial changed;  // the server's id from the second packet on
  FlowFacts facts;
  EXPECT_EQ(changed.datagram(as_bytes(sealed(kV1, 0, crypto_frame(0, kHello.substr(0, 50)))), facts),
            Outcome::kMore);
  const std::string rest = sealed(kV1, 1, crypto_frame(50, kHello.substr(50)), 1'162, "server-id");
  EXPECT_EQ(changed.datagram(as_bytes(rest), facts), Outcome::kNamed);

  QuicInitial retried;
  EXPECT_EQ(retried.datagram(as_bytes(sealed(kV1, 0, crypto_frame(0, kHello.substr(0, 50)))), facts),
            Outcome::kMore);
  EXPECT_EQ(retried.answer(as_bytes(hex("f000000001000572657472796574616774616774616774"))), Outcome::kMore);
  const QuicSealer fresh = with_id("c000000001", "retry-id");
  const std::string again = sealed(fresh, 1, crypto_frame(0, kHello), 1'162, "retry-id");
  EXPECT_EQ(retried.datagram(as_bytes(again), facts), Outcome::kNamed);

  QuicInitial upgraded;  // compatible version negotiation: version 2 with the first id
  EXPECT_EQ(upgraded.datagram(as_bytes(sealed(kV1, 0, crypto_frame(0, kHello.substr(0, 50)))), facts),
            Outcome::kMore);
  const std::string second = sealed(kV2, 1, crypto_frame(50, kHello.substr(50)), 1'162, "server-id");
  EXPECT_EQ(upgraded.datagram(as_bytes(second), facts), Outcome::kNamed);
}

/// Two connections of one flow, or two hellos of one connection: both names are judged.
TEST(QuicFlow, EveryHelloIsJudged) {
  const auto client = channel::Direction::kFromInitiator;
  const auto names = [&](const std::vector<std::string>& datagrams) {
    InspectedFlow flow(443);
    std::vector<std::string> out;
    for (const std::string& bytes : datagrams) {
      for (Inspected seen = flow.inspector.on_datagram(client, as_bytes(bytes), flow.facts);;
           seen = flow.inspector.next(client, flow.facts)) {
        if (seen.facts_changed) out.push_back(flow.facts.host);
        if (!seen.more) break;
      }
    }
    return out;
  };
  const std::string decoy = sealed(kV1, 0, crypto_frame(0, quic_hello_of("decoy.example")), 300);
  const QuicSealer other = with_id("c000000001", "other-id");
  const std::string real = sealed(other, 0, crypto_frame(0, quic_hello_of("real.example")), 300, "other-id");
  EXPECT_THAT(names({decoy, real}), testing::ElementsAre("decoy.example", "real.example"));
  EXPECT_THAT(names({decoy + real}), testing::ElementsAre("decoy.example", "real.example"));
  const std::string first = quic_hello_of("first.example");
  const std::string second = sealed(kV1, 1, crypto_frame(first.size(), quic_hello_of("second.example")), 300);
  EXPECT_THAT(names({sealed(kV1, 0, crypto_frame(0, first)), second}),
              testing::ElementsAre("first.example", "second.example"));
}

/// Receivers differ in which copy they believe, and either packet may never have arrived.
TEST(QuicFlow, BothContentsOfAPlaceAreJudged) {
  const auto client = channel::Direction::kFromInitiator;
  const std::string a = quic_hello_of("decoy.example");
  const std::string b = quic_hello_of("other.example");
  const std::string c = quic_hello_of("third.example");
  const std::size_t name = a.find("decoy");
  const auto names = [&](const std::vector<std::string>& packets) {
    InspectedFlow flow(443);
    std::vector<std::string> out;
    std::uint8_t number = 0;
    for (const std::string& frames : packets) {
      const std::string bytes = sealed(kV1, number++, frames);
      for (Inspected seen = flow.inspector.on_datagram(client, as_bytes(bytes), flow.facts);;
           seen = flow.inspector.next(client, flow.facts)) {
        if (seen.parser_error) out.push_back("refused");
        if (seen.facts_changed) out.push_back(flow.facts.host);
        if (!seen.more) break;
      }
    }
    return out;
  };
  using testing::ElementsAre;
  EXPECT_THAT(names({crypto_frame(0, a) + crypto_frame(0, b)}),
              ElementsAre("decoy.example", "other.example"));
  EXPECT_THAT(names({crypto_frame(0, a), crypto_frame(0, b)}), ElementsAre("decoy.example", "other.example"));
  const std::size_t cut = name + 9;
  EXPECT_THAT(names({crypto_frame(0, a.substr(0, cut)), crypto_frame(0, b.substr(0, cut)),
                     crypto_frame(cut, a.substr(cut))}),
              ElementsAre("decoy.example", "other.example"));
  // A repetition of either says nothing new.
  EXPECT_THAT(names({crypto_frame(0, a), crypto_frame(0, b), crypto_frame(0, a), crypto_frame(0, b)}),
              ElementsAre("decoy.example", "other.example"));
  // A third content, a part of the place, and a place that came in two packets could be put together to a
  // name that nobody judged.
  EXPECT_THAT(names({crypto_frame(0, a), crypto_frame(0, b), crypto_frame(0, c)}),
              ElementsAre("decoy.example", "other.example", "refused"));
  EXPECT_THAT(names({crypto_frame(0, a), crypto_frame(0, b), crypto_frame(name + 2, a.substr(name + 2))}),
              ElementsAre("decoy.example", "other.example", "refused"));
  EXPECT_THAT(names({crypto_frame(0, a.substr(0, name + 2)), crypto_frame(name + 2, a.substr(name + 2)),
                     crypto_frame(0, b)}),
              ElementsAre("decoy.example", "refused"));
}

TEST(QuicInitial, WhatIsNoHelloIsAnError) {
  FlowFacts facts;
  QuicInitial same;
  EXPECT_EQ(same.datagram(as_bytes(sealed(kV1, 0, crypto_frame(10, "abc") + crypto_frame(11, "bcd"))), facts),
            Outcome::kMore);
  QuicInitial broken;
  EXPECT_EQ(broken.datagram(as_bytes(sealed(kV1, 0, crypto_frame(0, "\2no client hello"))), facts),
            Outcome::kError);
}

TEST(QuicInitial, Limits) {
  QuicInitial far;
  FlowFacts facts;
  EXPECT_EQ(
      far.datagram(as_bytes(sealed(kV1, 0, crypto_frame(classifier::kQuicCryptoBytesMax - 1, "ab"))), facts),
      Outcome::kLimit);
  QuicInitial many;
  const std::string ping = sealed(kV1, 0, "\x01");
  for (unsigned i = 0; i < classifier::kQuicDatagramsMax; ++i)
    EXPECT_EQ(many.datagram(as_bytes(ping), facts), Outcome::kMore);
  EXPECT_EQ(many.datagram(as_bytes(ping), facts), Outcome::kLimit);
  QuicInitial named;
  EXPECT_EQ(named.datagram(as_bytes(sealed(kV1, 0, crypto_frame(0, kHello))), facts), Outcome::kNamed);
  for (unsigned i = 1; i < classifier::kQuicDatagramsMax; ++i)
    EXPECT_EQ(named.datagram(as_bytes(ping), facts), Outcome::kMore);
  EXPECT_EQ(named.datagram(as_bytes(ping), facts), Outcome::kFinal);

  QuicInitial packets;
  std::string coalesced;
  for (std::size_t i = 0; i < classifier::kQuicPacketsPerDatagramMax; ++i)
    coalesced += sealed(kV1, 0, "\x01", 10);
  EXPECT_EQ(packets.datagram(as_bytes(coalesced), facts), Outcome::kMore);
  EXPECT_EQ(packets.datagram(as_bytes(coalesced + "x"), facts), Outcome::kLimit);

  QuicInitial connections;
  for (std::size_t i = 0; i <= classifier::kQuicConnectionsMax; ++i) {
    const std::string id = "id" + std::to_string(i);
    const Outcome outcome =
        connections.datagram(as_bytes(sealed(with_id("c000000001", id), 0, "\x01", 50, id)), facts);
    EXPECT_EQ(outcome, i < classifier::kQuicConnectionsMax ? Outcome::kMore : Outcome::kLimit);
  }
  QuicInitial derivations;
  std::string strange = sealed(kV1, 0, "\x01", 50);
  strange.back() = static_cast<char>(strange.back() ^ 1);
  std::string much;
  for (unsigned i = 0; i < classifier::kQuicDerivationsMax; ++i) much += strange;
  EXPECT_EQ(derivations.datagram(as_bytes(much), facts), Outcome::kMore);
  EXPECT_EQ(derivations.datagram(as_bytes(much + strange), facts), Outcome::kLimit);
}

TEST(QuicInitial, DamagedPacketsSayNothing) {
  const std::string good = sealed(kV1, 0, crypto_frame(0, kHello));
  for (std::size_t cut = 0; cut < 60; ++cut) {
    QuicInitial quic;
    FlowFacts facts;
    EXPECT_EQ(quic.datagram(as_bytes(good.substr(0, cut)), facts), Outcome::kMore);
  }
  std::string flipped = good;
  flipped[100] = static_cast<char>(flipped[100] ^ 1);
  QuicInitial quic;
  FlowFacts facts;
  EXPECT_EQ(quic.datagram(as_bytes(flipped), facts), Outcome::kMore);
  EXPECT_EQ(quic.datagram(as_bytes(good), facts), Outcome::kNamed);
}

TEST(QuicFlow, IsOpenUntilTheServerGoesOn) {
  InspectedFlow flow(443);
  const auto client = channel::Direction::kFromInitiator;
  const auto server = channel::Direction::kFromResponder;
  const auto answer = [&](const std::string& bytes) {
    return flow.inspector.on_datagram(server, as_bytes(bytes), flow.facts);
  };
  const std::string grease = hex("ca0a0a0a0a088394c8f03e51570800") + std::string(1'200, 'x');
  EXPECT_FALSE(flow.inspector.on_datagram(client, as_bytes(grease), flow.facts).facts_changed);
  EXPECT_FALSE(flow.inspector.names_final());
  EXPECT_FALSE(answer(hex("8000000000000000000001")).facts_changed);  // version negotiation
  const Inspected seen =
      flow.inspector.on_datagram(client, as_bytes(sealed(kV1, 0, crypto_frame(0, kHello))), flow.facts);
  EXPECT_TRUE(seen.facts_changed);
  EXPECT_EQ(flow.facts.host, "quic.example");
  EXPECT_TRUE(flow.inspector.names_final());
  EXPECT_FALSE(flow.inspector.settled());
  const std::string initial = hex("c000000001000000") + "\x40\x10" + std::string(16, 's');
  EXPECT_FALSE(answer(initial).undecidable);
  EXPECT_FALSE(flow.inspector.settled());
  EXPECT_FALSE(answer(initial + kServerHandshake).undecidable);
  EXPECT_TRUE(flow.inspector.settled());
  EXPECT_EQ(flow.inspector.bytes_held(), 0U);
}

/// The server went on with a hello that was not understood here.
TEST(QuicFlow, AHandshakeWithoutAHelloIsUndecidable) {
  const auto client = channel::Direction::kFromInitiator;
  const auto server = channel::Direction::kFromResponder;
  for (const std::string& goes_on : {kServerHandshake, std::string("\x41short header")}) {
    InspectedFlow flow(443);
    const std::string part = sealed(kV1, 0, crypto_frame(0, kHello.substr(0, 20)));
    EXPECT_FALSE(flow.inspector.on_datagram(client, as_bytes(part), flow.facts).undecidable);
    EXPECT_TRUE(flow.inspector.on_datagram(server, as_bytes(goes_on), flow.facts).undecidable);
  }
  InspectedFlow other(443);  // it only looked like QUIC
  EXPECT_FALSE(
      other.inspector.on_datagram(client, as_bytes(hex("c00000000100") + "abc"), other.facts).undecidable);
  EXPECT_FALSE(other.inspector.on_datagram(server, as_bytes("\x41hello"), other.facts).undecidable);
  EXPECT_TRUE(other.inspector.settled());
}

/// A server passes over junk in front of an Initial packet, so names are not final with it.
TEST(QuicFlow, JunkInFrontHidesNothing) {
  const auto client = channel::Direction::kFromInitiator;
  InspectedFlow flow(443);
  for (unsigned i = 1; i < classifier::kDatagramsUnclaimedMax; ++i)
    EXPECT_FALSE(flow.inspector.on_datagram(client, as_bytes("junk"), flow.facts).parser_error);
  EXPECT_FALSE(flow.inspector.names_final());
  EXPECT_TRUE(
      flow.inspector.on_datagram(client, as_bytes(sealed(kV1, 0, crypto_frame(0, kHello))), flow.facts)
          .facts_changed);
  EXPECT_EQ(flow.facts.host, "quic.example");
  InspectedFlow much(443);
  for (unsigned i = 0; i < classifier::kDatagramsUnclaimedMax; ++i)
    static_cast<void>(much.inspector.on_datagram(client, as_bytes("junk"), much.facts));
  EXPECT_TRUE(much.inspector.settled());
  InspectedFlow answered(443);
  static_cast<void>(answered.inspector.on_datagram(client, as_bytes("ping"), answered.facts));
  static_cast<void>(
      answered.inspector.on_datagram(channel::Direction::kFromResponder, as_bytes("pong"), answered.facts));
  EXPECT_TRUE(answered.inspector.settled());
}

}  // namespace
}  // namespace weir::test
