// SPDX-License-Identifier: Apache-2.0
// Known answers: those that the authors of JA3 and JA4 publish (README of salesforce/ja3; README and test
// data of FoxIO-LLC/ja4: raw lists and fingerprints), and one of a Chrome 143 that a public test page printed
// with both.
#include "classifier/inspect/tls_fingerprint.h"

#include <gtest/gtest.h>

#include "classifier/inspect/tls_session.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::HelloNumbers;
using classifier::TlsTransport;

std::string list16(const std::vector<std::size_t>& values) {
  Wire out;
  for (const std::size_t value : values) out.u16(value);
  return out.str();
}
std::string list_extension(std::size_t type, const std::vector<std::size_t>& values) {
  const std::string list = list16(values);
  return tls_extension(type, Wire{}.u16(list.size()).raw(list).str());
}
/// A whole hello as a handshake message, with GREASE where browsers put it.
std::string hello(const std::vector<std::size_t>& ciphers, std::string_view extensions) {
  const std::string list = list16(ciphers);
  const std::string body = Wire{}
                               .u16(0x0303)
                               .raw(std::string(32, 'r'))
                               .u8(0)
                               .u16(list.size())
                               .raw(list)
                               .u8(1)
                               .u8(0)
                               .u16(extensions.size())
                               .raw(extensions)
                               .str();
  return Wire{}.u8(1).u24(body.size()).raw(body).str();
}
FlowFacts facts_of(const std::string& message) {
  FlowFacts facts;
  classifier::TlsSession session;
  EXPECT_EQ(session.from_client(as_bytes(in_records(message)), facts).outcome, classifier::Outcome::kNamed);
  return facts;
}
const std::vector<std::size_t> kChromeCiphers = {0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                                                 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
                                                 0x009c, 0x009d, 0x002f, 0x0035};
const std::vector<std::size_t> kChromeAlgorithms = {0x0403, 0x0804, 0x0401, 0x0503,
                                                    0x0805, 0x0501, 0x0806, 0x0601};
const std::string kChromeAlpn = alpn_extension({"h2", "http/1.1"});
const std::string kChromeVersions = versions_extension({0x3a3a, 0x0304, 0x0303});

