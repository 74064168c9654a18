// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/tls_client_hello.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "classifier/inspect/tls_session.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Outcome;
using classifier::TlsSession;
using testing::ElementsAre;

struct Parsed {
  Outcome outcome = Outcome::kMore;
  FlowFacts facts;
};

Parsed parse(std::string_view bytes, std::size_t piece = 1'000'000) {
  Parsed out;
  TlsSession parser;
  while (!bytes.empty()) {
    const classifier::ParseStep step = parser.from_client(as_bytes(bytes.substr(0, piece)), out.facts);
    out.outcome = step.outcome;
    if (out.outcome != Outcome::kMore && out.outcome != Outcome::kName) break;
    bytes.remove_prefix(step.consumed);
  }
  return out;
}

TEST(TlsClientHello, AnyRecordsAndPiecesGiveTheSameFacts) {
  for (const std::size_t record : {1U, 2U, 16U, 100U, 16'384U}) {
    for (const std::size_t piece : {1U, 7U, 20U, 1'400U}) {
      SCOPED_TRACE(std::to_string(record) + "/" + std::to_string(piece));
      const Parsed parsed = parse(client_hello("Blocked.Example", record), piece);
      EXPECT_EQ(parsed.outcome, Outcome::kNamed);
      EXPECT_EQ(parsed.facts.tls.sni, "blocked.example");
      EXPECT_EQ(parsed.facts.tls.version, 0x0304);
      EXPECT_THAT(parsed.facts.tls.alpn, ElementsAre("h2", "http/1.1"));
      EXPECT_FALSE(parsed.facts.tls.ech_offered);
    }
  }
}

TEST(TlsClientHello, Extensions) {
  const auto facts = [](std::string_view extensions) {
    const Parsed parsed = parse(in_records(client_hello_message(extensions)));
    EXPECT_EQ(parsed.outcome, Outcome::kNamed);
    return parsed.facts;
  };
  EXPECT_TRUE(facts(tls_extension(0xfe0d, "x") + sni_extension("outer.example")).tls.ech_offered);
  EXPECT_EQ(facts("").host, "");
  EXPECT_EQ(facts("").tls.version, 0x0303);
  EXPECT_EQ(facts(versions_extension({0x0303, 0x0302})).tls.version, 0x0303);
  EXPECT_EQ(facts(sni_extension("a.example.")).host, "a.example");
  const std::string longer = std::string(200, 'a') + ".example";  // than a label of DNS: servers compare text
  EXPECT_EQ(facts(sni_extension(longer)).host, longer);
  EXPECT_EQ(facts(sni_extension("b\xc3\xbc"
                                "cher.example"))
                .host,
            "xn--bcher-kva.example");
  EXPECT_EQ(facts(tls_extension(21, std::string(20'000, '\0')) + sni_extension("padded.example")).host,
            "padded.example");
  EXPECT_EQ(facts(alpn_extension(std::vector<std::string>(100, "x"))).tls.alpn.size(), classifier::kAlpnMax);
}

TEST(TlsClientHello, WhatServersRefuseIsAnError) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"two server_name extensions", sni_extension("a.example") + sni_extension("b.example")},
      {"NUL in the name", sni_extension(std::string("a\0.example", 10))},
      {"another name type", sni_extension("a.example", 1)},
      {"empty server_name", tls_extension(0, "")},
      {"two names", tls_extension(0, Wire{}.u16(10).raw(std::string("\0\0\2aa\0\0\2bb", 10)).str())},
      {"list length", tls_extension(0, Wire{}.u16(99).raw(std::string("\0\0\2aa", 5)).str())},
      {"only a dot", sni_extension(".")},
      {"a blank in the name", sni_extension("a b.example")},
      {"254 bytes", sni_extension(std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                  std::string(63, 'c') + "." + std::string(62, 'd'))},
      {"label of 255", sni_extension(std::string(255, 'a'))},
      {"extension beyond the end", Wire{}.u16(21).u16(50).raw("x").str()},
      {"trailing byte", tls_extension(21, "") + "x"},
  };
  for (const auto& [what, extensions] : cases) {
    for (const std::size_t piece : {1U, 10'000U}) {
      EXPECT_EQ(parse(in_records(client_hello_message(extensions)), piece).outcome, Outcome::kError) << what;
    }
  }
}

/// As OpenSSL takes it: a client that names nobody.
TEST(TlsClientHello, AnEmptyNameIsNone) {
  const Parsed parsed = parse(in_records(client_hello_message(sni_extension(""))));
  EXPECT_EQ(parsed.outcome, Outcome::kNamed);
  EXPECT_EQ(parsed.facts.host, "");
  EXPECT_EQ(parse(in_records(client_hello_message(sni_extension("") + sni_extension("a.example")))).outcome,
            Outcome::kError);
}

TEST(TlsClientHello, SpellingsOfOneName) {
  for (const char* name : {"XN--BCHER-KVA.Example",
                           "b\xc3\xbc"
                           "cher.example",
                           "xn--bcher-kva.example.",
                           "B\xc3\x9c"
                           "CHER.EXAMPLE."}) {
    EXPECT_EQ(parse(in_records(client_hello_message(sni_extension(name)))).facts.host,
              "xn--bcher-kva.example")
        << name;
  }
}

TEST(TlsClientHello, ResumptionAndEarlyData) {
  const auto facts = [](std::string_view extensions) {
    return parse(in_records(client_hello_message(extensions))).facts.tls;
  };
  const std::string tls13 = versions_extension({0x0304});
  EXPECT_TRUE(facts("").resumption_offered) << "a session id means that before TLS 1.3";
  EXPECT_FALSE(facts(tls13).resumption_offered);
  EXPECT_FALSE(facts(tls13 + tls_extension(35, "")).resumption_offered);
  EXPECT_TRUE(facts(tls13 + tls_extension(35, "ticket")).resumption_offered);
  EXPECT_TRUE(facts(tls13 + tls_extension(41, "psk")).resumption_offered);
  EXPECT_FALSE(facts(tls13).early_data);
  EXPECT_TRUE(facts(tls13 + tls_extension(42, "")).early_data);
}

TEST(TlsClientHello, EchShowsItsConfiguration) {
  const auto facts = [](std::string_view body) {
    return parse(in_records(client_hello_message(tls_extension(0xfe0d, body)))).facts.tls;
  };
  const std::string outer = Wire{}
                                .u8(0)
                                .u16(1)
                                .u16(3)
                                .u8(42)
                                .u16(32)
                                .raw(std::string(32, 'k'))
                                .u16(208)
                                .raw(std::string(208, 'p'))
                                .str();
  const TlsFacts found = facts(outer);
  EXPECT_EQ(found.ech, EchKind::kOffered);
  EXPECT_EQ(found.ech_config_id, 42);
  EXPECT_EQ(found.ech_kdf, 1);
  EXPECT_EQ(found.ech_aead, 3);
  EXPECT_EQ(found.ech_payload_bytes, 208);
  EXPECT_EQ(facts("\1").ech, EchKind::kOffered);  // an inner hello has no place here
  EXPECT_EQ(facts("\1").ech_payload_bytes, 0);
  EXPECT_EQ(facts("").ech, EchKind::kOffered);
  const auto esni = parse(in_records(client_hello_message(tls_extension(0xffce, "x")))).facts.tls;
  EXPECT_TRUE(esni.ech_offered);
  EXPECT_EQ(esni.ech, EchKind::kOffered);
}

TEST(TlsClientHello, BrokenRecordsAreErrors) {
  const std::string good = client_hello("a.example", 50);
  std::string other_type = good;
  other_type[55] = 23;  // the second record carries application data
  EXPECT_EQ(parse(other_type).outcome, Outcome::kError);
  std::string other_version = good;
  other_version[56] = 2;
  EXPECT_EQ(parse(other_version).outcome, Outcome::kError);
  EXPECT_EQ(parse(Wire{}.u8(22).u16(0x0301).u16(16'385).raw("\1").str()).outcome, Outcome::kError);
  std::string empties;
  for (unsigned i = 0; i < classifier::kEmptyRecordsMax; ++i)
    empties += Wire{}.u8(22).u16(0x0301).u16(0).str();
  EXPECT_EQ(parse(empties + good).outcome, Outcome::kNamed);
  EXPECT_EQ(parse(empties + Wire{}.u8(22).u16(0x0301).u16(0).str() + good).outcome, Outcome::kError);
}

TEST(TlsClientHello, TooLongWithoutANameIsUndecidable) {
  const std::string padding =
      tls_extension(21, std::string(60'000, '\0')) + tls_extension(22, std::string(5'527, '\0'));
  EXPECT_EQ(parse(in_records(client_hello_message(padding))).outcome, Outcome::kLimit);
  const std::string named = sni_extension("early.example") + tls_extension(21, std::string(60'000, '\0')) +
                            tls_extension(22, std::string(5'450, '\0'));
  const Parsed parsed = parse(in_records(client_hello_message(named)));
  EXPECT_EQ(parsed.outcome, Outcome::kFinal);
  EXPECT_EQ(parsed.facts.host, "early.example");
}

TEST(TlsClientHello, WithoutExtensions) {
  const std::string body =
      Wire{}.u16(0x0301).raw(std::string(32, 'r')).u8(0).u16(2).u16(0x002f).u8(1).u8(0).str();
  const Parsed parsed = parse(in_records(Wire{}.u8(1).u24(body.size()).raw(body).str()));
  EXPECT_EQ(parsed.outcome, Outcome::kNamed);
  EXPECT_EQ(parsed.facts.tls.version, 0x0301);
  EXPECT_EQ(parsed.facts.host, "");
}

/// What `openssl s_client -connect 127.0.0.1:PORT -servername captured.example -alpn h2,http/1.1` of
/// OpenSSL 3.0 sent, as it came out of the socket.
TEST(TlsClientHello, OfOpenSsl) {
  std::ifstream in(WEIR_SOURCE_DIR "/tests/fuzz/corpus/tls/openssl-s_client", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  ASSERT_FALSE(bytes.empty());
  const Parsed parsed = parse(bytes, 50);
  EXPECT_EQ(parsed.outcome, Outcome::kNamed);
  EXPECT_EQ(parsed.facts.tls.sni, "captured.example");
  EXPECT_EQ(parsed.facts.tls.version, 0x0304);
  EXPECT_THAT(parsed.facts.tls.alpn, ElementsAre("h2", "http/1.1"));
}

TEST(TlsClientHello, Ssl2Style) {
  const std::string hello = Wire{}
                                .u16(0x8000 + 9 + 3 + 16)
                                .u8(1)
                                .u16(0x0301)
                                .u16(3)
                                .u16(0)
                                .u16(16)
                                .raw(std::string("\0\0\x2f", 3))
                                .raw(std::string(16, 'c'))
                                .str();
  EXPECT_EQ(classifier::ssl2_hello_version(as_bytes(hello)), 0x0301);
  EXPECT_EQ(classifier::ssl2_hello_version(as_bytes(hello.substr(0, 10))), 0);
  EXPECT_EQ(classifier::ssl2_hello_version(as_bytes("\x80\x20\x01garbage garbage")), 0);
}

}  // namespace
}  // namespace weir::test
