// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/canonical_name.h"

#include <gtest/gtest.h>

namespace weir::policy {
namespace {

struct Row {
  std::string_view raw;
  std::string_view canonical;
};

TEST(CanonicalName, OneSpellingForEachName) {
  for (const Row& row : {
           Row{"Example.COM", "example.com"},
           Row{"example.com.", "example.com"},
           Row{"example.com:8443", "example.com"},
           Row{"example.com.:", "example.com"},
           Row{"_dmarc.example.com", "_dmarc.example.com"},
           Row{"b\xc3\xbc"
               "cher.example",
               "xn--bcher-kva.example"},
           Row{"B\xc3\x9c"
               "CHER.Example.",
               "xn--bcher-kva.example"},
           Row{"stra\xc3\x9f"
               "e.example",
               "xn--strae-oqa.example"},
           Row{"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
           Row{"example\xe3\x80\x82"
               "com",
               "example.com"},
           Row{"\xef\xbd\x85xample.com", "example.com"},  // a full-width e
           Row{"192.0.2.1:80", "192.0.2.1"},
           Row{"[2001:DB8::1]:443", "2001:db8::1"},
           Row{"[::1]", "::1"},
           Row{"a!b*.example", "a!b*.example"},
       }) {
    EXPECT_EQ(canonical_name(row.raw).value_or("(none)"), row.canonical) << row.raw;
  }
}

TEST(CanonicalName, WhatCannotBeAHostNameIsNone) {
  using namespace std::string_view_literals;
  for (const std::string_view raw : {
           ""sv,
           "."sv,
           ".."sv,
           "a..b"sv,
           ".a"sv,
           "a.."sv,
           "a b"sv,
           "a\0b"sv,
           "a.\x01"sv,
           "a\x7f"sv,
           "a/b"sv,
           "user@host"sv,
           "a:b"sv,
           "a:b:80"sv,
           "a%2eb"sv,
           "[::1"sv,
           "[::1]x"sv,
           "[192.0.2.1]"sv,
           "[fe80::1%eth0]"sv,
           ":80"sv,
           "\xff\xfe"sv,
           "a\xc0\xaf"sv,
           "a\xef\xbc\x8f"
           "b"sv /* a full-width slash */,
           "\xc2\xad"sv /* a soft hyphen alone */,
           "gr\xc3\xbc\0n.example"sv,
       }) {
    EXPECT_FALSE(canonical_name(raw).has_value()) << raw;
  }
}

TEST(CanonicalName, LengthsOfRfc1035) {
  const std::string label63(63, 'a');
  EXPECT_TRUE(canonical_name(label63 + ".example").has_value());
  EXPECT_FALSE(canonical_name(label63 + "a.example").has_value());
  EXPECT_EQ(canonical_name(label63 + "A.example", kDomainBytesMax), label63 + "a.example");
  const std::string name253 = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b');
  ASSERT_EQ(name253.size(), 253U);
  EXPECT_TRUE(canonical_name(name253).has_value());
  EXPECT_TRUE(canonical_name(name253 + ".").has_value());
  EXPECT_FALSE(canonical_name(name253 + "b").has_value());
  EXPECT_FALSE(canonical_name(std::string(100'000, 'a')).has_value());
}

TEST(CanonicalName, CanonicalStaysCanonical) {
  for (const std::string_view raw : {"Example.COM.",
                                     "b\xc3\xbc"
                                     "cher.example",
                                     "_x.y", "[2001:DB8::1]:443"}) {
    const auto once = canonical_name(raw);
    ASSERT_TRUE(once.has_value());
    EXPECT_EQ(canonical_name(*once), once);
  }
}

}  // namespace
}  // namespace weir::policy
