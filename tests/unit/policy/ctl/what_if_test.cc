// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/what_if.h"

#include <gtest/gtest.h>

namespace weir::ctl {
namespace {

JudgedFlow flow(const std::string& client, const Said& running, const Said& candidate,
                std::uint64_t bytes = 1'500) {
  return {"id", client, "bet.example", "TLS", bytes, running, candidate};
}

const Said kAllowed{};
const Said kReported{Action::kReport, "watch"};
const Said kBlocked{Action::kBlock, "stop"};

TEST(WhatIf, TheStrongestWordOfAFlowCountsAndOfEqualsTheLast) {
  Said forwards;
  forwards.add_later(Action::kAllow, "partners");
  EXPECT_EQ(forwards.rule, "partners");
  for (const char* rule : {"stop", "stop-later"}) forwards.add_later(Action::kBlock, rule);
  forwards.add_later(Action::kBlock, "");
  forwards.add_later(Action::kReport, "watch");
  EXPECT_EQ(forwards.action, Action::kBlock);
  EXPECT_EQ(forwards.rule, "stop-later");
  Said backwards;
  backwards.add_earlier(Action::kReport, "watch");
  for (const char* rule : {"stop-later", "stop"}) backwards.add_earlier(Action::kBlock, rule);
  backwards.add_earlier(Action::kAllow, "partners");
  EXPECT_EQ(backwards.action, Action::kBlock);
  EXPECT_EQ(backwards.rule, "stop-later");
}

TEST(WhatIf, EveryPairOfWordsIsOneChange) {
  EXPECT_EQ(change_of(kAllowed, kAllowed), Change::kNone);
  EXPECT_EQ(change_of(kAllowed, {Action::kAllow, "partners"}), Change::kNone);
  EXPECT_EQ(change_of(kAllowed, kReported), Change::kReported);
  EXPECT_EQ(change_of(kAllowed, kBlocked), Change::kBlocked);
  EXPECT_EQ(change_of(kReported, kAllowed), Change::kNoLongerReported);
  EXPECT_EQ(change_of(kReported, kReported), Change::kNone);
  EXPECT_EQ(change_of(kReported, kBlocked), Change::kBlocked);
  EXPECT_EQ(change_of(kBlocked, kAllowed), Change::kNoLongerBlocked);
  EXPECT_EQ(change_of(kBlocked, kReported), Change::kNoLongerBlocked);
  EXPECT_EQ(change_of(kBlocked, {Action::kBlock, "other"}), Change::kOtherRule);
}

TEST(WhatIf, SafeSearchIsNoBlock) {
  const Said safe{Action::kSafeSearch, "safe"};
  EXPECT_EQ(change_of(kAllowed, safe), Change::kMadeSafe);
  EXPECT_EQ(change_of(safe, kReported), Change::kNoLongerMadeSafe);
  EXPECT_EQ(change_of(safe, kBlocked), Change::kBlocked);
  EXPECT_EQ(change_of(kBlocked, safe), Change::kNoLongerBlocked);
  EXPECT_EQ(change_of(safe, {Action::kSafeSearch, "other"}), Change::kOtherRule);
}

TEST(WhatIf, CountsByRuleClientNameAndApplication) {
  WhatIf what_if;
  what_if.count(flow("10.0.0.1", kAllowed, kAllowed));
  what_if.count(flow("10.0.0.1", kAllowed, kBlocked));
  what_if.count(flow("10.0.0.2", kAllowed, kBlocked));
  what_if.count(flow("10.0.0.2", kReported, kBlocked));
  what_if.count(flow("10.0.0.3", kBlocked, kAllowed, 20));
  EXPECT_EQ(what_if.flows(), 5U);
  EXPECT_EQ(what_if.changed(), 4U);
  EXPECT_EQ(what_if.text(1),
            "5 flows, 4 of them judged otherwise\n"
            "\n"
            "newly blocked: 3 flows, 4.5 kB\n"
            "  by rule         stop (3)\n"
            "  by client       10.0.0.2 (2), 1 more\n"
            "  by name         bet.example (3)\n"
            "  by application  TLS (3)\n"
            "\n"
            "no longer blocked: 1 flow, 20 B\n"
            "  by rule         stop (1)\n"
            "  by client       10.0.0.3 (1)\n"
            "  by name         bet.example (1)\n"
            "  by application  TLS (1)\n");
  const Json json = what_if.json(10);
  EXPECT_EQ(json["changes"][0]["by_client"][0], (Json{{"name", "10.0.0.2"}, {"flows", 2}, {"bytes", 3'000}}));
  EXPECT_EQ(json["changes"].size(), 2U);
}

}  // namespace
}  // namespace weir::ctl
