// SPDX-License-Identifier: Apache-2.0
// A report of a store that is written here, against what it was before (golden/). WEIR_UPDATE_GOLDEN=1 writes
// the files anew: look at what changed.
#include "policy/report/report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "policy/engine/kept_event.h"
#include "policy/lang/moment.h"
#include "policy/report/collect.h"
#include "policy/report/pdf.h"
#include "policy/report/pdf_chart.h"
#include "policy/report/table_text.h"
#include "policy/store/flow_sums.h"
#include "policy/store/violation_store.h"
#include "tests/support/fontconfig_leaks.h"
#include "tests/support/stored_violations.h"
#include "tests/support/temporary_directory.h"

namespace weir::report {
namespace {

using policy::Batch;
using policy::Store;
using policy::StoreAccess;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TimeNs at(const std::string& text) { return policy::parse_rfc3339(text).value(); }

void violation(Batch& batch, const std::string& rule, Severity severity, const std::string& subject,
               const std::string& object, TimeNs when, int hits = 1) {
  for (int i = 0; i < hits; ++i)
    ASSERT_TRUE(batch.record(policy::ViolationSighting{rule, "web", "block", false, severity, subject, object,
                                                       "f", 7, when + i * kSecond}));
}

void flow(Batch& batch, int number, const std::string& app, const std::string& group,
          const std::string& client, std::uint64_t bytes, TimeNs ended) {
  policy::FlowRecord record;
  record.flow_id = fmt::format("f{}", number);
  record.ended = ended;
  record.initiator = client;
  record.responder = "203.0.113.9";
  event::FlowEvent event;
  event.mutable_id()->set_appliance("gate-1");
  event.mutable_id()->set_sequence(static_cast<std::uint64_t>(number));
  event.set_kind(event::KIND_FINAL);
  event.set_flow_id(record.flow_id);
  event.set_initiator(client);
  event.set_responder(record.responder);
  event.set_protocol(6);
  event.set_initiator_inside(true);
  event.set_app(app);
  event.set_group(group);
  event.mutable_counters()->set_bytes_from_initiator(bytes - 100);
  event.mutable_counters()->set_bytes_from_responder(100);
  record.event = policy::keep_event(event.SerializeAsString());
  ASSERT_TRUE(batch.record(record));
}

class ReportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.emplace(std::move(*Store::open(home_.file("weir.db"), StoreAccess::kWrite)));
    auto batch = store_->begin();
    violation(*batch, "no-gambling", Severity::kHigh, "10.0.1.5", "bet.example", at("2026-11-17T15:00:00Z"),
              12);
    violation(*batch, "no-gambling", Severity::kHigh, "10.0.1.6", "bet.example", at("2026-11-18T15:00:00Z"));
    violation(*batch, "no-gambling", Severity::kHigh, "10.0.1.6", "dice.example", at("2026-11-10T15:00:00Z"));
    violation(*batch, "video-budget", Severity::kLow, "anna@EXAMPLE.COM", "=HYPERLINK(\"x\")",
              at("2026-11-22T23:30:00-05:00"), 3);
    violation(*batch, "mail-out", Severity::kCritical, "10.9.0.9", "bob.smith@partner.example",
              at("2026-11-19T01:00:00Z"));
    violation(*batch, "too-late", Severity::kHigh, "10.0.1.5", "x", at("2026-11-23T00:00:00-05:00"));
    violation(*batch, "long-ago", Severity::kMedium, "10.0.1.7", "old.example", at("2026-08-01T12:00:00Z"));
    ASSERT_TRUE(batch->record(policy::SoftwareSighting{"10.0.1.5", "bittorrent", "3.0", "e", "f",
                                                       policy::SoftwareState::kUnauthorised,
                                                       at("2026-11-17T15:00:00Z")}));
    ASSERT_TRUE(batch->record(policy::SoftwareSighting{"10.0.1.6", "bittorrent", "2.9", "e", "f",
                                                       policy::SoftwareState::kUnauthorised,
                                                       at("2026-11-18T15:00:00Z")}));
    ASSERT_TRUE(batch->record(policy::SoftwareSighting{"10.0.1.6", "firefox", "115", "e", "f",
                                                       policy::SoftwareState::kAuthorised,
                                                       at("2026-10-01T15:00:00Z")}));
    flow(*batch, 1, "YouTube", "staff", "10.0.1.5", 3'000'000, at("2026-11-17T15:00:00Z"));
    flow(*batch, 2, "YouTube", "staff", "10.0.1.6", 1'000'000, at("2026-11-18T15:00:00Z"));
    flow(*batch, 3, "DNS", "", "10.9.0.9", 400, at("2026-11-18T16:00:00Z"));
    flow(*batch, 4, "YouTube", "staff", "10.0.1.5", 9'000'000, at("2026-11-25T15:00:00Z"));
    auto quota = batch->quota("video-budget", "anna@EXAMPLE.COM", at("2026-11-18T05:00:00Z"),
                              at("2026-11-19T05:00:00Z"));
    ASSERT_TRUE(quota);
    quota->used = {2'000'000, 2'700, 9, 0};
    quota->percent_said = 100;
    quota->last_used = at("2026-11-18T20:00:00Z");
    ASSERT_TRUE(batch->put(*quota));
    ASSERT_TRUE(batch->count("events_applied", 1'234'567));
    ASSERT_TRUE(batch->count("events_gone", 3));
    ASSERT_TRUE(batch->commit());
    auto deciding = store_->begin();
    const policy::Act act{"vera", at("2026-11-20T10:00:00Z"), "looked at it"};
    const std::int64_t found = id_of("10.0.1.5", "bet.example");
    const std::int64_t mistaken = id_of("10.0.1.6", "bet.example");
    ASSERT_TRUE(policy::move_violation(*deciding, found, "confirmed", act));
    ASSERT_TRUE(policy::move_violation(*deciding, mistaken, "false_positive", act));
    ASSERT_TRUE(policy::move_violation(*deciding, mistaken, "closed", act));
    ASSERT_TRUE(deciding->commit());
    request_.kind = Kind::kWeekly;
    request_.appliance = "gate-1";
    request_.zone = policy::TimeZone::load("America/Toronto").value();
    request_.zone_name = "America/Toronto";
    request_.now = at("2026-11-23T13:00:00Z");
    request_.period = last_period(request_.kind, request_.zone, request_.now);
    request_.group_of = [](const std::string& subject) {
      return subject.starts_with("10.0.") ? "staff" : "";
    };
  }
  std::int64_t id_of(const std::string& subject, const std::string& object) {
    const auto all = test::violations(*store_, true, 100).value();
    const auto found = std::ranges::find_if(
        all, [&](const policy::Violation& one) { return one.subject == subject && one.object == object; });
    return found == all.end() ? 0 : found->id;
  }
  Report report() {
    auto made = collect(*store_, request_);
    EXPECT_TRUE(made) << to_text(made.error());
    return made.value_or(Report{});
  }
  static std::vector<std::string> rows(const Report& made, const std::string& table, std::size_t column = 0) {
    std::vector<std::string> all;
    const Table* const found = made.find(table);
    if (found == nullptr) return {"no such table"};
    for (const auto& row : found->rows) all.push_back(cell_text(row.at(column), made));
    return all;
  }
  static void golden(const std::string& name, const std::string& made) {
    const std::string path = WEIR_SOURCE_DIR "/tests/unit/policy/report/golden/" + name;
    if (std::getenv("WEIR_UPDATE_GOLDEN") != nullptr) {
      std::ofstream(path, std::ios::binary) << made;
      return;
    }
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_EQ(made, text.str()) << "run this test with WEIR_UPDATE_GOLDEN=1 and look at what changed";
  }

