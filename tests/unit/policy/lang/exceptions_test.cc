// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/exceptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "policy/lang/compile.h"
#include "policy/lang/policy.h"
#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TimeNs kNoon = 1'795'348'800 * kSecond;  // 2026-11-22, UTC

TEST(ExceptionEnd, IsADayALocalTimeOrAnInstant) {
  const auto toronto = TimeZone::load("America/Toronto");
  ASSERT_TRUE(toronto.has_value());
  const TimeNs hour = 3'600 * kSecond;
  EXPECT_EQ(parse_end({}, "2026-11-22"), kNoon + 12 * hour) << "the day is the last";
  EXPECT_EQ(parse_end(*toronto, "2026-11-22"), kNoon + 17 * hour);
  EXPECT_EQ(parse_end(*toronto, "2026-11-22 07:00"), kNoon);
  EXPECT_EQ(parse_end(*toronto, "2026-11-01 12:00"), kNoon - 21 * 24 * hour + 5 * hour) << "clocks went back";
  EXPECT_EQ(parse_end(*toronto, "2026-11-22T12:00:00Z"), kNoon);
  EXPECT_EQ(parse_end({}, "2028-02-29T23:59:59Z"), 1'835'481'599 * kSecond) << "a leap day";
  for (const char* const wrong : {"", "tomorrow", "2026-11-31", "2026-02-29", "2026-11-22T12:00:00",
                                  "2026-11-22T24:00:00Z", "2026-11-22T12:00:60Z", "2026-11-22 7:00"})
    EXPECT_EQ(parse_end({}, wrong), std::nullopt) << wrong;
}

class Kept : public testing::Test {
 protected:
  void write(const std::string& judged, const std::string& list) const {
    std::ofstream(path_) << "weir-exceptions: 1\njudged: " << judged << "\nexceptions:\n" << list;
  }
  [[nodiscard]] std::shared_ptr<const Policy> compiled(const std::string& more = "") const {
    const auto kept = read_exceptions(path_);
    const auto made = compile(
        "weir-policy: 1\ngroups: {lab: {hosts: [10.0.0.1]}}\n"
        "network: [{rule: r, then: block}]\n" +
            more,
        {.file = "p", .exceptions = &kept});
    EXPECT_TRUE(made.has_value()) << to_text(made.error().front());
    return made ? *made : nullptr;
  }
  [[nodiscard]] static std::vector<std::string> names(const Policy& policy) {
    std::vector<std::string> names;
    for (const Exception& one : policy.parts().exceptions) names.push_back(one.name);
    return names;
  }
  static std::string entry(const std::string& name, const std::string& more) {
    return "  - {exception: " + name + ", owner: o, reason: r, " + more + "}\n";
  }
  test::TemporaryDirectory folder_;
  std::string path_ = folder_.file("exceptions.yaml");
};

TEST_F(Kept, AreBesideThePolicyAndNoFileIsNone) {
  EXPECT_EQ(exceptions_path("/etc/weir/policy/current.yaml"), "/etc/weir/policy/exceptions.yaml");
  EXPECT_THAT(names(*compiled()), IsEmpty());
  write("2026-11-22T12:00:00Z", entry("a", "group: lab, rule: r, until: 2026-11-22"));
  const auto policy = compiled();
  ASSERT_THAT(names(*policy), ElementsAre("a"));
  EXPECT_TRUE(policy->parts().exceptions[0].kept);
  EXPECT_THAT(policy->parts().exception_faults, IsEmpty());
}

TEST_F(Kept, WhatHadEndedWhenSomebodyLookedLastHasEndedForGood) {
  const std::string of_text =
      "exceptions: [{exception: t, owner: o, reason: r, group: lab, rule: r, until: 2026-11-22T12:00:00Z}]\n";
  const std::string list = entry("a", "group: lab, rule: r, until: 2026-11-22T12:00:00Z") +
                           entry("b", "group: lab, rule: r, until: 2026-11-22T12:00:01Z");
  write("2026-11-22T11:59:59Z", list);
  EXPECT_THAT(names(*compiled(of_text)), ElementsAre("t", "a", "b"));
  write("2026-11-22T12:00:00Z", list);
  EXPECT_THAT(names(*compiled(of_text)), ElementsAre("b")) << "those of the policy's text as well";
  EXPECT_THAT(
      names(*compiled(of_text + "tests: [{test: a, flow: {client: 10.0.0.1, at: \"2026-11-01 12:00\"}, "
                                "expect: allow, exception: t}]\n")),
      ElementsAre("b"))
      << "and a test that names one still compiles";
}

TEST_F(Kept, OneThatDoesNotFitThePolicyLiftsNothingAndIsTold) {
  write("2026-11-22T12:00:00Z", entry("a", "group: gone, rule: r, until: 2027-11-22") +
                                    entry("b", "group: lab, rule: gone, until: 2027-11-22") +
                                    entry("c", "group: lab, rule: r, until: 2027-11-22") + "  - nothing\n");
  const auto policy = compiled();
  EXPECT_THAT(names(*policy), ElementsAre("c"));
  std::vector<std::string> faults;
  for (const Error& error : policy->parts().exception_faults) faults.push_back(to_text(error));
  ASSERT_EQ(faults.size(), 3U);
  EXPECT_THAT(faults[0], HasSubstr("exceptions.yaml:4:48: error: no group is called \"gone\""));
  EXPECT_THAT(faults[1], HasSubstr("no rule is called \"gone\""));
  EXPECT_THAT(faults[2], HasSubstr("must be a map"));
}

TEST_F(Kept, OfADamagedFileNothingHolds) {
  for (const char* const text : {"weir-exceptions: 2\njudged: 2026-11-22T12:00:00Z\nexceptions: []\n",
                                 "weir-exceptions: 1\nexceptions: []\n", "[", "weir-exceptions: 1\n"}) {
    std::ofstream(path_) << text;
    EXPECT_THAT(names(*compiled()), IsEmpty());
    EXPECT_FALSE(compiled()->parts().exception_faults.empty()) << text;
  }
}

TEST_F(Kept, AtMostSoMany) {
  std::string list;
  for (std::size_t i = 0; i <= kExceptionsMax; ++i)
    list += "  - {exception: e" + std::to_string(i) +
            ", client: 10.0.0.1, rule: r, until: 2027-11-22, owner: o, reason: r}\n";
  const auto made =
      compile("weir-policy: 1\nnetwork: [{rule: r, then: block}]\nexceptions:\n" + list, {.file = "p"});
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(to_text(made.error().front()), HasSubstr("more than 4000 exceptions"));
  write("2026-11-22T12:00:00Z", list);
  const auto policy = compiled();
  EXPECT_THAT(names(*policy), IsEmpty());
  EXPECT_FALSE(policy->parts().exception_faults.empty());
}

}  // namespace
}  // namespace weir::policy
