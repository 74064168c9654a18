// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/bypass_control.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "dataplane/control/operators.h"
#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

using nlohmann::json;

constexpr TimeNs kWall = 1'700'000'000 * kSecond;
constexpr TimeNs kMonotonic = 5'000 * kSecond;
constexpr std::uint32_t kNobody = 65'534;

Moment after(TimeNs time) { return {kMonotonic + time, kWall + time}; }

class BypassControlTest : public testing::Test {
 protected:
  BypassControlTest() {
    settings_.state_directory = directory_.path();
    settings_.operators = "no-such-group";
    for (const char* name : {"first", "second"}) {
      PairSettings pair;
      pair.name = name;
      pair.inside.device = pair.outside.device = "net_null0";
      settings_.pairs.push_back(pair);
    }
    start(0);
  }
  /// A data plane starts.
  void start(TimeNs time) {
    control_.reset();
    told_ = 0;
    bypasses_ = std::make_unique<PairBypasses>(settings_);
    control_ = std::make_unique<BypassControl>(settings_, *bypasses_,
                                               [this](std::uint32_t pairs) { told_ = pairs; });
    control_->begin(after(time));
  }
  json on(const std::string& pair, int for_s, TimeNs time = 0, const std::string& reason = "vendor asks") {
    json request = {{"op", "bypass"}, {"do", "on"}, {"for_s", for_s}, {"reason", reason}};
    if (!pair.empty()) request["pair"] = pair;
    return control_->request(request.dump(), 0, after(time));
  }
  json off(TimeNs time) { return control_->request(R"({"op":"bypass","do":"off"})", 0, after(time)); }
  json pair(std::size_t index) { return control_->pairs_json(PipelineCounters{}.ports)[index]; }
  std::vector<json> log(const std::string& event) {
    std::vector<json> lines;
    std::ifstream in(audit_file(settings_));
    for (std::string line; std::getline(in, line);) {
      lines.push_back(json::parse(line));
      if (lines.back()["event"] != event) lines.pop_back();
    }
    return lines;
  }

  test::TemporaryDirectory directory_;
  Settings settings_;
  std::unique_ptr<PairBypasses> bypasses_;
  std::unique_ptr<BypassControl> control_;
  std::uint32_t told_ = 0;
};

TEST_F(BypassControlTest, OnForATimeThenOver) {
  EXPECT_EQ(on("second", 900)["ok"], true);
  EXPECT_EQ(told_, 2U);
  control_->look(after(10 * kSecond));
  EXPECT_EQ(pair(0)["by_hand"], "off");
  EXPECT_EQ(pair(1)["by_hand"], "on");
  EXPECT_EQ(pair(1)["left_s"], 890);
  EXPECT_EQ(pair(1)["bypass_seconds"], 10);
  EXPECT_EQ(pair(1)["user"], "root");
  EXPECT_EQ(pair(1)["reason"], "vendor asks");

  control_->look(after(899 * kSecond));
  EXPECT_EQ(told_, 2U);
  control_->look(after(901 * kSecond));
  EXPECT_EQ(told_, 0U);
  EXPECT_EQ(pair(1)["bypass_seconds"], 900);
  EXPECT_TRUE(read_manual(manual_file(settings_))->empty());
  ASSERT_EQ(log("on").size(), 1U);
  ASSERT_EQ(log("off").size(), 1U);
  EXPECT_EQ(log("off")[0]["why"], "expired");
  EXPECT_EQ(log("off")[0]["seconds"], 900);
}

TEST_F(BypassControlTest, OffByHandAndOffOfNothing) {
  EXPECT_EQ(on("", 60)["changed"], (json{"first", "second"}));
  EXPECT_EQ(told_, 3U);
  EXPECT_EQ(off(5 * kSecond)["changed"], (json{"first", "second"}));
  EXPECT_EQ(told_, 0U);
  EXPECT_EQ(log("off").size(), 2U);
  EXPECT_EQ(log("off")[0]["seconds"], 5);
  EXPECT_TRUE(off(6 * kSecond)["changed"].empty());
}

