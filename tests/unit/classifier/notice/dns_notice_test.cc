// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "classifier/inspect/dns_message.h"
#include "classifier/notice/notice.h"

namespace weir::classifier {
namespace {

const Notice kNotice{"bet.example", "Not here", "aa-0-7"};
const std::string kQuestion{
    "\x03"
    "bet\x07"
    "example\x00\x00\x01\x00\x01",
    17};

std::string query(std::string_view flags, std::string_view counts, std::string_view rest = {}) {
  std::string bytes{"\x12\x34", 2};
  bytes += flags;
  bytes += counts;
  bytes += kQuestion;
  bytes += rest;
  return bytes;
}
const std::string kOneQuestion{"\x00\x01\x00\x00\x00\x00\x00\x00", 8};
const std::string kAndOpt{"\x00\x01\x00\x00\x00\x00\x00\x01", 8};
const std::string kRecursion{"\x01\x10", 2};                                 // RD, CD
const std::string kOpt{"\x00\x00\x29\x10\x00\x00\x00\x80\x00\x00\x00", 11};  // with DO

TEST(DnsNotice, APlainQueryGetsNxdomainWithItsQuestion) {
  const auto answer = dns_notice(as_bytes(query(kRecursion, kOneQuestion)), kNotice);
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, std::string("\x12\x34\x81\x93\x00\x01\x00\x00\x00\x00\x00\x00", 12) + kQuestion);
}

TEST(DnsNotice, AQueryWithEdnsLearnsWhy) {
  const auto answer = dns_notice(as_bytes(query(kRecursion, kAndOpt, kOpt)), kNotice);
  ASSERT_TRUE(answer);
  const std::string text = "Not here; reference aa-0-7";
  const auto size = static_cast<char>(text.size());
  std::string opt{"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00", 10};
  opt += static_cast<char>(size + 6);
  opt += std::string("\x00\x0f\x00", 3);
  opt += static_cast<char>(size + 2);
  opt += std::string("\x00\x0f", 2);
  EXPECT_EQ(*answer,
            std::string("\x12\x34\x81\x93\x00\x01\x00\x00\x00\x00\x00\x01", 12) + kQuestion + opt + text);
}

TEST(DnsNotice, WhatIsNoPlainQueryGetsNoAnswer) {
  EXPECT_FALSE(dns_notice(as_bytes(query(std::string("\x81\x00", 2), kOneQuestion)), kNotice));  // an answer
  EXPECT_FALSE(dns_notice(as_bytes(query(std::string("\x28\x00", 2), kOneQuestion)), kNotice));  // UPDATE
  const std::string two{"\x00\x02\x00\x00\x00\x00\x00\x00", 8};
  EXPECT_FALSE(dns_notice(as_bytes(query(kRecursion, two, kQuestion)), kNotice));
  std::string pointer = query(kRecursion, kOneQuestion);
  pointer[12] = '\xc0';
  EXPECT_FALSE(dns_notice(as_bytes(pointer), kNotice));
  const std::string whole = query(kRecursion, kOneQuestion);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(dns_notice(as_bytes(std::string_view{whole}.substr(0, size)), kNotice)) << size;
}

TEST(DnsNotice, AnOptThatIsCutOffIsNone) {
  for (std::size_t size = 0; size + 1 < kOpt.size(); ++size) {
    const auto answer = dns_notice(as_bytes(query(kRecursion, kAndOpt, kOpt.substr(0, size))), kNotice);
    if (size < 9) {
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->size(), 12 + kQuestion.size()) << size;
    }
  }
}

const std::vector<IpAddress> kBoth{*IpAddress::parse("192.0.2.80"), *IpAddress::parse("2001:db8::80")};

TEST(DnsAlias, IsOneNameMoreAndItsAddresses) {
  const auto answer = dns_alias(as_bytes(query(kRecursion, kOneQuestion)), "safe.example", kBoth, "aa-0-7");
  ASSERT_TRUE(answer);
  const std::string alias{
      "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x0e\x04"
      "safe\x07"
      "example\x00",
      26};
  const std::string address{"\xc0\x29\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x50", 16};
  EXPECT_EQ(*answer, std::string("\x12\x34\x81\x90\x00\x01\x00\x02\x00\x00\x00\x00", 12) + kQuestion + alias +
                         address);
}

TEST(DnsAlias, EdnsIsToldThatTheAnswerIsNotTheServers) {
  const std::string small{"\x00\x00\x29\x02\x00\x00\x00\x00\x00\x00\x00", 11};  // takes 512 bytes
  const auto asked = query(kRecursion, kAndOpt, small);
  const auto answer = dns_alias(as_bytes(asked), "safe.example", kBoth, "aa-0-7");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->ends_with(std::string("\x00\x04reference aa-0-7", 18))) << "Forged Answer";
  const auto long_one = dns_alias(as_bytes(asked), "safe.example", kBoth, std::string(500, 'x'));
  ASSERT_TRUE(long_one);
  EXPECT_TRUE(long_one->ends_with(std::string("\x00\x0f\x00\x02\x00\x04", 6))) << "no room for the reference";
  EXPECT_LE(long_one->size(), 512U);
}

/// The longest names and most addresses that the table may have.
TEST(DnsAlias, FitsWhatEveryClientTakes) {
  const std::string label(31, 'a');
  const std::string longest = label + "." + label + "." + label + ".abc";
  std::string any = query(kRecursion, kAndOpt, {});
  any.resize(12);
  for (int i = 0; i < 3; ++i) any += "\x1f" + label;
  any += std::string(
      "\x03"
      "abc\x00\x00\xff\x00\x01\x00\x00\x29\x02\x00\x00\x00\x00\x00\x00\x00",
      20);
  const std::vector<IpAddress> eight(8, kBoth[1]);
  const auto answer = dns_alias(as_bytes(any), longest, eight, "00000000000000aa-0-7");
  ASSERT_TRUE(answer);
  EXPECT_LE(answer->size(), 512U);
  DnsMessage message;
  ASSERT_EQ(read_dns(as_bytes(*answer), message), DnsParse::kOk);
  EXPECT_EQ(message.records.size(), 9U);
}

TEST(DnsAlias, WhatIsNoPlainQueryGetsNoAnswer) {
  const std::string whole = query(kRecursion, kOneQuestion);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(dns_alias(as_bytes(std::string_view{whole}.substr(0, size)), "a.example", kBoth, "r"))
        << size;
  std::string chaos = whole;
  chaos.back() = '\3';
  EXPECT_FALSE(dns_alias(as_bytes(chaos), "a.example", kBoth, "r"));
}

}  // namespace
}  // namespace weir::classifier
