// SPDX-License-Identifier: Apache-2.0
#include "policy/report/period.h"

#include <gtest/gtest.h>

#include "policy/lang/moment.h"

namespace weir::report {
namespace {

using policy::TimeZone;

TimeZone zone(const char* name) { return TimeZone::load(name).value(); }
TimeNs at(const char* text) { return policy::parse_rfc3339(text).value(); }
std::string words(const Period& period) {
  return date_text(period.first_day) + " " + date_text(period.end_day - 1);
}

TEST(Period, TheLastOneThatIsOver) {
  const TimeZone toronto = zone("America/Toronto");
  const TimeNs now = at("2026-11-28T03:00:00Z");  // still Friday the 27th in Toronto
  EXPECT_EQ(words(last_period(Kind::kDaily, toronto, now)), "2026-11-26 2026-11-26");
  EXPECT_EQ(words(last_period(Kind::kDaily, TimeZone{}, now)), "2026-11-27 2026-11-27");
  EXPECT_EQ(words(last_period(Kind::kWeekly, toronto, now)), "2026-11-16 2026-11-22");
  EXPECT_EQ(words(last_period(Kind::kMonthly, toronto, now)), "2026-10-01 2026-10-31");
  const TimeNs monday = at("2026-11-30T05:00:00Z");  // midnight of Monday
  EXPECT_EQ(words(last_period(Kind::kWeekly, toronto, monday)), "2026-11-23 2026-11-29");
  EXPECT_EQ(words(last_period(Kind::kWeekly, toronto, monday - 1)), "2026-11-16 2026-11-22");
  EXPECT_EQ(words(last_period(Kind::kMonthly, toronto, at("2028-03-01T05:00:00Z"))), "2028-02-01 2028-02-29");
  EXPECT_EQ(words(last_period(Kind::kMonthly, toronto, at("2027-01-15T05:00:00Z"))), "2026-12-01 2026-12-31");
}

TEST(Period, DaysOnWhichTheClocksChangeAreWhole) {
  const TimeZone toronto = zone("America/Toronto");
  const Period shorter = *period_from(Kind::kDaily, toronto, "2026-03-08", "");
  EXPECT_EQ(shorter.begin, at("2026-03-08T05:00:00Z"));
  EXPECT_EQ(shorter.end, at("2026-03-09T04:00:00Z"));
  const Period longer = *period_from(Kind::kDaily, toronto, "2026-11-01", "");
  EXPECT_EQ(longer.end - longer.begin, 25 * 3'600 * kSecond);
}

TEST(Period, OnesOwn) {
  EXPECT_EQ(words(*period_from(Kind::kWeekly, TimeZone{}, "2026-11-04", "")), "2026-11-04 2026-11-10");
  EXPECT_EQ(words(*period_from(Kind::kMonthly, TimeZone{}, "2026-02-01", "")), "2026-02-01 2026-02-28");
  EXPECT_EQ(words(*period_from(Kind::kDaily, TimeZone{}, "2026-11-04", "2026-11-06")),
            "2026-11-04 2026-11-06");
  for (const auto& [from, to] :
       {std::pair{"2026-11-04", "2026-11-03"}, std::pair{"2026-11-31", ""}, std::pair{"yesterday", ""},
        std::pair{"2026-11-04", "x"}, std::pair{"2025-01-01", "2026-01-02"}})
    EXPECT_FALSE(period_from(Kind::kDaily, TimeZone{}, from, to)) << from << " " << to;
  EXPECT_TRUE(period_from(Kind::kDaily, TimeZone{}, "2025-01-01", "2026-01-01"));  // kPeriodDaysMax
}

TEST(Period, TheOneBefore) {
  const auto before = [](Kind kind, const char* from, const char* to) {
    return words(previous_period(kind, TimeZone{}, *period_from(kind, TimeZone{}, from, to)));
  };
  EXPECT_EQ(before(Kind::kDaily, "2026-03-01", ""), "2026-02-28 2026-02-28");
  EXPECT_EQ(before(Kind::kWeekly, "2026-11-16", ""), "2026-11-09 2026-11-15");
  EXPECT_EQ(before(Kind::kMonthly, "2026-03-01", ""), "2026-02-01 2026-02-28");
  EXPECT_EQ(before(Kind::kDaily, "2026-11-04", "2026-11-06"), "2026-11-01 2026-11-03");
}

}  // namespace
}  // namespace weir::report