TEST_F(BypassControlTest, TheSecondReplacesTheFirst) {
  EXPECT_EQ(on("first", 60)["ok"], true);
  EXPECT_EQ(on("first", 3'600, 30 * kSecond)["ok"], true);
  control_->look(after(61 * kSecond));
  EXPECT_EQ(told_, 1U);
  EXPECT_EQ(log("off")[0]["why"], "replaced");
}

TEST_F(BypassControlTest, ItOutlivesARestartAndEndsInTime) {
  EXPECT_EQ(on("first", 900)["ok"], true);
  start(100 * kSecond);
  EXPECT_EQ(told_, 1U);
  EXPECT_EQ(pair(0)["left_s"], 800);
  control_->look(after(901 * kSecond));
  EXPECT_EQ(told_, 0U);
}

TEST_F(BypassControlTest, WhatEndedWhileNoDataPlaneRanEndedThen) {
  EXPECT_EQ(on("first", 60)["ok"], true);
  start(kBypassLongest);
  EXPECT_EQ(told_, 0U);
  ASSERT_EQ(log("off").size(), 1U);
  EXPECT_EQ(log("off")[0]["seconds"], 60);
}

TEST_F(BypassControlTest, AClockThatWasSetBackMakesItNotLonger) {
  EXPECT_EQ(on("first", 60)["ok"], true);
  control_.reset();
  control_ =
      std::make_unique<BypassControl>(settings_, *bypasses_, [this](std::uint32_t pairs) { told_ = pairs; });
  control_->begin({kMonotonic, kWall - 3'600 * kSecond});
  EXPECT_EQ(told_, 1U);
  control_->look({kMonotonic + 61 * kSecond, kWall - 3'539 * kSecond});
  EXPECT_EQ(told_, 0U);
}

TEST_F(BypassControlTest, ADamagedStateFileIsNoBypass) {
  EXPECT_EQ(on("first", 60)["ok"], true);
  std::ofstream(manual_file(settings_), std::ios::app) << "x";
  start(kSecond);
  EXPECT_EQ(told_, 0U);
  EXPECT_EQ(pair(0)["by_hand"], "off");
}

TEST_F(BypassControlTest, TheTimeWithoutADataPlaneIsRecorded) {
  // The file that says "alive" has the real time, so the gap ends far before the test's clock begins.
  control_.reset();
  control_ = std::make_unique<BypassControl>(settings_, *bypasses_, [](std::uint32_t /*pairs*/) {});
  const TimeNs later = 4'000'000'000 * kSecond;
  control_->begin({kMonotonic, later});
  ASSERT_EQ(log("gap").size(), 2U);
  EXPECT_EQ(log("gap")[0]["why"], "nothing passed");
  EXPECT_EQ(log("gap")[0]["ended_ns"], later);
}

TEST_F(BypassControlTest, RefusesWhatIsIncompleteOrTooLong) {
  EXPECT_EQ(on("third", 60)["ok"], false);
  EXPECT_EQ(on("first", 0)["ok"], false);
  EXPECT_EQ(on("first", 86'401)["ok"], false);
  EXPECT_EQ(on("first", 60, 0, "")["ok"], false);
  EXPECT_EQ(on("first", 60, 0, "two\nlines")["ok"], false);
  for (const char* line : {R"({"do":"dance"})", R"({})", R"({"do":1})", R"({"do":"on","for_s":"x"})",
                           R"({"do":"on","for_s":60,"reason":7})"}) {
    EXPECT_EQ(control_->request(line, 0, after(0))["ok"], false) << line;
  }
  EXPECT_EQ(told_, 0U);
  EXPECT_TRUE(log("on").empty());
}

TEST_F(BypassControlTest, OnlyOperatorsMay) {
  const json answer = control_->request(R"({"op":"bypass","do":"off"})", kNobody, after(0));
  EXPECT_EQ(answer["ok"], false);
  EXPECT_NE(answer["error"].get<std::string>().find("no-such-group"), std::string::npos);
}

TEST(Operators, AreRootTheOwnUserAndTheGroup) {
  EXPECT_TRUE(may_operate(0, "none"));
  EXPECT_TRUE(may_operate(geteuid(), "none"));
  EXPECT_FALSE(may_operate(kNobody, "root"));
  EXPECT_TRUE(may_operate(kNobody, "nogroup")) << "nobody's own group on Debian";
  EXPECT_FALSE(may_operate(4'000'000'000U, "root")) << "no such user";
}

}  // namespace
}  // namespace weir::dataplane
