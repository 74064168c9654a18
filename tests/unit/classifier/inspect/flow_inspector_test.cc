// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/flow_inspector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using testing::ElementsAre;

TEST(FlowInspector, TlsNameIsFinalWithTheHello) {
  InspectedFlow flow;
  EXPECT_TRUE(flow.client(client_hello("WWW.Blocked.Example.")).facts_changed);
  EXPECT_EQ(flow.facts.host, "www.blocked.example");
  EXPECT_EQ(flow.facts.host_source, NameSource::kTlsSni);
  EXPECT_EQ(flow.facts.tls.version, 0x0304);
  EXPECT_THAT(flow.facts.tls.alpn, ElementsAre("h2", "http/1.1"));
  EXPECT_TRUE(flow.inspector.names_final());
  EXPECT_TRUE(flow.facts.names_final);
  // Until the server has it no other copy may take its place.
  EXPECT_FALSE(flow.inspector.settled());
  EXPECT_TRUE(flow.client_at(-20, "another end of hello").conflict);
  static_cast<void>(flow.inspector.on_segment(channel::Direction::kFromResponder, flow.next[1], 0x10, {},
                                              flow.facts, flow.next[0]));
  EXPECT_FALSE(flow.inspector.settled());  // the server may ask for a second hello
  flow.server(std::string("\x17\3\3\0\1x", 6));
  EXPECT_TRUE(flow.inspector.settled());
  EXPECT_EQ(flow.inspector.bytes_held(), 0U);
}

