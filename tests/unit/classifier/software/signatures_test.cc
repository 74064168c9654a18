// SPDX-License-Identifier: Apache-2.0
#include "classifier/software/signatures.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

SignatureMatcher matcher_of(const std::string& entries) {
  auto signatures = policy::parse_signatures("weir-signatures: 1\nsignatures: [" + entries + "]\n", "test");
  if (!signatures) ADD_FAILURE() << to_text(signatures.error().front());
  auto matcher = SignatureMatcher::create(std::move(*signatures));
  if (!matcher) ADD_FAILURE() << to_text(matcher.error());
  return std::move(*matcher);
}

FlowFacts facts_of(const std::string& responder, std::uint16_t port, std::uint8_t protocol = kProtocolTcp,
                   const std::string& host = {}) {
  FlowFacts facts;
  facts.tuple.initiator = *IpAddress::parse("10.0.0.1");
  facts.tuple.responder = *IpAddress::parse(responder);
  facts.tuple.initiator_port = 40'000;
  facts.tuple.responder_port = port;
  facts.tuple.protocol = protocol;
  facts.host = host;
  return facts;
}

TEST(Signatures, PlacesAndNamesMustAllHold) {
  const auto matcher = matcher_of(
      "{app: plc, protocol: tcp, ports: [4840, 5000-5010], addresses: [192.0.2.0/24]},"
      "{app: erp, hosts: [erp.example.com]}, {app: below, hosts: ['*.x.example']},"
      "{app: late, ports: [4840]}");
  const struct {
    FlowFacts facts;
    const char* app;
  } kCases[] = {
      {facts_of("192.0.2.1", 4'840), "custom:plc"},
      {facts_of("192.0.2.1", 5'000), "custom:plc"},
      {facts_of("192.0.2.1", 5'010), "custom:plc"},
      {facts_of("192.0.2.1", 4'999), ""},
      {facts_of("192.0.2.1", 5'011), ""},
      {facts_of("192.0.3.1", 5'000), ""},
      {facts_of("192.0.2.1", 5'000, kProtocolUdp), ""},
      {facts_of("192.0.3.1", 4'840), "custom:late"},
      {facts_of("192.0.2.1", 4'840, kProtocolIcmp), ""},
      {facts_of("192.0.2.1", 443, kProtocolTcp, "erp.example.com"), "custom:erp"},
      {facts_of("192.0.2.1", 443, kProtocolTcp, "a.erp.example.com"), "custom:erp"},
      {facts_of("192.0.2.1", 443, kProtocolTcp, "xerp.example.com"), ""},
      {facts_of("192.0.2.1", 443, kProtocolTcp, "a.x.example"), "custom:below"},
      {facts_of("192.0.2.1", 443, kProtocolTcp, "x.example"), ""},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(matcher.app_of(one.facts, nullptr), one.app)
        << one.facts.tuple.responder.to_string() << ' ' << one.facts.tuple.responder_port << one.facts.host;
  }
  EXPECT_FALSE(matcher.wants_payload());
}

TEST(Signatures, PatternsAreExactAndBeginAtTheFirstByte) {
  const auto matcher = matcher_of("{app: bin, patterns: ['\\x00\\x2aBKP*end', 'HELO']}");
  ASSERT_TRUE(matcher.wants_payload());
  const auto app = [&](std::string_view client, std::string_view server) {
    PayloadHeads heads;
    heads[0].add_datagram(bytes_of(client));
    heads[1].add_datagram(bytes_of(server));
    return std::string{matcher.app_of(facts_of("192.0.2.1", 9), &heads)};
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(app("\0*BKP1 end of it"sv, ""), "custom:bin");
  EXPECT_EQ(app("\0*BKP\n\0end"sv, ""), "custom:bin");
  EXPECT_EQ(app("", "HELO there"), "custom:bin");
  EXPECT_EQ(app("helo", "HEL"), "");
  EXPECT_EQ(app(" HELO", ""), "");
  EXPECT_EQ(app("\0xBKPend"sv, ""), "");
  EXPECT_EQ(matcher.app_of(facts_of("192.0.2.1", 9), nullptr), "");
}

TEST(Signatures, AHeadIsTheSameHoweverItIsCut) {
  const std::string text(kPayloadHeadBytes + 88, 'a');
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    PayloadHead head;
    EXPECT_FALSE(head.add_segment(999, true, {}));
    std::uint32_t sequence = 1'000;
    for (std::size_t at = 0; at < text.size(); at += cut) {
      const auto part = std::string_view{text}.substr(at, cut);
      head.add_segment(sequence, false, bytes_of(part));
      EXPECT_FALSE(head.add_segment(sequence, false, bytes_of(part))) << "sent again";
      sequence += static_cast<std::uint32_t>(part.size());
    }
    ASSERT_EQ(head.text(), std::string_view{text}.substr(0, kPayloadHeadBytes)) << cut;
  }
}

TEST(Signatures, AHeadTakesDataOfASynAndWaitsForWhatComesOutOfOrder) {
  PayloadHead fast;
  EXPECT_TRUE(fast.add_segment(0xffff'ffff, true, bytes_of("ab")));
  EXPECT_FALSE(fast.add_segment(4, false, bytes_of("ef")));
  EXPECT_TRUE(fast.add_segment(2, false, bytes_of("cd")));
  EXPECT_EQ(fast.text(), "abcd");
  PayloadHead datagrams;
  EXPECT_FALSE(datagrams.add_datagram({}));
  EXPECT_TRUE(datagrams.add_datagram(bytes_of("first")));
  EXPECT_FALSE(datagrams.add_datagram(bytes_of("second")));
  EXPECT_EQ(datagrams.text(), "first");
}

}  // namespace
}  // namespace weir::classifier
