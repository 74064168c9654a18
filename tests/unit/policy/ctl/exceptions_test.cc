// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/exceptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/lang/compile.h"

namespace weir::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr TimeNs kNoon = 1'795'348'800 * kSecond;  // 2026-11-22T12:00:00Z
constexpr TimeNs kHour = 3'600 * kSecond;

policy::ExceptionsFile parsed(const std::string& text) {
  auto file = policy::parse_exceptions(text, "exceptions.yaml");
  EXPECT_TRUE(file.has_value()) << text;
  return file ? *file : policy::ExceptionsFile{};
}
NewException exception(const std::string& name, TimeNs ends) {
  return {name,           {{"client", {"10.0.0.1"}}, {"domain", {"a.example", "b.example"}}, {"mac", {}}},
          ends,           "o",
          "r \"quoted\"", "root"};
}
std::string added(const policy::ExceptionsFile& file, const std::string& name, TimeNs ends,
                  TimeNs now = kNoon) {
  const auto text = with_exception(file, exception(name, ends), now);
  EXPECT_TRUE(text.has_value()) << text.error().what;
  return text.value_or("");
}

TEST(ExceptionLasting, IsADurationOrDays) {
  EXPECT_EQ(parse_lasting("90m"), 90 * 60 * kSecond);
  EXPECT_EQ(parse_lasting("30d"), 30 * 24 * kHour);
  EXPECT_EQ(parse_lasting("366d"), 366 * 24 * kHour);
  for (const char* const wrong : {"", "d", "0d", "367d", "-1d", "1.5d", "forever", "999999999999d"})
    EXPECT_FALSE(parse_lasting(wrong).has_value()) << wrong;
}

TEST(ExceptionTexts, WhatIsWrittenIsRead) {
  const std::string text = added({}, "x", kNoon + kHour + 1);
  const policy::ExceptionsFile file = parsed(text);
  EXPECT_EQ(file.judged, kNoon);
  ASSERT_EQ(file.list.items.size(), 1U);
  const ResultAll<policy::ExceptionsFile> kept = file;
  const auto compiled = policy::compile("weir-policy: 1\n", {.exceptions = &kept});
  ASSERT_TRUE(compiled.has_value());
  EXPECT_THAT((*compiled)->parts().exception_faults, IsEmpty());
  const policy::Exception& one = (*compiled)->parts().exceptions.at(0);
  EXPECT_EQ(one.ends, kNoon + kHour + kSecond) << "the next whole second";
  EXPECT_EQ(one.reason, "r \"quoted\"");
  EXPECT_THAT(one.domains, ElementsAre("a.example", "b.example"));
}

TEST(ExceptionTexts, ANameIsTakenUntilItsEnd) {
  const policy::ExceptionsFile file = parsed(added({}, "x", kNoon + kHour));
  const auto again = with_exception(file, exception("x", kNoon + 2 * kHour), kNoon);
  ASSERT_FALSE(again.has_value());
  EXPECT_THAT(again.error().what, HasSubstr("already called x"));
  EXPECT_THAT(added(file, "x", kNoon + 3 * kHour, kNoon + kHour), HasSubstr("15:00:00Z"));
}

TEST(ExceptionTexts, WhatEndedGoesAndStaysAway) {
  const policy::ExceptionsFile file =
      parsed(added(parsed(added({}, "x", kNoon + kHour)), "y", kNoon + 2 * kHour));
  const Ended none = ended_exceptions(file, {}, kNoon + kHour - 1);
  EXPECT_THAT(none.names, IsEmpty());
  policy::Exception in_text;
  in_text.name = "t";
  in_text.ends = kNoon + kHour;
  const Ended ended = ended_exceptions(file, {in_text}, kNoon + kHour);
  EXPECT_THAT(ended.names, ElementsAre("x", "t"));
  const policy::ExceptionsFile later = parsed(ended.text);
  EXPECT_EQ(later.judged, kNoon + kHour);
  ASSERT_EQ(later.list.items.size(), 1U);
  EXPECT_EQ(later.list.items[0].find("exception")->text, "y");
  ASSERT_EQ(later.ended.items.size(), 1U) << "it is remembered";
  EXPECT_EQ(later.ended.items[0].find("exception")->text, "x");
  EXPECT_THAT(ended_exceptions(later, {in_text}, kNoon).names, IsEmpty()) << "said once";
  EXPECT_EQ(parsed(ended_exceptions(later, {}, kNoon).text).judged, kNoon + kHour)
      << "the clock was set back";
}

