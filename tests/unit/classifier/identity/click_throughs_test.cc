// SPDX-License-Identifier: Apache-2.0
#include "classifier/identity/click_throughs.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::classifier {
namespace {

constexpr TimeNs kNow = 1'700'000'000 * kSecond;
constexpr ClientId kAnna{1};
constexpr ClientId kBert{2};
constexpr ClientId kNobody{};

TEST(ClickThroughs, ATokenIsForOneClientRuleAndPath) {
  const ClickThroughs clicks;
  const std::string token = clicks.token(kAnna, "shopping", "/a?b=c", kNow);
  EXPECT_TRUE(clicks.was_given(token, kAnna, "shopping", "/a?b=c", kNow));
  EXPECT_FALSE(clicks.was_given(token, kBert, "shopping", "/a?b=c", kNow)) << "replayed by another client";
  EXPECT_FALSE(clicks.was_given(token, kAnna, "games", "/a?b=c", kNow));
  EXPECT_FALSE(clicks.was_given(token, kAnna, "shopping", "//evil.example", kNow));
  EXPECT_FALSE(clicks.was_given(token, kNobody, "shopping", "/a?b=c", kNow));
  EXPECT_TRUE(clicks.token(kNobody, "shopping", "/", kNow).empty());
}

TEST(ClickThroughs, ATokenEnds) {
  const ClickThroughs clicks;
  const std::string token = clicks.token(kAnna, "r", "/", kNow);
  EXPECT_TRUE(clicks.was_given(token, kAnna, "r", "/", kNow + kClickAgeMax));
  EXPECT_FALSE(clicks.was_given(token, kAnna, "r", "/", kNow + kClickAgeMax + 1));
  EXPECT_FALSE(clicks.was_given(token, kAnna, "r", "/", kNow - 1)) << "from the future";
}

TEST(ClickThroughs, ATokenCannotBeMadeUp) {
  const ClickThroughs clicks;
  const std::string token = clicks.token(kAnna, "r", "/", kNow);
  ASSERT_EQ(token.size(), 40U);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == '0' ? '1' : '0';
    EXPECT_FALSE(clicks.was_given(forged, kAnna, "r", "/", kNow)) << i;
    EXPECT_FALSE(clicks.was_given(token.substr(0, i), kAnna, "r", "/", kNow)) << i;
  }
  EXPECT_FALSE(clicks.was_given("", kAnna, "r", "/", kNow));
  EXPECT_FALSE(clicks.was_given("+0000000" + token.substr(8), kAnna, "r", "/", kNow));
  const ClickThroughs other_process;
  EXPECT_FALSE(other_process.was_given(token, kAnna, "r", "/", kNow));
}

TEST(ClickThroughs, HoldUntilTheirEnd) {
  ClickThroughs clicks;
  EXPECT_TRUE(clicks.of(kAnna, kNow).empty());
  clicks.record(kAnna, "r", kNow + 60 * kSecond, kNow);
  clicks.record(kAnna, "s", kNow + 90 * kSecond, kNow);
  clicks.record(kNobody, "r", kNow + 60 * kSecond, kNow);
  EXPECT_EQ(clicks.clients(), 1U);
  ASSERT_EQ(clicks.of(kAnna, kNow).size(), 2U);
  EXPECT_TRUE(clicks.of(kBert, kNow).empty());
  ASSERT_EQ(clicks.of(kAnna, kNow + 60 * kSecond).size(), 1U);
  EXPECT_EQ(clicks.of(kAnna, kNow).front(), (ClickThrough{"s", kNow + 90 * kSecond}));
  clicks.record(kAnna, "s", kNow + 30 * kSecond, kNow);
  EXPECT_EQ(clicks.of(kAnna, kNow).front().ends, kNow + 30 * kSecond) << "the rule's time may be shorter now";
  EXPECT_TRUE(clicks.of(kAnna, kNow + 30 * kSecond).empty());
  EXPECT_EQ(clicks.clients(), 0U);
}

TEST(ClickThroughs, OfAClientThereAreAtMostSoMany) {
  ClickThroughs clicks{{.rules_per_client_max = 3}};
  for (int i = 0; i < 4; ++i)
    clicks.record(kAnna, "r" + std::to_string(i), kNow + (i == 1 ? 1 : 100 + i) * kSecond, kNow);
  const auto held = clicks.of(kAnna, kNow);
  EXPECT_EQ(held.size(), 3U);
  EXPECT_TRUE(std::ranges::none_of(held, [](const ClickThrough& one) { return one.rule == "r1"; }));
  EXPECT_EQ(clicks.evicted(), 1U);
}

TEST(ClickThroughs, OfClientsThereAreAtMostSoMany) {
  ClickThroughs clicks{{.clients_max = 2}};
  for (const auto client : {kAnna, kBert, ClientId{3}}) clicks.record(client, "r", kNow + kSecond, kNow);
  EXPECT_EQ(clicks.clients(), 2U);
  EXPECT_TRUE(clicks.of(kAnna, kNow).empty());
  EXPECT_FALSE(clicks.of(ClientId{3}, kNow).empty());
  EXPECT_EQ(clicks.evicted(), 1U);
}

}  // namespace
}  // namespace weir::classifier
