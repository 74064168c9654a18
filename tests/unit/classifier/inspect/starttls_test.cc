// SPDX-License-Identifier: Apache-2.0
// Each conversation up to TLS, whole and byte by byte: the hello behind it is judged, and nothing else is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "classifier/inspect/starttls_database.h"
#include "classifier/inspect/starttls_ldap.h"
#include "classifier/inspect/starttls_xmpp.h"
#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using classifier::Outcome;
using testing::ElementsAre;

struct Turn {
  bool server;
  std::string bytes;
};

/// The answer to the last piece.
Inspected play(InspectedFlow& flow, const std::vector<Turn>& turns, std::size_t piece) {
  Inspected last;
  for (const Turn& turn : turns) {
    for (std::string_view rest = turn.bytes; !rest.empty();
         rest.remove_prefix(std::min(piece, rest.size()))) {
      last = turn.server ? flow.server(rest.substr(0, piece)) : flow.client(rest.substr(0, piece));
    }
  }
  return last;
}

std::string ldap(std::size_t id, std::size_t operation, std::string_view content) {
  const std::string body = Wire{}.u8(2).u8(1).u8(id).u8(operation).u8(content.size()).raw(content).str();
  return Wire{}.u8(0x30).u8(body.size()).raw(body).str();
}
/// The same with every length in four bytes, as some libraries write.
std::string ldap_long(std::size_t id, std::size_t operation, std::string_view content) {
  const auto length = [](std::size_t bytes) { return Wire{}.u8(0x84).u16(0).u16(bytes).str(); };
  const std::string body =
      Wire{}.u8(2).u8(1).u8(id).u8(operation).raw(length(content.size())).raw(content).str();
  return Wire{}.u8(0x30).raw(length(body.size())).raw(body).str();
}
const std::string kName =
    "\x80\x16"
    "1.3.6.1.4.1.1466.20037";
const std::string kYes("\x0a\1\0\4\0\4\0", 7);
const std::string kNo("\x0a\1\2\4\0\4\0", 7);
const std::string kSearch = ldap(1, 0x63, std::string(100, 's'));

const std::string kStream = "<?xml version='1.0'?><stream:stream to='a>b.example' xmlns:stream=\"x\">";
const std::string kAskXmpp = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const std::string kSslRequest("\0\0\0\x08\x04\xd2\x16\x2f", 8);
const std::string kGssRequest("\0\0\0\x08\x04\xd2\x16\x30", 8);
const std::string kMysqlGreeting = std::string(
                                       "\x4a\0\0\0\x0a"
                                       "8.0.36\0",
                                       12) +
                                   std::string(66, 'g');
const std::string kMysqlSsl = std::string("\x20\0\0\1\x85\xae\xff\0", 8) + std::string(28, '\0');

std::vector<std::pair<const char*, std::vector<Turn>>> conversations() {
  return {
      {"ldap", {{false, ldap(1, 0x77, kName)}, {true, ldap(1, 0x78, kYes)}}},
      {"ldap behind a search",
       {{false, kSearch},
        {true, ldap(1, 0x65, kYes)},
        {false, ldap(2, 0x77, kName)},
        {true, ldap(2, 0x78, kYes + std::string("\x8a\3abc", 5))}}},
      {"ldap with long lengths", {{false, ldap_long(7, 0x77, kName)}, {true, ldap_long(7, 0x78, kYes)}}},
      {"xmpp",
       {{false, kStream},
        {true, kStream + "<stream:features><starttls/></stream:features>"},
        {false, kAskXmpp},
        {true, "<proceed xmlns='x'/>"}}},
      {"xmpp with closing tags",
       {{false, kStream},
        {true, kStream},
        {false, "<tls:starttls></tls:starttls>\n"},
        {true, "<proceed></proceed>"}}},
      {"postgres", {{false, kSslRequest}, {true, "S"}}},
      {"postgres after gss", {{false, kGssRequest}, {true, "N"}, {false, kSslRequest}, {true, "S"}}},
      {"mysql", {{true, kMysqlGreeting}, {false, kMysqlSsl}}},
  };
}

