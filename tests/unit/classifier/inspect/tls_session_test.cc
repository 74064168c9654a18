// SPDX-License-Identifier: Apache-2.0
// Both directions of real handshakes (OpenSSL 3.0 with itself over memory, one record of direction, length
// and bytes a flight), and what servers may say otherwise.
#include "classifier/inspect/tls_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using testing::ElementsAre;

struct Flight {
  std::size_t direction;
  std::string bytes;
};

std::vector<Flight> recorded(const std::string& name) {
  std::ifstream in(WEIR_SOURCE_DIR "/tests/fuzz/corpus/tls_server/" + name, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  ByteReader reader{as_bytes(bytes)};
  std::vector<Flight> out;
  while (reader.left() > 0) {
    const std::size_t direction = reader.u8();
    out.push_back({direction, std::string(as_text(reader.take(reader.u16())))});
  }
  EXPECT_TRUE(reader.ok() && !out.empty()) << name;
  return out;
}

/// The flow after these flights, each in pieces. Nothing of the server's ever waits.
InspectedFlow played(const std::vector<Flight>& flights, std::size_t piece = 1'400) {
  InspectedFlow flow;
  for (const Flight& flight : flights) {
    for (std::string_view rest = flight.bytes; !rest.empty();
         rest.remove_prefix(std::min(piece, rest.size()))) {
      const std::string_view part = rest.substr(0, piece);
      const classifier::Inspected seen = flight.direction == 0 ? flow.client(part) : flow.server(part);
      EXPECT_TRUE(seen.in_order);
      EXPECT_FALSE(seen.parser_error || seen.undecidable || seen.conflict);
    }
  }
  return flow;
}

TEST(TlsSession, Tls12ShowsItsCertificate) {
  for (const std::size_t piece : {1U, 7U, 100U, 1'400U, 10'000U}) {
    const InspectedFlow flow = played(recorded("tls12"), piece);
    const TlsFacts& tls = flow.facts.tls;
    EXPECT_THAT(flow.hosts, ElementsAre("server.example"));
    EXPECT_EQ(tls.server_version, 0x0303);
    EXPECT_EQ(tls.cipher, 0xc030);
    EXPECT_FALSE(tls.resumed);
    EXPECT_FALSE(tls.resumption_offered);
    ASSERT_NE(tls.certificate, nullptr);
    EXPECT_EQ(tls.certificate->subject, "Server.Example");
    EXPECT_THAT(tls.certificate->names, ElementsAre("server.example", "*.server.example"));
    EXPECT_TRUE(flow.inspector.names_final());
  }
}

TEST(TlsSession, ResumptionIsSeen) {
  const InspectedFlow old = played(recorded("tls12-resumed"));
  EXPECT_TRUE(old.facts.tls.resumption_offered);
  EXPECT_TRUE(old.facts.tls.resumed);
  EXPECT_EQ(old.facts.tls.certificate, nullptr);
  const InspectedFlow recent = played(recorded("tls13"));
  EXPECT_EQ(recent.facts.tls.server_version, 0x0304);
  EXPECT_EQ(recent.facts.tls.cipher, 0x1302);
  EXPECT_FALSE(recent.facts.tls.resumed);
}

TEST(TlsSession, RetryIsSeen) {
  for (const std::size_t piece : {1U, 50U, 1'400U}) {
    const InspectedFlow flow = played(recorded("tls13-retry"), piece);
    EXPECT_TRUE(flow.facts.tls.retried);
    EXPECT_EQ(flow.facts.tls.server_version, 0x0304);
    EXPECT_THAT(flow.hosts, ElementsAre("server.example"));
    EXPECT_EQ(flow.inspector.bytes_held() == 0, flow.inspector.settled());
  }
  const InspectedFlow alert = played(recorded("alert"));
  EXPECT_EQ(alert.facts.tls.server_alert, 40);  // handshake_failure
  EXPECT_EQ(alert.facts.tls.server_version, 0);
}

std::string hello_of(std::string_view name, std::string_view more = {}) {
  return in_records(
      client_hello_message(sni_extension(name) + versions_extension({0x0304}) + std::string(more)));
}
std::string in_record(std::size_t type, std::string_view body) {
  return Wire{}.u8(type).u16(0x0303).u16(body.size()).raw(body).str();
}
std::string server_hello(std::size_t cipher, std::string_view extensions, std::string_view session_id = {},
                         std::string_view random = "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr") {
  const std::string body = Wire{}
                               .u16(0x0303)
                               .raw(random)
                               .u8(session_id.size())
                               .raw(session_id)
                               .u16(cipher)
                               .u8(0)
                               .u16(extensions.size())
                               .raw(extensions)
                               .str();
  return Wire{}.u8(2).u24(body.size()).raw(body).str();
}
const std::string kTls13 = tls_extension(43, "\x03\x04");
const std::string kRetry = server_hello(0x1301, kTls13, {},
                                        "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
                                        "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c");

/// A server that asks for a second hello takes that one's name.
TEST(TlsSession, TheSecondHelloIsJudgedAsWell) {
  InspectedFlow flow;
  flow.client(hello_of("allowed.example"));
  EXPECT_TRUE(flow.inspector.names_final());
  flow.server(in_record(22, kRetry) + in_record(20, "\1"));
  EXPECT_FALSE(flow.inspector.settled());
  flow.client(in_record(20, "\1"));
  const std::string second = hello_of("blocked.example");
  flow.client(second.substr(0, 100));
  EXPECT_TRUE(flow.client(second.substr(100)).facts_changed);
  EXPECT_THAT(flow.hosts, ElementsAre("allowed.example", "blocked.example"));
  EXPECT_EQ(flow.facts.tls.sni, "blocked.example");
  flow.server(in_record(22, server_hello(0x1301, kTls13)));
  EXPECT_TRUE(flow.facts.tls.retried);
  EXPECT_EQ(flow.facts.tls.cipher, 0x1301);

  // Whether or not the retry was seen, and behind early data.
  InspectedFlow unseen;
  unseen.client(hello_of("allowed.example", tls_extension(42, "")) + in_record(23, std::string(1'000, 'e')));
  EXPECT_TRUE(unseen.facts.tls.early_data);
  unseen.client(hello_of("blocked.example"));
  EXPECT_EQ(unseen.facts.host, "blocked.example");
  InspectedFlow broken;
  broken.client(hello_of("allowed.example"));
  EXPECT_TRUE(broken.client(in_records(client_hello_message(sni_extension("a b")))).parser_error);
}

/// In one packet: the first name is judged before the second takes its place.
TEST(TlsSession, TwoHellosInOnePacket) {
  InspectedFlow flow;
  flow.client(hello_of("blocked.example") + hello_of("allowed.example") + hello_of("third.example"));
  EXPECT_THAT(flow.hosts, ElementsAre("blocked.example", "allowed.example"));
}

TEST(TlsSession, EchOfTheSecondHelloTells) {
  const auto ech = [](std::string_view key, char payload) {
    return tls_extension(0xfe0d, Wire{}
                                     .u8(0)
                                     .u16(1)
                                     .u16(1)
                                     .u8(7)
                                     .u16(key.size())
                                     .raw(key)
                                     .u16(32)
                                     .raw(std::string(32, payload))
                                     .str());
  };
  const auto kind = [&](std::string_view first, std::string_view second) {
    InspectedFlow flow;
    flow.client(hello_of("outer.example", first));
    EXPECT_EQ(flow.facts.tls.ech, first.empty() ? EchKind::kNone : EchKind::kOffered);
    flow.server(in_record(22, kRetry));
    flow.client(hello_of("outer.example", second));
    return flow.facts.tls.ech;
  };
  EXPECT_EQ(kind(ech("key", 'a'), ech("key", 'a')), EchKind::kGrease);
  EXPECT_EQ(kind(ech("key", 'a'), ech("", 'b')), EchKind::kUsed);
  EXPECT_EQ(kind(ech("key", 'a'), ech("other", 'b')), EchKind::kOffered);
  EXPECT_EQ(kind(ech("key", 'a'), ""), EchKind::kOffered);
  EXPECT_EQ(kind("", ""), EchKind::kNone);
}

/// What the flow is worth after a hello and these words of the server.
InspectedFlow answered(std::string_view server, std::string_view more = {}) {
  InspectedFlow flow;
  flow.client(hello_of("a.example", more));
  EXPECT_TRUE(flow.server(server).in_order);
  static_cast<void>(flow.inspector.on_segment(channel::Direction::kFromResponder, flow.next[1], 0x10, {},
                                              flow.facts, flow.next[0]));
  return flow;
}

TEST(TlsSession, WhatEndsIt) {
  EXPECT_TRUE(answered(in_record(22, server_hello(0x1301, kTls13))).inspector.settled());
  EXPECT_FALSE(answered(in_record(22, server_hello(0xc02f, ""))).inspector.settled());
  EXPECT_TRUE(answered(in_record(22, server_hello(0xc02f, "")) + in_record(20, "\1")).inspector.settled());
  EXPECT_TRUE(
      answered(in_record(22, server_hello(0xc02f, "") + std::string("\x0e\0\0\0", 4))).inspector.settled());
  EXPECT_TRUE(answered("HTTP/1.1 400 Bad Request\r\n\r\n").inspector.settled());
  EXPECT_TRUE(answered(in_record(22, std::string("\2\0\0\3abc", 7))).inspector.settled());
  EXPECT_TRUE(answered(in_record(23, "x")).inspector.settled());
  const InspectedFlow refused = answered(in_record(21, "\2\x28"));
  EXPECT_TRUE(refused.inspector.settled());
  EXPECT_EQ(refused.facts.tls.server_alert, 40);
  const InspectedFlow warned = answered(in_record(21, "\1\x70"));
  EXPECT_FALSE(warned.inspector.settled());
  EXPECT_EQ(warned.facts.tls.server_alert, 0);
  EXPECT_EQ(answered(in_record(21, "\1\x70\2\x28")).facts.tls.server_alert, 40);  // both in one record
  const InspectedFlow psk =
      answered(in_record(22, server_hello(0x1301, kTls13 + tls_extension(41, std::string(2, '\0')))));
  EXPECT_TRUE(psk.facts.tls.resumed);
  const std::string echoed(32, 's');  // the hello's session id
  EXPECT_TRUE(answered(in_record(22, server_hello(0xc02f, "", echoed))).facts.tls.resumed);
  EXPECT_FALSE(answered(in_record(22, server_hello(0xc02f, "", "other"))).facts.tls.resumed);
  EXPECT_FALSE(answered(in_record(22, server_hello(0x1301, kTls13, echoed))).facts.tls.resumed);
}

TEST(TlsSession, Limits) {
  using classifier::kTlsServerMessageBytesMax;
  // A certificate that is too large, one in a list that is larger than it, and a stapled answer in front.
  const auto list = [](std::size_t first, std::size_t others) {
    const std::string body = Wire{}
                                 .u24(first + others + 3)
                                 .u24(first)
                                 .raw(std::string(first, 'c'))
                                 .raw(std::string(others, 'o'))
                                 .str();
    return Wire{}.u8(11).u24(body.size()).raw(body).str();
  };
  const std::string hello = server_hello(0xc02f, "");
  EXPECT_TRUE(
      answered(in_record(22, hello + list(kTlsServerMessageBytesMax, 0).substr(0, 100))).inspector.settled());
  EXPECT_FALSE(answered(in_record(22, hello + list(200, 60'000).substr(0, 100))).inspector.settled());
  EXPECT_TRUE(answered(in_record(22, hello + list(200, 60'000).substr(0, 210))).inspector.settled());
  const std::string stapled = Wire{}.u8(22).u24(3).raw("abc").str();
  EXPECT_TRUE(answered(in_record(22, hello + stapled + list(200, 0))).inspector.settled());

  InspectedFlow server;
  server.client(hello_of("a.example"));
  const std::string much = Wire{}.u8(22).u24(1'000'000).raw(std::string(16'000, 'x')).str();
  server.server(in_record(22, hello));
  server.server(in_record(22, much));
  EXPECT_FALSE(server.inspector.settled());
  for (int i = 0; i < 2; ++i) server.server(in_record(22, std::string(16'000, 'x')));
  static_cast<void>(server.inspector.on_segment(channel::Direction::kFromResponder, server.next[1], 0x10, {},
                                                server.facts, server.next[0]));
  EXPECT_TRUE(server.inspector.settled());

  InspectedFlow client;  // nobody answers
  client.client(hello_of("a.example"));
  for (std::size_t sent = 0; sent <= classifier::kTlsClientBytesMax; sent += 10'000)
    client.client(in_record(23, std::string(10'000, 'x')));
  static_cast<void>(client.inspector.on_segment(channel::Direction::kFromResponder, 9'000, 0x10, {},
                                                client.facts, client.next[0]));
  EXPECT_TRUE(client.inspector.settled());
}

/// What waits of the server's side never keeps a flow: once its receiver has what was missing, and that will
/// not come again, the first piece that has no room makes the flow final.
TEST(TlsSession, TheServersGapsEndTheReport) {
  InspectedFlow flow(443, false, {.segments_held_max = 4});
  flow.client(hello_of("a.example"));
  const auto piece = [&](std::uint32_t i) {
    return flow.segment(1, flow.next[1] + 100 + i * 10, 0x18, "abc").in_order;
  };
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_TRUE(piece(i));  // the fifth comes again
  EXPECT_FALSE(flow.inspector.settled());
  static_cast<void>(flow.inspector.on_segment(channel::Direction::kFromInitiator, flow.next[0], 0x10, {},
                                              flow.facts, flow.next[1] + 200));
  EXPECT_TRUE(piece(5));
  static_cast<void>(flow.inspector.on_segment(channel::Direction::kFromResponder, 9'000, 0x10, {}, flow.facts,
                                              flow.next[0]));
  EXPECT_TRUE(flow.inspector.settled());
}

}  // namespace
}  // namespace weir::test
