// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dtls_flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::DtlsFlow;
using classifier::Inspected;
using classifier::Outcome;

/// The body of a hello: like that of TLS, with a cookie behind the session id.
std::string hello_body(std::string_view name, std::string_view cookie = {}) {
  const std::string extensions = sni_extension(name) + alpn_extension({"webrtc"});
  return Wire{}
      .u16(0xfefd)
      .raw(std::string(32, 'r'))
      .u8(0)
      .u8(cookie.size())
      .raw(cookie)
      .u16(4)
      .raw("\xc0\x2f\xc0\x30")
      .u8(1)
      .u8(0)
      .u16(extensions.size())
      .raw(extensions)
      .str();
}
std::string record(std::size_t type, std::string_view body, std::size_t epoch = 0) {
  return Wire{}.u8(type).u16(0xfefd).u16(epoch).raw(std::string(6, '\0')).u16(body.size()).raw(body).str();
}
std::string fragment(std::string_view body, std::size_t from, std::size_t to, std::size_t message = 0,
                     std::size_t type = 1) {
  const std::string_view part = body.substr(from, to - from);
  return Wire{}.u8(type).u24(body.size()).u16(message).u24(from).u24(part.size()).raw(part).str();
}
std::string whole(std::string_view body, std::size_t message = 0, std::size_t type = 1) {
  return record(22, fragment(body, 0, body.size(), message, type));
}

TEST(DtlsFlow, NameAndFingerprint) {
  DtlsFlow flow;
  FlowFacts facts;
  const std::string bytes = whole(hello_body("Dtls.Example"));
  EXPECT_TRUE(classifier::looks_like_dtls_hello(as_bytes(bytes)));
  EXPECT_EQ(flow.datagram(as_bytes(bytes), facts), Outcome::kNamed);
  EXPECT_EQ(facts.host, "dtls.example");
  EXPECT_EQ(facts.tls.version, 0xfefd);
  EXPECT_EQ(facts.tls.ja4.substr(0, 10), "dd2d0202wc");
  const std::string server_hello = Wire{}.u16(0xfefd).raw(std::string(32, 'r')).u8(0).u16(0xc02f).u8(0).str();
  EXPECT_EQ(flow.answer(as_bytes(whole(server_hello, 0, 2)), facts), Outcome::kFinal);
  EXPECT_EQ(facts.tls.server_version, 0xfefd);
  EXPECT_EQ(facts.tls.cipher, 0xc02f);
}

/// A server takes the name of the hello that brings the cookie.
TEST(DtlsFlow, BothHellosAreJudged) {
  InspectedFlow flow(4'433);
  const auto client = channel::Direction::kFromInitiator;
  const auto server = channel::Direction::kFromResponder;
  const auto host_after = [&](const std::string& bytes) {
    EXPECT_TRUE(flow.inspector.on_datagram(client, as_bytes(bytes), flow.facts).facts_changed);
    return flow.facts.host;
  };
  EXPECT_EQ(host_after(whole(hello_body("decoy.example"))), "decoy.example");
  EXPECT_TRUE(flow.inspector.names_final());
  const std::string cookie = whole(std::string("\xfe\xfd\4cook", 7), 0, 3);
  EXPECT_FALSE(flow.inspector.on_datagram(server, as_bytes(cookie), flow.facts).undecidable);
  EXPECT_FALSE(flow.inspector.on_datagram(server, as_bytes("STUN or media"), flow.facts).undecidable);
  EXPECT_FALSE(flow.inspector.settled());
  EXPECT_EQ(host_after(whole(hello_body("real.example", "cook"), 1)), "real.example");
  EXPECT_TRUE(flow.inspector.on_datagram(server, as_bytes(record(21, "\2\x28")), flow.facts).facts_changed);
  EXPECT_EQ(flow.facts.tls.server_alert, 40);
  EXPECT_TRUE(flow.inspector.settled());
  EXPECT_EQ(flow.inspector.bytes_held(), 0U);
}

TEST(DtlsFlow, FragmentsInAnyOrder) {
  const std::string body = hello_body("pieces.example");
  DtlsFlow flow;
  FlowFacts facts;
  EXPECT_EQ(flow.datagram(as_bytes(record(22, fragment(body, 60, body.size()))), facts), Outcome::kMore);
  EXPECT_EQ(flow.datagram(as_bytes(record(22, fragment(body, 60, body.size()))), facts), Outcome::kMore);
  EXPECT_EQ(
      flow.datagram(as_bytes(record(22, fragment(body, 0, 20)) + record(22, fragment(body, 20, 60))), facts),
      Outcome::kNamed);
  EXPECT_EQ(facts.host, "pieces.example");
  EXPECT_EQ(flow.datagram(as_bytes(whole(body)), facts), Outcome::kMore);  // sent again
}

TEST(DtlsFlow, ErrorsAndLimits) {
  const std::string body = hello_body("a.example");
  FlowFacts facts;
  const auto after = [&](const std::string& first, const std::string& second) {
    DtlsFlow flow;
    EXPECT_EQ(flow.datagram(as_bytes(first), facts), Outcome::kMore);
    return flow.datagram(as_bytes(second), facts);
  };
  const std::string part = record(22, fragment(body, 0, 50));
  std::string other = body;
  other[45] = '!';
  EXPECT_EQ(after(part, record(22, fragment(other, 40, 60))), Outcome::kError);
  EXPECT_EQ(after(part, record(22, fragment(body + "x", 50, 60))), Outcome::kError);
  EXPECT_EQ(after(part, record(22, Wire{}.u8(1).u24(5).u16(0).u24(3).u24(3).raw("abc").str())),
            Outcome::kError);
  EXPECT_EQ(after(part, record(22, Wire{}.u8(1).u24(60'000).u16(1).u24(50'000).u24(3).raw("abc").str())),
            Outcome::kLimit);
  EXPECT_EQ(after(part, "no record"), Outcome::kMore);
  EXPECT_EQ(after(part, record(22, fragment(body, 50, body.size(), 0, 16))), Outcome::kMore);
  EXPECT_EQ(after(part, record(23, "data")), Outcome::kMore);
  EXPECT_EQ(after(part, record(22, fragment(body, 50, body.size()), 1)), Outcome::kMore);  // protected
  EXPECT_EQ(after(part, whole(hello_body("a b"), 1)), Outcome::kError);

  DtlsFlow many;
  for (unsigned i = 0; i < classifier::kDtlsDatagramsMax; ++i)
    EXPECT_EQ(many.datagram(as_bytes(part), facts), Outcome::kMore);
  EXPECT_EQ(many.datagram(as_bytes(part), facts), Outcome::kLimit);
  DtlsFlow named;
  EXPECT_EQ(named.datagram(as_bytes(whole(body)), facts), Outcome::kNamed);
  for (unsigned i = 1; i < classifier::kDtlsDatagramsMax; ++i)
    EXPECT_EQ(named.datagram(as_bytes("media"), facts), Outcome::kMore);
  EXPECT_EQ(named.datagram(as_bytes("media"), facts), Outcome::kFinal);
  DtlsFlow unread;  // the server goes on with a hello that was not understood
  EXPECT_EQ(unread.datagram(as_bytes(part), facts), Outcome::kMore);
  EXPECT_EQ(unread.answer(as_bytes(whole("hello", 0, 2)), facts), Outcome::kLimit);
}

}  // namespace
}  // namespace weir::test
