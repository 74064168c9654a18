// SPDX-License-Identifier: Apache-2.0
#include "classifier/identity/dns_evidence.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

constexpr ClientId kAnna{1};
constexpr ClientId kBob{2};
constexpr TimeNs kStart = 1'700'000'000 * kSecond;

IpAddress ip(int number) {
  std::array<std::uint8_t, 4> bytes{10, 1, static_cast<std::uint8_t>(number >> 8),
                                    static_cast<std::uint8_t>(number)};
  return IpAddress::v4(bytes);
}
const IpAddress kHome = ip(7);

DnsFacts answer(const std::string& name, int address, std::uint32_t ttl_s = 600) {
  DnsFacts facts;
  facts.seen = facts.response = facts.asked = true;
  facts.query = name;
  facts.answers = {{ip(address), ttl_s}};
  return facts;
}
std::string name_of(const NameEvidence* evidence) { return evidence ? evidence->name : "-"; }

TEST(DnsEvidence, OfThisClientAlone) {
  DnsEvidence evidence;
  evidence.record(kAnna, kHome, answer("a.example", 1), kStart);
  EXPECT_EQ(name_of(evidence.find(kAnna, ip(1), kStart)), "a.example");
  EXPECT_EQ(evidence.find(kAnna, ip(1), kStart)->asked_by, kHome);
  EXPECT_EQ(name_of(evidence.find(kBob, ip(1), kStart)), "-");
  EXPECT_EQ(name_of(evidence.find(kAnna, ip(2), kStart)), "-");
}

TEST(DnsEvidence, TheLastAnswerCounts) {
  DnsEvidence evidence;
  evidence.record(kAnna, kHome, answer("a.example", 1), kStart);
  evidence.record(kAnna, kHome, answer("b.example", 1), kStart + 1);
  EXPECT_EQ(name_of(evidence.find(kAnna, ip(1), kStart + 2)), "b.example");
  EXPECT_EQ(evidence.addresses(), 1U);
}

TEST(DnsEvidence, EndsWithItsTimeToLiveWithinLimits) {
  const struct {
    std::uint32_t ttl_s;
    TimeNs lives;
  } cases[] = {{0, kEvidenceAgeMin}, {600, 600 * kSecond}, {0xffff'ffff, kEvidenceAgeMax}};
  for (const auto& each : cases) {
    DnsEvidence evidence;
    evidence.record(kAnna, kHome, answer("a.example", 1, each.ttl_s), kStart);
    EXPECT_EQ(name_of(evidence.find(kAnna, ip(1), kStart + each.lives - 1)), "a.example");
    EXPECT_EQ(name_of(evidence.find(kAnna, ip(1), kStart + each.lives)), "-");
    EXPECT_EQ(evidence.addresses(), 0U);
  }
}

TEST(DnsEvidence, WhatIsNone) {
  DnsEvidence evidence;
  DnsFacts unasked = answer("a.example", 1);
  unasked.asked = false;
  evidence.record(kAnna, kHome, unasked, kStart);
  evidence.record(ClientId{}, kHome, answer("a.example", 1), kStart);
  DnsFacts empty = answer("a.example", 1);
  empty.answers.clear();
  evidence.record(kAnna, kHome, empty, kStart);
  EXPECT_EQ(evidence.addresses(), 0U);
}

TEST(DnsEvidence, KeysForEncryptedHello) {
  DnsEvidence evidence;
  evidence.record(kAnna, kHome, answer("a.example", 1), kStart);
  EXPECT_FALSE(evidence.find(kAnna, ip(1), kStart)->ech);
  DnsFacts key = answer("a.example", 1);
  key.answers.clear();  // an HTTPS record without hints
  key.ech = true;
  evidence.record(kAnna, kHome, key, kStart);
  EXPECT_TRUE(evidence.find(kAnna, ip(1), kStart)->ech);
  for (std::size_t i = 0; i < kEchNamesMax; ++i) {
    key.query = "n" + std::to_string(i) + ".example";
    evidence.record(kAnna, kHome, key, kStart);
  }
  EXPECT_FALSE(evidence.find(kAnna, ip(1), kStart)->ech) << "so many names are kept";
}

TEST(DnsEvidence, IsBoundedPerClientAndInTotal) {
  DnsEvidence evidence({.addresses_per_client_max = 10, .addresses_max = 25, .clients_max = 3});
  for (int i = 0; i < 50; ++i) evidence.record(kAnna, kHome, answer("a.example", i), kStart);
  EXPECT_EQ(evidence.addresses(), 10U);
  EXPECT_EQ(name_of(evidence.find(kAnna, ip(39), kStart)), "-");
  EXPECT_EQ(name_of(evidence.find(kAnna, ip(40), kStart)), "a.example");
  for (int i = 0; i < 10; ++i) evidence.record(kBob, kHome, answer("b.example", i), kStart);
  for (int i = 0; i < 10; ++i) evidence.record(ClientId{3}, kHome, answer("c.example", i), kStart);
  EXPECT_EQ(evidence.addresses(), 25U);
  EXPECT_EQ(name_of(evidence.find(kAnna, ip(44), kStart)), "-")
      << "who was told something longest ago gives way";
  EXPECT_EQ(name_of(evidence.find(kAnna, ip(45), kStart)), "a.example");
  EXPECT_EQ(name_of(evidence.find(kBob, ip(0), kStart)), "b.example");
  evidence.record(ClientId{4}, kHome, answer("d.example", 1), kStart);
  EXPECT_EQ(name_of(evidence.find(kAnna, ip(49), kStart)), "-") << "no fourth client";
  EXPECT_EQ(evidence.addresses(), 21U);
  EXPECT_EQ(evidence.evicted(), 40U + 10U);
}

}  // namespace
}  // namespace weir::classifier