TEST(ExceptionTexts, NoneIsMadeThatHasEndedOrBehindTheClock) {
  const auto past = with_exception({}, exception("x", kNoon), kNoon);
  ASSERT_FALSE(past.has_value());
  EXPECT_THAT(past.error().what, HasSubstr("2026-11-22T12:00:00Z, which has passed"));
  policy::ExceptionsFile file;
  file.judged = kNoon + 2 * kHour;
  const auto behind = with_exception(file, exception("x", kNoon + kHour), kNoon);
  ASSERT_FALSE(behind.has_value());
  EXPECT_THAT(behind.error().what,
              HasSubstr("the clock says 2026-11-22T12:00:00Z, and exceptions were looked at "
                        "2026-11-22T14:00:00Z already"));
}

TEST(ExceptionTexts, RemovedByName) {
  const policy::ExceptionsFile file =
      parsed(added(parsed(added({}, "first", kNoon + kHour)), "second", kNoon + kHour));
  const policy::ExceptionsFile without =
      parsed(without_exception(file, "first", {"ada", "is over"}, kNoon).value_or(""));
  ASSERT_EQ(without.list.items.size(), 1U);
  EXPECT_EQ(without.list.items[0].find("exception")->text, "second");
  ASSERT_EQ(without.ended.items.size(), 1U);
  EXPECT_EQ(without.ended.items[0].find("removed_by")->text, "ada");
  EXPECT_EQ(without.ended.items[0].find("removed_because")->text, "is over");
  const auto wrong = without_exception(file, "secnd", {}, kNoon);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(wrong.error().advice, "did you mean second?");
}

TEST(ExceptionTexts, AtMostSoMany) {
  policy::ExceptionsFile file = parsed(added({}, "x", kNoon + kHour));
  Node entry = file.list.items[0];
  for (std::size_t i = 1; i < policy::kExceptionsMax; ++i) {
    entry.entries[0].value.text = "x" + std::to_string(i);
    file.list.items.push_back(entry);
  }
  const auto one_more = with_exception(file, exception("y", kNoon + kHour), kNoon);
  ASSERT_FALSE(one_more.has_value());
  EXPECT_EQ(one_more.error().code, ErrorCode::kLimit);
}

TEST(ExceptionTexts, OfThoseThatEndedTheLastAreRemembered) {
  policy::ExceptionsFile file = parsed(added({}, "x", kNoon + kHour));
  Node entry = file.list.items[0];
  file.list.items.clear();
  file.ended.kind = Node::Kind::kList;
  for (std::size_t i = 0; i <= kEndedMax; ++i) {
    entry.entries[0].value.text = "x" + std::to_string(i);
    file.ended.items.push_back(entry);
  }
  const policy::ExceptionsFile kept = parsed(ended_exceptions(file, {}, kNoon).text);
  ASSERT_EQ(kept.ended.items.size(), kEndedMax);
  EXPECT_EQ(kept.ended.items[0].find("exception")->text, "x1");
  // Those that hold come first where there is no room for all.
  const std::string wide(policy::kPolicyTextBytesMax / 3, 'r');
  for (Node::Entry& one : entry.entries)
    if (one.key == "reason") one.value.text = wide;
  file.ended.items.assign(4, entry);
  const policy::ExceptionsFile fits = parsed(added(file, "y", kNoon + kHour));
  EXPECT_EQ(fits.list.items.size(), 1U);
  EXPECT_EQ(fits.ended.items.size(), 2U);
}

TEST(ExceptionTexts, ShownWithWhatIsKnownOfThem) {
  NewException made = exception("x", kNoon + kHour);
  made.violation = 17;
  policy::ExceptionsFile file = parsed(with_exception({}, made, kNoon).value_or(""));
  file = parsed(added(file, "y", kNoon + 2 * kHour));
  file = parsed(without_exception(file, "y", {"ada", "is over"}, kNoon).value_or(""));
  const ResultAll<policy::ExceptionsFile> kept = file;
  const auto policy = policy::compile("weir-policy: 1\n", {.exceptions = &kept});
  ASSERT_TRUE(policy.has_value());
  EXPECT_THAT((*policy)->parts().exception_faults, IsEmpty());
  EXPECT_EQ(exception_rows(file, **policy, kNoon, {}).size(), 1U);
  const auto hide = [](const std::string& client) { return "hidden-" + client.substr(client.size() - 1); };
  const Json rows = exception_rows(file, **policy, kNoon, {.ended = true, .client = hide});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["for"], "client hidden-1");
  EXPECT_EQ(rows[0]["allows"], "domain a.example, b.example");
  EXPECT_EQ(rows[0]["state"], "in force");
  EXPECT_EQ(rows[0]["violation"], "17");
  EXPECT_EQ(rows[1]["state"], "removed");
  EXPECT_EQ(rows[1]["removed_by"], "ada");
  EXPECT_EQ(rows[1]["until"], "2026-11-22T14:00:00Z");
}

}  // namespace
}  // namespace weir::ctl