TEST(FlowInspector, TlsNameIsThereWithItsLastByte) {
  const std::string hello = client_hello("blocked.example");
  const std::size_t name_end = hello.find("blocked.example") + 15;
  InspectedFlow flow;
  flow.client(hello.substr(0, name_end - 1));
  EXPECT_EQ(flow.facts.host, "");
  EXPECT_TRUE(flow.client(hello.substr(name_end - 1, 1)).facts_changed);
  EXPECT_EQ(flow.facts.host, "blocked.example");
  EXPECT_FALSE(flow.inspector.names_final());
  flow.client(hello.substr(name_end));
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(FlowInspector, SecondPartFirstWaits) {
  const std::string hello = client_hello("blocked.example");
  InspectedFlow flow;
  flow.segment(0, 999, 0x02, "");
  const Inspected second = flow.client_at(60, hello.substr(60));
  EXPECT_FALSE(second.in_order);
  EXPECT_TRUE(second.gap);
  EXPECT_EQ(flow.facts.host, "");
  const Inspected first = flow.client_at(0, hello.substr(0, 60));
  EXPECT_TRUE(first.in_order);
  EXPECT_FALSE(first.gap);
  EXPECT_EQ(flow.facts.host, "blocked.example");
}

TEST(FlowInspector, OtherContentForSeenBytesIsAConflict) {
  const std::string decoy = client_hello("allowed.example");
  const std::string hello = client_hello("blocked.example");
  InspectedFlow flow;
  flow.client(decoy.substr(0, 60));
  flow.client(decoy.substr(60, 40));
  const Inspected other = flow.client_at(-100, "!" + hello.substr(1, 98) + "!");  // parts of two packets
  EXPECT_TRUE(other.conflict);
  EXPECT_FALSE(flow.client_at(-100, decoy.substr(0, 100)).conflict);
  flow.client(decoy.substr(100));
  EXPECT_EQ(flow.facts.host, "allowed.example");
}

TEST(FlowInspector, UrgentDataIsNotRead) {
  const std::string hello = client_hello("blocked.example");
  InspectedFlow flow;
  flow.client(hello.substr(0, 80));
  EXPECT_TRUE(flow.client_at(0, "a", 0x38).conflict);
  flow.client(hello.substr(80));
  EXPECT_EQ(flow.facts.host, "blocked.example");
}

TEST(FlowInspector, EveryRequestOfOnePacketIsJudged) {
  InspectedFlow flow(80);
  flow.client("GET / HTTP/1.1\r\nHost: one.example\r\n\r\nGET / HTTP/1.1\r\nHost: two.example\r\n\r\n");
  EXPECT_THAT(flow.hosts, ElementsAre("one.example", "two.example"));
  EXPECT_EQ(flow.facts.http.requests, 2U);
  EXPECT_FALSE(flow.inspector.names_final());
}

TEST(FlowInspector, TunnelIsInspectedAgain) {
  InspectedFlow flow(3128);
  flow.client("CONNECT proxy.example:443 HTTP/1.1\r\nHost: proxy.example:443\r\n\r\n");
  flow.server("HTTP/1.1 200 Connection established\r\n\r\n");
  EXPECT_FALSE(flow.inspector.names_final());
  flow.client(client_hello("inside.example"));
  EXPECT_THAT(flow.hosts, ElementsAre("proxy.example", "inside.example"));
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(FlowInspector, RefusedTunnelGoesOnAsHttp) {
  InspectedFlow flow(3128);
  flow.client("CONNECT a.example:443 HTTP/1.1\r\n\r\n");
  flow.server("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno");
  flow.client("CONNECT b.example:443 HTTP/1.1\r\n\r\n");
  flow.server("HTTP/1.1 200 OK\r\n\r\n");
  flow.client(client_hello("inside.example"));
  EXPECT_THAT(flow.hosts, ElementsAre("a.example", "b.example", "inside.example"));
}

TEST(FlowInspector, NeitherSideKnownIsFinalAtOnce) {
  InspectedFlow flow(4'444);
  flow.client(std::string("\x01\x02\x03\x04", 4));
  EXPECT_FALSE(flow.inspector.names_final());  // the server may yet greet like a mail server
  flow.server(std::string("\x05\x06\x07\x08", 4));
  EXPECT_TRUE(flow.inspector.names_final());
  EXPECT_LE(flow.inspector.bytes_held(), 8U);  // until each end has what the other sent
}

TEST(FlowInspector, UnclaimedBytesAreBounded) {
  InspectedFlow flow(4'444);
  for (int i = 0; i < 16; ++i) {
    EXPECT_FALSE(flow.inspector.names_final());
    flow.client(std::string(1'024, '\x01'));
  }
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(FlowInspector, LongRequestLineIsUndecidable) {
  InspectedFlow flow(80);
  EXPECT_FALSE(flow.client("GET /" + std::string(1'000, 'a')).undecidable);
  EXPECT_TRUE(flow.client(std::string(16'384, 'a')).undecidable);
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(FlowInspector, LongBeginningsAreReadToTheirEnd) {
  const std::string empty_lines(3'000, '\n');
  const std::string head = " / HTTP/1.1\r\nHost: blocked.example\r\n\r\n";
  for (const std::string& bytes : {empty_lines + "GET" + head, std::string(5'000, 'A') + head,
                                   empty_lines + std::string(5'000, 'A') + head}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1'460}, bytes.size()}) {
      SCOPED_TRACE(piece);
      InspectedFlow flow(80);
      flow.client_in_pieces(bytes, piece);
      EXPECT_THAT(flow.hosts, ElementsAre("blocked.example"));
    }
  }
}

TEST(FlowInspector, WhatIsTooFarAheadIsRepeatedByItsSender) {
  InspectedFlow flow(80);
  flow.segment(0, 999, 0x02, "");
  Inspected last;
  for (int i = 0; i <= 64 && !last.ahead; ++i) last = flow.client_at(10 + 2 * i, "x");
  EXPECT_TRUE(last.ahead);
  EXPECT_FALSE(last.undecidable);
  flow.client_at(0, "GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n");
  EXPECT_THAT(flow.hosts, ElementsAre("blocked.example"));
}

TEST(FlowInspector, WhatHasLeftAndIsTooFarAheadIsUndecidable) {
  InspectedFlow flow(80);
  flow.segment(0, 999, 0x02, "");
  Inspected last;
  for (std::uint32_t i = 0; i <= 64 && !last.undecidable; ++i) {
    last = flow.inspector.on_segment(channel::Direction::kFromInitiator, 1'010 + 2 * i, 0x10, as_bytes("x"),
                                     flow.facts, std::nullopt, false);
    EXPECT_FALSE(last.ahead);
  }
  EXPECT_TRUE(last.undecidable);
}

TEST(FlowInspector, LongBodyIsSkippedAndTheNextRequestIsJudged) {
  InspectedFlow flow(80, false, {}, 0xffffff00U);  // sequence numbers wrap within the body
  const std::string head = "POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n";
  const Inspected posted = flow.client(head + std::string(1'000, 'b'));
  EXPECT_EQ(posted.skip_bytes, 99'000U);
  EXPECT_EQ(posted.skip_from_sequence, flow.next[0]);
  flow.next[0] += 99'000;
  flow.client("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
  EXPECT_THAT(flow.hosts, ElementsAre("a.example", "b.example"));
}

TEST(FlowInspector, ServerBodiesAreSkipped) {
  InspectedFlow flow(80);
  flow.client("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(flow.server("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n").skip_bytes, 50'000U);
  flow.next[1] += 50'000;
  EXPECT_EQ(flow.server("HTTP/1.1 200 OK\r\n\r\nuntil the end").skip_bytes, 1U << 30U);
}

TEST(FlowInspector, MidstreamFindsTheNextRequest) {
  InspectedFlow flow(80, true);
  flow.client(std::string("\x01\x02 tail of some body", 20));
  flow.server("and of a reply\r\n");
  EXPECT_FALSE(flow.inspector.names_final());
  flow.client(" more\r\n");
  flow.client("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
  EXPECT_THAT(flow.hosts, ElementsAre("b.example"));
}

TEST(FlowInspector, BothEndsClosedIsFinal) {
  InspectedFlow flow(80);
  flow.client("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  flow.segment(0, flow.next[0], 0x11, "");
  EXPECT_FALSE(flow.inspector.names_final());
  flow.segment(1, flow.next[1], 0x11, "");
  EXPECT_TRUE(flow.inspector.names_final());
}

}  // namespace
}  // namespace weir::test