TEST(StartTls, TheHelloBehindIsJudged) {
  for (const auto& [what, turns] : conversations()) {
    // A server's greeting does not come in single bytes; its first two tell that it is one.
    for (const std::size_t piece : {turns[0].server ? 2U : 1U, 5U, 10'000U}) {
      SCOPED_TRACE(std::string(what) + "/" + std::to_string(piece));
      InspectedFlow flow(9'999);
      std::vector<Turn> all = turns;
      all.push_back({false, client_hello("inside.example")});
      const Inspected last = play(flow, all, piece);
      EXPECT_FALSE(last.parser_error || last.undecidable);
      EXPECT_THAT(flow.hosts, ElementsAre("inside.example"));
      EXPECT_EQ(flow.facts.host_source, NameSource::kTlsSni);
      EXPECT_FALSE(flow.facts.tls.ja4.empty());
    }
  }
}

/// After a yes nothing but TLS may follow, and before it nothing at all: a server that buffers it is fooled.
TEST(StartTls, WhatMayNotFollow) {
  for (const auto& [what, turns] : conversations()) {
    SCOPED_TRACE(what);
    InspectedFlow flow(9'999);
    std::vector<Turn> all = turns;
    all.push_back({false, "in clear text\r\n"});
    EXPECT_TRUE(play(flow, all, 10'000).parser_error);
    if (!turns.back().server) continue;
    InspectedFlow hasty(9'999);
    all = turns;
    all.back() = {false, "hasty"};
    EXPECT_TRUE(play(hasty, all, 10'000).parser_error);
  }
}

TEST(StartTls, WithoutTlsNothingNamesTheFlow) {
  const std::vector<std::vector<Turn>> cases = {
      {{false, kStream}, {true, kStream}, {false, kAskXmpp}, {true, "<failure/>"}},
      {{false, "<?xml version='1.0'?><soap:Envelope>"}},
      {{false, kSslRequest}, {true, "N"}, {false, std::string("\0\0\0\x20\0\3\0\0user", 12)}},
      {{false, kSslRequest}, {true, "E"}},
      {{false, kGssRequest}, {true, "G"}},
      {{true, kMysqlGreeting}, {false, std::string("\x55\0\0\1\x85\xa6", 6)}},
      {{true, kMysqlGreeting}, {false, std::string("\x20\0\0\1\x85\xa6", 6)}},
      {{false, kSearch}, {false, "no ldap"}},
      {{false, ldap(1, 0x77, kName)}, {true, "no ldap"}},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    InspectedFlow flow(9'999);
    const Inspected last = play(flow, cases[i], 10'000);
    EXPECT_FALSE(last.parser_error || last.undecidable);
    EXPECT_TRUE(flow.inspector.names_final());
    EXPECT_TRUE(flow.hosts.empty());
  }
  InspectedFlow refused(389);  // a no, then a yes to another try
  play(refused, {{false, ldap(1, 0x77, kName)}, {true, ldap(1, 0x78, kNo)}, {true, ldap(0, 0x78, kYes)}}, 3);
  EXPECT_FALSE(refused.inspector.names_final());
  play(refused,
       {{false, ldap(2, 0x77, kName)}, {true, ldap(2, 0x78, kYes)}, {false, client_hello("late.example")}},
       3);
  EXPECT_THAT(refused.hosts, ElementsAre("late.example"));
}

TEST(StartTls, Limits) {
  InspectedFlow ldap_flow(389);
  for (std::size_t sent = 0; sent <= classifier::kLdapBytesMax; sent += kSearch.size())
    ldap_flow.client(kSearch);
  EXPECT_TRUE(ldap_flow.inspector.names_final());
  InspectedFlow answers(389);
  answers.client(kSearch);
  for (std::size_t sent = 0; sent <= classifier::kLdapBytesMax; sent += kSearch.size())
    answers.server(kSearch);
  EXPECT_TRUE(answers.inspector.names_final());
  InspectedFlow xmpp(5'222);
  xmpp.client(kStream);
  for (std::size_t sent = 0; sent <= classifier::kXmppBytesMax; sent += 10'000)
    xmpp.client(std::string(10'000, 'x'));
  EXPECT_TRUE(xmpp.inspector.names_final());
  InspectedFlow features(5'222);
  features.client(kStream);
  for (std::size_t sent = 0; sent <= classifier::kXmppBytesMax; sent += 10'000)
    features.server(std::string(10'000, 'x'));
  EXPECT_TRUE(features.inspector.names_final());
  InspectedFlow name(5'222);
  name.client(kStream + "<" + std::string(10'000, 'n'));
  EXPECT_LE(name.inspector.bytes_held(), 20'000 + classifier::kXmppTagNameBytesMax);
}

TEST(StartTls, LooksLike) {
  using namespace classifier;
  EXPECT_EQ(looks_like_ldap(as_bytes("")), std::nullopt);
  EXPECT_EQ(looks_like_ldap(as_bytes("0")), std::nullopt);
  EXPECT_EQ(looks_like_ldap(as_bytes("\x30\x80")), false);
  EXPECT_EQ(looks_like_ldap(as_bytes("\x30\x85")), false);
  EXPECT_EQ(looks_like_ldap(as_bytes("0123 is a line\r\n")), false);
  EXPECT_EQ(looks_like_ldap(as_bytes(ldap(1, 0x04, "public"))), false);  // SNMP
  EXPECT_EQ(looks_like_ldap(as_bytes(ldap(1, 0x60, "bind"))), true);
  EXPECT_EQ(looks_like_postgres(as_bytes(std::string("\0\0\0\x08\x04\xd2\x16\x2e", 8))), false);  // cancel
  EXPECT_EQ(looks_like_mysql_greeting(as_bytes(std::string("\x4a\0\0\0\x09"
                                                           "5",
                                                           6))),
            false);
  EXPECT_EQ(looks_like_mysql_greeting(as_bytes(std::string("\x4a\0\0\0\x0a"
                                                           "x",
                                                           6))),
            false);
  EXPECT_FALSE(may_be_xmpp("<html>"));
}

}  // namespace
}  // namespace weir::test
