// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/moment.h"

#include <gtest/gtest.h>

namespace weir::policy {
namespace {

constexpr TimeNs kNoon = 1'795'348'800 * kSecond;  // 2026-11-22T12:00:00Z

TEST(Moment, Rfc3339) {
  EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00Z"), kNoon);
  EXPECT_EQ(parse_rfc3339("2026-11-22T07:00:00-05:00"), kNoon);
  EXPECT_EQ(parse_rfc3339("2026-11-22T17:30:01+05:30"), kNoon + kSecond);
  EXPECT_EQ(parse_rfc3339("2026-11-23T02:00:00+14:00"), kNoon);
  for (const char* const wrong :
       {"", "2026-11-22T12:00:00", "2026-11-22T12:00:00z", "2026-11-22T12:00:00+5:00",
        "2026-11-22T12:00:00+05:60", "2026-11-22T12:00:00+24:00", "2026-11-22T12:00:60Z",
        "2026-11-22T24:00:00Z", "2026-02-29T12:00:00Z", "2026-11-22 12:00:00Z", "2026-11-22T12:00:00 Z"})
    EXPECT_EQ(parse_rfc3339(wrong), std::nullopt) << wrong;
}

TEST(Moment, LocalTime) {
  const auto toronto = TimeZone::load("America/Toronto");
  ASSERT_TRUE(toronto.has_value());
  EXPECT_EQ(parse_moment(*toronto, "2026-11-22 07:00"), kNoon);
  EXPECT_EQ(parse_moment(*toronto, "2026-11-22T12:00:00Z"), kNoon);
  EXPECT_EQ(parse_moment({}, "2026-11-22 12:00"), kNoon);
  EXPECT_EQ(parse_moment(*toronto, "2026-07-01 08:00"), *parse_rfc3339("2026-07-01T12:00:00Z"));
  EXPECT_EQ(local_text(*toronto, kNoon), "2026-11-22 07:00:00-05:00");
  EXPECT_EQ(local_text({}, kNoon), "2026-11-22 12:00:00+00:00");
  for (const char* const wrong : {"", "tomorrow", "2026-11-22", "2026-11-22 24:00", "2026-11-22 7:00"})
    EXPECT_FALSE(parse_moment(*toronto, wrong).has_value()) << wrong;
}

TEST(Moment, WhereTheClocksChange) {
  const auto toronto = TimeZone::load("America/Toronto");
  ASSERT_TRUE(toronto.has_value());
  EXPECT_EQ(parse_moment(*toronto, "2026-03-08 01:59"), *parse_rfc3339("2026-03-08T06:59:00Z"));
  EXPECT_EQ(parse_moment(*toronto, "2026-03-08 03:00"), *parse_rfc3339("2026-03-08T07:00:00Z"));
  const auto never = parse_moment(*toronto, "2026-03-08 02:30");
  ASSERT_FALSE(never.has_value());
  EXPECT_EQ(to_text(never.error()),
            "error: '2026-03-08 02:30' does not exist that day, since the clocks change "
            "(write 2026-03-08T02:30:00-05:00 or ...-04:00)");
  EXPECT_EQ(parse_moment(*toronto, "2026-11-01 00:59"), *parse_rfc3339("2026-11-01T04:59:00Z"));
  EXPECT_EQ(parse_moment(*toronto, "2026-11-01 02:00"), *parse_rfc3339("2026-11-01T07:00:00Z"));
  const auto twice = parse_moment(*toronto, "2026-11-01 01:30");
  ASSERT_FALSE(twice.has_value());
  EXPECT_NE(twice.error().what.find("exists twice"), std::string::npos);
  const auto lord_howe = TimeZone::load("Australia/Lord_Howe");  // by half an hour
  ASSERT_TRUE(lord_howe.has_value());
  EXPECT_FALSE(parse_moment(*lord_howe, "2026-10-04 02:15").has_value());
  EXPECT_TRUE(parse_moment(*lord_howe, "2026-10-04 02:30").has_value());
  EXPECT_FALSE(parse_moment(*lord_howe, "2026-04-05 01:45").has_value());
}

}  // namespace
}  // namespace weir::policy