  test::TemporaryDirectory home_;
  std::optional<Store> store_;
  Request request_;
};

TEST_F(ReportTest, IsWhatItWas) {
  const Report made = report();
  golden("weekly.json", to_json(made));
  golden("violations-by-rule.csv", to_csv(*made.find("violations-by-rule")));
  golden("top-objects.csv", to_csv(*made.find("top-objects")));
  request_.language = Language::kFrench;
  golden("weekly.fr.json", to_json(report()));
}

TEST_F(ReportTest, CountsWhatIsOfThePeriodAndOfTheOneBefore) {
  const Report made = report();
  EXPECT_EQ(made.figures[0].now.number, 4);         // new
  EXPECT_EQ(made.figures[0].change.number, 3'000);  // after one
  EXPECT_EQ(made.figures[1].now.number, 5);         // open: not the closed one, nor the one that came later
  EXPECT_EQ(made.figures[2].now.number, 1);         // closed in the period
  EXPECT_EQ(rows(made, "violations-by-rule", 7).front(), "50.0 %");  // of two that were decided, one false
  EXPECT_THAT(rows(made, "violations-by-rule"),
              ElementsAre("no-gambling", "mail-out", "video-budget", "long-ago"));
  EXPECT_THAT(rows(made, "oldest-open", 1),
              ElementsAre("long-ago", "no-gambling", "no-gambling", "mail-out", "video-budget"));
  EXPECT_THAT(rows(made, "software-new"), ElementsAre("bittorrent"));
  EXPECT_THAT(rows(made, "software-unauthorised", 3), ElementsAre("2"));
  EXPECT_THAT(rows(made, "traffic-by-application"), ElementsAre("YouTube", "DNS"));
  EXPECT_THAT(rows(made, "traffic-by-application", 3), ElementsAre("100.0 %", "0.0 %"));
}

TEST_F(ReportTest, SumsOfFlowsGoFurtherThanFlows) {
  policy::FlowSums sums;
  const auto add = [&](const char* client, const char* application, const char* category, std::uint64_t bytes,
                       const char* ended) {
    policy::FlowSample sample;
    sample.client = client;
    sample.application = application;
    sample.categories = {category};
    sample.ended = at(ended);
    sample.usage = {1, bytes / 2, bytes - bytes / 2};
    sums.add(sample);
  };
  add("10.0.1.5", "YouTube", "video", 6'000'000, "2026-11-17T15:00:00Z");
  add("10.0.1.6", "Netflix", "video", 2'000'000, "2026-11-22T23:59:00-05:00");
  add("10.0.1.6", "Netflix", "video", 9'000'000, "2026-11-23T00:01:00-05:00");  // not of that week
  add("10.0.1.6", "DNS", "", 4'000'000, "2026-11-10T12:00:00Z");                // of the one before
  auto batch = store_->begin();
  ASSERT_TRUE(policy::add_flow_sums(*batch, sums, request_.now));
  ASSERT_TRUE(batch->commit());
  const Report made = report();
  EXPECT_THAT(rows(made, "traffic-by-application"), ElementsAre("YouTube", "Netflix"));
  EXPECT_THAT(rows(made, "traffic-by-application", 3), ElementsAre("75.0 %", "25.0 %"));
  EXPECT_THAT(rows(made, "traffic-by-category"), ElementsAre("video"));
  EXPECT_THAT(rows(made, "traffic-by-category", 3), ElementsAre("100.0 %"));
  EXPECT_THAT(rows(made, "traffic-by-client"), ElementsAre("10.0.1.5", "10.0.1.6"));
  EXPECT_THAT(rows(made, "traffic-by-group"), ElementsAre("staff", "(no group)"));
  const auto figure = std::ranges::find(made.figures, "traffic", &Figure::key);
  EXPECT_EQ(figure->now.number, 8'000'000);
  EXPECT_EQ(figure->change.number, 1'000);  // twice as much
  EXPECT_THAT(made.charts[1].series[0].values, ElementsAre(0, 6'000'000, 0, 0, 0, 0, 2'000'000));
}

TEST_F(ReportTest, OfOneGroup) {
  request_.group = "staff";
  const Report made = report();
  EXPECT_EQ(made.figures[0].now.number, 2);
  EXPECT_THAT(rows(made, "traffic-by-client"), ElementsAre("10.0.1.5", "10.0.1.6"));
  EXPECT_EQ(made.find("violations-by-group"), nullptr);
}

TEST_F(ReportTest, NamesNoPerson) {
  const Report made = report();
  std::string all = to_json(made);
  for (const Table& table : made.tables) all += to_csv(table);
  EXPECT_THAT(all, Not(HasSubstr("anna")));
  EXPECT_THAT(all, Not(HasSubstr("bob.smith")));
  EXPECT_THAT(all, HasSubstr("user 1"));
}

TEST_F(ReportTest, ASpreadsheetTakesNothingForAFormula) {
  const Report made = report();
  EXPECT_THAT(to_csv(*made.find("top-objects")), HasSubstr("\r\n\"'=HYPERLINK(\"\"x\"\")\",low,"));
  Table table{"t", "", "", {{"a", "", false, 1}, {"b", "", true, 1}}, {}, 0};
  table.rows = {
      {Cell::of("@x"), Cell::count(std::int64_t{-5})}, {Cell::of("-1"), {}}, {Cell::of("a,b\nc"), {}}};
  EXPECT_EQ(to_csv(table), "a,b\r\n'@x,-5\r\n'-1,\r\n\"a,b\nc\",\r\n");
}

TEST_F(ReportTest, TablesAreCutAndSayHowMuchIsMissing) {
  auto batch = store_->begin();
  for (int i = 0; i < 40; ++i)
    violation(*batch, fmt::format("rule-{:02}", i), Severity::kLow, "10.0.1.5", "o",
              at("2026-11-17T15:00:00Z"));
  ASSERT_TRUE(batch->commit());
  const Report made = report();
  EXPECT_EQ(made.find("violations-by-rule")->rows.size(), kTableRowsMax);
  EXPECT_EQ(made.find("violations-by-rule")->left_out, 44 - kTableRowsMax);
  EXPECT_EQ(made.find("oldest-open")->rows.size(), kTableRowsMax);
  EXPECT_EQ(made.find("oldest-open")->left_out, 45 - kTableRowsMax);
  EXPECT_THAT(rows(made, "oldest-open", 1).front(), "long-ago");
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t found = text.find(part); found != std::string::npos; found = text.find(part, found + 1))
    ++count;
  return count;
}

TEST_F(ReportTest, ThePdfIsTheSameEachTimeAndHasItsPages) {
  auto batch = store_->begin();
  for (int i = 0; i < 60; ++i)
    violation(*batch, fmt::format("rule-{:02}-{}", i, std::string(static_cast<std::size_t>(i) * 4, 'x')),
              Severity::kLow, fmt::format("10.0.1.{}", i), fmt::format("o{}", i), at("2026-11-17T15:00:00Z"));
  ASSERT_TRUE(batch->commit());
  const auto first = to_pdf(report(), Paper::kA4);
  ASSERT_TRUE(first) << to_text(first.error());
  EXPECT_EQ(*first, *to_pdf(report(), Paper::kA4));
  EXPECT_TRUE(first->starts_with("%PDF-1."));
  const std::size_t pages = count_of(*first, "<< /Type /Page %");
  EXPECT_GE(pages, 4U);
  EXPECT_LE(pages, 12U);
  EXPECT_THAT(*first, HasSubstr("/Title (Weekly report 2026-11-16 to 2026-11-22)"));
  EXPECT_THAT(*first, HasSubstr("/Author (Weir gate-1)"));
  EXPECT_THAT(*first, HasSubstr("/MediaBox [ 0 0 595"));
  EXPECT_THAT(*first, HasSubstr("/CreationDate (20261123130000Z)"));
  EXPECT_THAT(*to_pdf(report(), Paper::kLetter), HasSubstr("/MediaBox [ 0 0 612 792 ]"));
}

TEST_F(ReportTest, AnEmptyStoreGivesAReportToo) {
  Store empty = std::move(*Store::open(home_.file("empty.db"), StoreAccess::kWrite));
  for (const Kind kind : {Kind::kDaily, Kind::kWeekly, Kind::kMonthly}) {
    request_.kind = kind;
    request_.period = last_period(kind, request_.zone, request_.now);
    const auto made = collect(empty, request_);
    ASSERT_TRUE(made) << to_text(made.error());
    EXPECT_TRUE(to_pdf(*made, Paper::kA4));
    EXPECT_EQ(made->charts[0].labels.size(), kind == Kind::kDaily ? 24U : kind == Kind::kWeekly ? 7U : 31U);
  }
}

TEST(ReportWords, NumbersInBothLanguages) {
  EXPECT_EQ(count_text(1'234'567, Language::kEnglish), "1,234,567");
  EXPECT_EQ(count_text(-12, Language::kFrench), "-12");
  EXPECT_EQ(count_text(1'234, Language::kFrench), "1\u202f234");
  EXPECT_EQ(bytes_text(1'023, Language::kEnglish), "1023 B");
  EXPECT_EQ(bytes_text(1'536, Language::kEnglish), "1.5 KiB");
  EXPECT_EQ(bytes_text(std::int64_t{3} << 40U, Language::kFrench), "3,0\u202fTio");
  EXPECT_EQ(percent_text(-125, Language::kEnglish), "-12.5 %");
}

TEST(ReportChart, GridLinesAreRoundAndFew) {
  EXPECT_EQ(grid_step(0, false), 1);
  EXPECT_EQ(grid_step(4, false), 1);
  EXPECT_EQ(grid_step(5, false), 2);
  EXPECT_EQ(grid_step(1'000, false), 500);
  EXPECT_EQ(grid_step(1'000, true), 256);
  for (std::int64_t most = 1; most < 5'000; most += 7)
    EXPECT_LE((most - 1) / grid_step(most, false) + 1, 4) << most;
}

}  // namespace
}  // namespace weir::report
