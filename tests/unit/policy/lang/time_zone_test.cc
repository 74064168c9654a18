// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/time_zone.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <random>

#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

TEST(TimeZone, DefaultIsUtc) {
  const TimeZone utc;
  EXPECT_EQ(utc.offset_s(1'795'348'800), 0);
  EXPECT_EQ(utc.local(1'795'348'800).weekday, 6);  // 2026-11-22 12:00, a Sunday
  EXPECT_EQ(utc.local(1'795'348'800).minute, 720);
  EXPECT_EQ(utc.local(-1).weekday, 2);  // 1969-12-31, a Wednesday
  EXPECT_EQ(utc.local(-1).minute, 1'439);
}

TEST(TimeZone, DaylightSavingChangesToTheSecond) {
  const auto toronto = TimeZone::load("America/Toronto");
  ASSERT_TRUE(toronto.has_value());
  EXPECT_EQ(toronto->offset_s(1'772'953'199), -5 * 3'600);  // 2026-03-08 01:59:59 EST
  EXPECT_EQ(toronto->offset_s(1'772'953'200), -4 * 3'600);
  EXPECT_EQ(toronto->offset_s(1'793'512'799), -4 * 3'600);  // 2026-11-01 01:59:59 EDT
  EXPECT_EQ(toronto->offset_s(1'793'512'800), -5 * 3'600);
}

/// The C library is the oracle: years before the table, within it, and long after it, where the rule speaks.
TEST(TimeZone, AgreesWithTheCLibrary) {
  std::mt19937_64 random{20'261'122};
  std::uniform_int_distribution<std::int64_t> instant{-4'000'000'000, 20'000'000'000};
  for (const char* const name :
       {"UTC", "America/Toronto", "America/St_Johns", "Europe/Berlin", "Europe/Dublin", "Asia/Kolkata",
        "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Auckland", "America/Sao_Paulo", "Africa/Casablanca",
        "Asia/Gaza", "Pacific/Apia", "America/Nuuk", "Asia/Tehran"}) {
    const auto zone = TimeZone::load(name);
    ASSERT_TRUE(zone.has_value()) << name;
    setenv("TZ", name, 1);
    tzset();
    for (int i = 0; i < 3'000; ++i) {
      const std::time_t at = instant(random);
      std::tm local{};
      ASSERT_NE(localtime_r(&at, &local), nullptr);
      ASSERT_EQ(zone->offset_s(at), local.tm_gmtoff) << name << " at " << at;
      ASSERT_EQ(zone->local(at).minute, local.tm_hour * 60 + local.tm_min) << name << " at " << at;
      ASSERT_EQ(zone->local(at).weekday, (local.tm_wday + 6) % 7) << name << " at " << at;
    }
  }
  unsetenv("TZ");
  tzset();
}

TEST(TimeZone, MidnightIsWhereTheLocalDayBegins) {
  for (const char* const name : {"America/Toronto", "Asia/Kolkata", "Pacific/Auckland"}) {
    const auto zone = TimeZone::load(name);
    ASSERT_TRUE(zone.has_value());
    for (std::int64_t day = 20'000; day < 20'800; ++day) {
      const std::int64_t midnight = zone->midnight(day);
      EXPECT_EQ(zone->local(midnight).minute, 0) << name << " day " << day;
      EXPECT_EQ((midnight + zone->offset_s(midnight)) / 86'400, day);
    }
  }
}

TEST(TimeZone, NamesThatAreNotZones) {
  EXPECT_EQ(TimeZone::load("America/Torronto").error().code, ErrorCode::kNotFound);
  for (const char* const name : {"", "/etc/passwd", "../../../etc/passwd", "a b"}) {
    EXPECT_EQ(TimeZone::load(name).error().code, ErrorCode::kInvalid) << name;
  }
  EXPECT_FALSE(TimeZone::load("zone.tab").has_value());
}

TEST(TimeZone, DamagedFilesAreRefused) {
  const auto bytes = read_text_file(std::string(kZoneDirectory) + "/America/Toronto", kZoneBytesMax);
  ASSERT_TRUE(bytes.has_value());
  ASSERT_TRUE(TimeZone::parse(*bytes).has_value());
  std::size_t refused = 0;
  for (std::size_t cut = 0; cut < bytes->size(); cut += 7) {
    if (!TimeZone::parse(std::string_view(*bytes).substr(0, cut)).has_value()) ++refused;
  }
  EXPECT_GT(refused, bytes->size() / 7 - 8) << "only a cut within the rule at the end may still be read";
  std::string version1 = *bytes;
  version1[4] = '\0';
  EXPECT_EQ(TimeZone::parse(version1).error().code, ErrorCode::kCorrupt);
}

TEST(ZoneRule, WhatIsNotARule) {
  EXPECT_TRUE(parse_zone_rule("UTC0").has_value());
  EXPECT_TRUE(parse_zone_rule("<-03>3").has_value());
  EXPECT_TRUE(parse_zone_rule("IST-1GMT0,M10.5.0,M3.5.0/1").has_value());
  EXPECT_TRUE(parse_zone_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0").has_value());
  for (const char* const text :
       {"", "UTC", "U0", "UTC25", "EST5EDT", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0",
        "EST5EDT,M3.2.0,M11.1.0x", "EST5EDT,J0,J365", "EST5EDT,366,1", "<abc5"}) {
    EXPECT_FALSE(parse_zone_rule(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace weir::policy
