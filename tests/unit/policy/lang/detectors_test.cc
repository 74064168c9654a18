// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/detectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/lang/catalogue.h"
#include "policy/lang/compile.h"

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<const Policy> compiled(const std::string& text) {
  const auto policy = compile("weir-policy: 1\n" + text, {.file = "p"});
  EXPECT_TRUE(policy) << (policy ? "" : to_text(policy.error().front()));
  return policy ? *policy : nullptr;
}

TEST(Detectors, APolicyWithoutTheSectionHasNone) {
  EXPECT_EQ(compiled("")->parts().detect, nullptr);
  EXPECT_TRUE(compiled("detect: {}\n")->parts().detect->detectors.empty());
}

TEST(Detectors, WhatIsNotWrittenIsUsual) {
  for (const DetectorRow& row : detector_rows()) {
    if (row.when || row.needs_products) continue;
    const auto policy = compiled("detect: {" + std::string(row.name) + ": {}}\n");
    ASSERT_EQ(policy->parts().detect->detectors.size(), 1U);
    const DetectorSettings& settings = policy->parts().detect->detectors[0];
    EXPECT_EQ(settings.kind, row.kind);
    EXPECT_TRUE(settings.on);
    EXPECT_EQ(settings.severity, row.severity);
    EXPECT_EQ(settings.within, row.within);
    EXPECT_EQ(settings.count, row.count);
    EXPECT_EQ(settings.percent, row.percent);
    EXPECT_EQ(settings.learn_days, row.learn_days);
    EXPECT_EQ(settings.days, row.days);
    EXPECT_EQ(settings.bytes, row.bytes);
    EXPECT_EQ(settings.entropy, row.entropy);
  }
}

TEST(Detectors, WhatIsWrittenHolds) {
  const auto policy = compiled(
      "groups: {staff: {subnets: [10.0.0.0/8]}, labs: {hosts: [192.168.0.1]}}\n"
      "schedules: {office: {days: mon-fri}, night: {hours: '22:00-06:00'}}\n"
      "lists: {partners: {domains: [partner.example]}}\n"
      "detect:\n"
      "  dns-tunnel: {entropy: 3.5, count: 7, within: 90m, severity: info, except: [labs, staff],\n"
      "               except_domains: [partners, own.example]}\n"
      "  after-hours: {when: {not: [office, night]}, bytes: 3 MB, on: false}\n"
      "  old-version: {products: ['firefox >=115', 'curl >=7.88 <9']}\n"
      "  updates-overdue: {products: [firefox, thunderbird], days: 365}\n"
      "  new-device: {learn_days: 0}\n"
      "  beacon: {percent: 25}\n");
  const auto& all = policy->parts().detect->detectors;
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].kind, DetectorKind::kOldVersion) << "in the order of the kinds";
  EXPECT_EQ(all[0].products[1].product, "curl");
  EXPECT_TRUE(all[0].products[1].versions.contains("8.0"));
  EXPECT_FALSE(all[0].products[1].versions.contains("7.50"));
  EXPECT_EQ(all[1].days, 365);
  EXPECT_EQ(all[1].products[1].product, "thunderbird");
  EXPECT_EQ(all[2].learn_days, 0);
  EXPECT_FALSE(all[3].on);
  EXPECT_EQ(all[3].bytes, 3'000'000U);
  EXPECT_TRUE(all[3].when.negated);
  EXPECT_THAT(all[3].when.any_of, ElementsAre(0, 1));
  EXPECT_EQ(all[4].entropy, 350);
  EXPECT_EQ(all[4].count, 7);
  EXPECT_EQ(all[4].within, 5'400 * kSecond);
  EXPECT_EQ(all[4].severity, Severity::kInfo);
  EXPECT_THAT(all[4].except, ElementsAre("labs", "staff"));
  ASSERT_EQ(all[4].except_domains.size(), 2U);
  DomainMatches matches;
  policy->parts().domains.lookup("www.own.example", matches);
  EXPECT_TRUE(matches.test(index_of(all[4].except_domains[1].set)));
  EXPECT_EQ(all[5].percent, 25);
}

TEST(Detectors, ListsAndSchedulesThatOnlyADetectorUsesAreUsed) {
  std::vector<Error> warnings;
  const auto policy = compile(
      "weir-policy: 1\nschedules: {office: {days: mon-fri}, idle: {days: sun}}\n"
      "lists: {a: {domains: [a.example]}, b: {domains: [b.example]}}\n"
      "detect: {after-hours: {when: {not: office}}, beacon: {except_domains: a}}\n",
      {.file = "p", .warnings = &warnings});
  ASSERT_TRUE(policy);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_THAT(warnings[0].what, HasSubstr("schedule idle is used by no rule"));
  EXPECT_THAT(warnings[1].what, HasSubstr("list b is used by no rule"));
}

TEST(Detectors, AProductThatTheCatalogueHasNotIsAMistake) {
  Catalogue catalogue;
  catalogue.products.emplace_back().id = "firefox";
  const auto policy = compile("weir-policy: 1\ndetect: {updates-overdue: {products: [firefox, firefix]}}\n",
                              {.file = "p", .catalogue = &catalogue});
  ASSERT_FALSE(policy);
  ASSERT_EQ(policy.error().size(), 1U);
  EXPECT_THAT(to_text(policy.error()[0]),
              HasSubstr("p:2:48: error: the software catalogue has no product firefix"));
}

}  // namespace
}  // namespace weir::policy
