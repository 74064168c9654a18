// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/tls_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::read_certificate;
using testing::ElementsAre;

std::string der(std::size_t tag, std::string_view content) {
  Wire out;
  out.u8(tag);
  if (content.size() < 0x80) {
    out.u8(content.size());
  } else {
    out.u8(0x82).u16(content.size());
  }
  return out.raw(content).str();
}
/// A relative name: attribute 2.5.4.`kind`.
std::string part(char kind, std::string_view text, std::size_t tag = 0x0c) {
  return der(0x31, der(0x30, der(6, std::string("\x55\x04") + kind) + der(tag, text)));
}
constexpr char kCn = 3;
constexpr char kO = 10;
constexpr char kOu = 11;

struct Parts {
  std::string version = der(0xa0, der(2, "\2"));
  std::string issuer = part(kCn, "CA");
  std::string subject = part(kCn, "a.example");
  std::string validity = der(0x17, "250102030405Z") + der(0x18, "20501231235959Z");
  std::string extensions;
};
std::string certificate(const Parts& parts) {
  std::string body = parts.version + der(2, "\1") + der(0x30, "") + der(0x30, parts.issuer) +
                     der(0x30, parts.validity) + der(0x30, parts.subject) + der(0x30, "key");
  if (!parts.extensions.empty()) body += der(0xa3, der(0x30, parts.extensions));
  return der(0x30, der(0x30, body) + der(0x30, "") + der(3, "signature"));
}
std::string alternative_names(std::string_view names, std::string_view critical = {}) {
  return der(0x30, der(6, "\x55\x1d\x11") + std::string(critical) + der(4, der(0x30, names)));
}
std::shared_ptr<const TlsCertificate> read(const Parts& parts) {
  return read_certificate(as_bytes(certificate(parts)));
}

TEST(TlsCertificate, OfOpenSsl) {
  std::ifstream in(WEIR_SOURCE_DIR "/tests/fuzz/corpus/tls_certificate/rsa-self-signed", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto found = read_certificate(as_bytes(bytes));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->subject, "Server.Example");
  EXPECT_EQ(found->issuer, "Server.Example");
  EXPECT_THAT(found->names, ElementsAre("server.example", "*.server.example"));
  EXPECT_EQ(found->not_before, 1795703521);
  EXPECT_EQ(found->not_after, 2111063521);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)  // no cut reads beyond its end
    static_cast<void>(read_certificate(as_bytes(bytes.substr(0, cut))));
}

TEST(TlsCertificate, FieldsByHand) {
  Parts parts;
  parts.extensions = der(0x30, der(6, "\x55\x1d\x0f") + der(4, "x")) +
                     alternative_names(der(0x87, "\1\2\3\4") + der(0x82, "B.Example") + der(0x82, "") +
                                           der(0x82, "c\n.example"),
                                       der(1, "\xff"));
  const auto found = read(parts);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->subject, "a.example");
  EXPECT_EQ(found->issuer, "CA");
  EXPECT_EQ(found->not_before, 1735787045);  // date -ud 2025-01-02T03:04:05 +%s
  EXPECT_EQ(found->not_after, 2556143999);
  EXPECT_THAT(found->names, ElementsAre("b.example", "c?.example"));
}

TEST(TlsCertificate, NamesWithoutACommonName) {
  Parts parts;
  parts.subject = part(kOu, "Unit") + part(kO, "Org") + part(6, "DE");
  EXPECT_EQ(read(parts)->subject, "Org");
  parts.subject = part(kOu, "Unit");
  EXPECT_EQ(read(parts)->subject, "Unit");
  parts.subject = "";
  EXPECT_EQ(read(parts)->subject, "");
  parts.subject = part(kCn, "first") + part(kCn, "second");
  EXPECT_EQ(read(parts)->subject, "first");
  parts.subject = part(kCn, std::string("\0W\0e\0i\0r\x20\xac", 10), 0x1e);
  EXPECT_EQ(read(parts)->subject, "Weir?");
  parts.subject = der(0x31, der(0x02, "x")) + der(0x31, der(0x30, der(6, "x"))) + part(kCn, "behind");
  EXPECT_EQ(read(parts)->subject, "behind");
  parts.subject = der(0x30, "no set") + part(kCn, "behind");
  EXPECT_EQ(read(parts)->subject, "");
}

TEST(TlsCertificate, TimesThatAreNone) {
  for (const std::string& time :
       {der(0x17, "250102030405"), der(0x17, "25010203040Z"), der(0x17, "2501020304+5Z"),
        der(0x17, "251302030405Z"), der(0x17, "250230030405Z"), der(0x17, "250102240405Z"),
        der(0x18, "250102030405Z"), der(0x05, ""), std::string("\x17\x20")}) {
    Parts parts;
    parts.validity = time;
    const auto found = read(parts);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->not_before, 0);
    EXPECT_EQ(found->not_after, 0);
  }
  Parts old;
  old.validity = der(0x17, "500101000000Z") + der(0x17, "491231235959Z");
  EXPECT_EQ(read(old)->not_before, -631152000);
  EXPECT_EQ(read(old)->not_after, 2524607999);
}

TEST(TlsCertificate, Limits) {
  Parts parts;
  std::string names;
  for (std::size_t i = 0; i < classifier::kCertificateNamesMax + 5; ++i) names += der(0x82, "n.example");
  parts.extensions = alternative_names(names);
  EXPECT_EQ(read(parts)->names.size(), classifier::kCertificateNamesMax);
  parts.extensions = alternative_names(der(0x82, std::string(1'000, 'x')));
  EXPECT_EQ(read(parts)->names.at(0).size(), classifier::kCertificateTextBytesMax);
  parts.extensions = "";
  for (std::size_t i = 0; i < classifier::kCertificateExtensionsMax; ++i)
    parts.extensions += der(0x30, der(6, "\x55\x1d\x0f") + der(4, "x"));
  parts.extensions += alternative_names(der(0x82, "hidden.example"));
  EXPECT_TRUE(read(parts)->names.empty());
  parts.extensions = "";
  parts.subject = "";
  for (std::size_t i = 0; i < classifier::kCertificateNamePartsMax; ++i) parts.subject += part(6, "DE");
  parts.subject += part(kCn, "hidden");
  EXPECT_EQ(read(parts)->subject, "");
  parts.subject = part(kCn, std::string(1'000, 'x'), 0x1e);
  EXPECT_LE(read(parts)->subject.size(), classifier::kCertificateTextBytesMax);
}

TEST(TlsCertificate, WhatIsNone) {
  for (const std::string& bytes :
       {std::string(), std::string("\x30"), std::string("\x30\x80\x30\x80"),
        std::string("\x30\x84\0\0\0\1x", 7), der(0x30, der(0x31, "")), der(0x30, ""),
        der(0x30, der(0x30, der(2, "\1") + der(0x30, "") + der(0x30, "")))}) {
    EXPECT_EQ(read_certificate(as_bytes(bytes)), nullptr);
  }
  Parts first_version;
  first_version.version = "";
  first_version.extensions = der(0x31, "not a sequence");
  EXPECT_EQ(read(first_version)->subject, "a.example");
  first_version.extensions = der(0x30, der(2, "no oid"));
  EXPECT_TRUE(read(first_version)->names.empty());
  first_version.extensions = der(0x30, der(6, "\x55\x1d\x11") + der(4, der(0x31, "")));
  EXPECT_TRUE(read(first_version)->names.empty());
}

}  // namespace
}  // namespace weir::test