/// Test data chrome-cloudflare-quic-with-secrets: JA4_ro has the order of the wire.
TEST(TlsFingerprint, OfChromeAsPublished) {
  const std::string extensions =
      tls_extension(0x4a4a, "") + sni_extension("cloudflare-quic.com") + tls_extension(0x17, "") +
      tls_extension(0xff01, std::string(1, '\0')) + list_extension(10, {0x5a5a, 29, 23, 24}) +
      tls_extension(11, std::string("\1\0", 2)) + tls_extension(35, "") + kChromeAlpn +
      tls_extension(5, std::string("\1\0\0\0\0", 5)) + list_extension(13, kChromeAlgorithms) +
      tls_extension(18, "") + tls_extension(51, "") + tls_extension(45, "\1\1") + kChromeVersions +
      tls_extension(27, "") + tls_extension(0x4469, "") + tls_extension(0x6a6a, std::string(1, '\0')) +
      tls_extension(21, "");
  const FlowFacts facts = facts_of(hello(kChromeCiphers, extensions));
  EXPECT_EQ(facts.tls.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

/// Test data sigalg-grease: GREASE among the signature algorithms.
TEST(TlsFingerprint, GreaseInSignatureAlgorithms) {
  std::vector<std::size_t> algorithms = {0x0a0a, 0x0904, 0x0905, 0x0906};
  algorithms.insert(algorithms.end(), kChromeAlgorithms.begin(), kChromeAlgorithms.end());
  std::string extensions = sni_extension("optimizationguide-pa.googleapis.com") + kChromeAlpn +
                           kChromeVersions + list_extension(13, algorithms);
  for (const std::size_t type :
       {0xfe0dU, 23U, 51U, 0x44cdU, 0xff01U, 10U, 35U, 11U, 0xca34U, 45U, 5U, 27U, 18U})
    extensions += tls_extension(type, "");
  EXPECT_EQ(facts_of(hello(kChromeCiphers, extensions)).tls.ja4, "t13d1517h2_8daaf6152771_cb7bf5808d99");
}

/// Chrome 143: JA3 and JA4 of the same hello.
TEST(TlsFingerprint, BothOfOneHello) {
  const std::string extensions =
      tls_extension(0x8a8a, "") + tls_extension(45, "\1\1") + tls_extension(51, "") + kChromeAlpn +
      tls_extension(0xfe0d, "") + tls_extension(23, "") + tls_extension(0x44cd, "") +
      sni_extension("a.example") + tls_extension(11, std::string("\1\0", 2)) +
      list_extension(10, {0xdada, 4588, 29, 23, 24}) + kChromeVersions + tls_extension(0xff01, "") +
      tls_extension(35, "") + tls_extension(18, "") + tls_extension(5, "") +
      list_extension(13, kChromeAlgorithms) + tls_extension(27, "") + tls_extension(0xeaea, "");
  const std::string message = hello(kChromeCiphers, extensions);
  const FlowFacts facts = facts_of(message);
  EXPECT_EQ(classifier::ja3_text(classifier::hello_numbers(as_bytes(message).subspan(4), TlsTransport::kTcp)),
            "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,45-51-16-65037-"
            "23-17613-"
            "0-11-10-43-65281-35-18-5-13-27,4588-29-23-24,0");
  EXPECT_EQ(facts.tls.ja3, "98487aa16281980e7d1120d399efb6a4");
  EXPECT_EQ(facts.tls.ja4, "t13d1516h2_8daaf6152771_d8a2da3f94cd");
}

/// The two examples of JA3's README.
TEST(TlsFingerprint, Ja3AsPublished) {
  const HelloNumbers full{.version = 769,
                          .ciphers = {47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
                          .extensions = {0, 10, 11},
                          .groups = {23, 24, 25},
                          .point_formats = {0}};
  EXPECT_EQ(classifier::ja3(full), "ada70206e40642a3e4461f35503241d5");
  const HelloNumbers bare{.version = 769, .ciphers = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}};
  EXPECT_EQ(classifier::ja3_text(bare), "769,4-5-10-9-100-98-3-6-19-18-99,,,");
  EXPECT_EQ(classifier::ja3(bare), "de350869b8c85de67a350c8d186f11e6");
}

/// The hashes were computed with sha256sum: of "0004,0005" and of "000a,000b".
TEST(TlsFingerprint, PartsOfJa4) {
  const HelloNumbers plain{.version = 0x0301, .ciphers = {5, 4}, .extensions = {11, 10}};
  EXPECT_EQ(classifier::ja4(plain, TlsTransport::kTcp), "t10i020200_6e254592683c_33a13ba74d1c");
  EXPECT_EQ(classifier::ja4({}, TlsTransport::kTcp), "t00i000000_000000000000_000000000000");

  const auto part_a = [](HelloNumbers numbers, TlsTransport transport = TlsTransport::kTcp) {
    return classifier::ja4(numbers, transport).substr(0, 10);
  };
  const std::vector<std::pair<std::string, std::string>> alpns = {{"h2", "h2"},
                                                                  {"http/1.1", "h1"},
                                                                  {"h", "hh"},
                                                                  {"\xab", "ab"},
                                                                  {"\xab\xcd", "ad"},
                                                                  {"0\xab", "3b"},
                                                                  {"0\xab\xcd"
                                                                   "1",
                                                                   "01"},
                                                                  {"01\xab\xcd", "3d"},
                                                                  {" h2", "22"},
                                                                  {"\x0a\x0a", "0a"}};
  for (const auto& [alpn, shown] : alpns) EXPECT_EQ(part_a({.alpn = alpn}), "t00i0000" + shown);

  const std::vector<std::pair<std::uint16_t, const char*>> versions = {
      {0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"}, {0x0301, "10"},
      {0x0300, "s3"}, {0x0002, "s2"}, {0x7f1c, "00"}};
  for (const auto& [version, shown] : versions)
    EXPECT_EQ(part_a({.version = version}), std::string("t") + shown + "i000000");
  EXPECT_EQ(part_a({.version = 0x0303, .versions = {0x0303, 0x0304}}), "t13i000000");
  EXPECT_EQ(part_a({.version = 0xfefd}, TlsTransport::kDtls), "dd2i000000");
  EXPECT_EQ(part_a({.version = 0xfeff}, TlsTransport::kDtls), "dd1i000000");
  EXPECT_EQ(part_a({.version = 0xfefd, .versions = {0xfefd, 0xfefc}}, TlsTransport::kDtls), "dd3i000000");
  const std::vector<std::uint16_t> many(150, 1);
  EXPECT_EQ(part_a({.ciphers = many, .extensions = many}, TlsTransport::kQuic), "q00i999900");
}

TEST(TlsFingerprint, ListsThatDoNotAddUpAreCut) {
  const std::string extensions = tls_extension(10, "\x01") + tls_extension(11, "\x09\x01") +
                                 tls_extension(13, std::string("\xff\xff\x04\x03\x08", 5)) +
                                 tls_extension(16, "") + tls_extension(43, "\x40\x03\x04");
  const HelloNumbers numbers =
      classifier::hello_numbers(as_bytes(hello({1, 2}, extensions)).subspan(4), TlsTransport::kTcp);
  EXPECT_TRUE(numbers.groups.empty());
  EXPECT_EQ(numbers.point_formats.size(), 1U);
  EXPECT_EQ(numbers.signature_algorithms.size(), 1U);
  EXPECT_EQ(numbers.versions.size(), 1U);
  EXPECT_EQ(numbers.alpn, "");
  EXPECT_EQ(numbers.extensions.size(), 5U);
  const HelloNumbers none = classifier::hello_numbers({}, TlsTransport::kDtls);
  EXPECT_TRUE(none.ciphers.empty());
}

TEST(TlsFingerprint, Grease) {
  EXPECT_TRUE(classifier::is_grease(0x0a0a));
  EXPECT_TRUE(classifier::is_grease(0xfafa));
  EXPECT_FALSE(classifier::is_grease(0x0a1a));
  EXPECT_FALSE(classifier::is_grease(0x0b0b));
}

}  // namespace
}  // namespace weir::test
