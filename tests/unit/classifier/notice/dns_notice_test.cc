// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace weir::classifier
