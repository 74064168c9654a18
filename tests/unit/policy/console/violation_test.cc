// SPDX-License-Identifier: Apache-2.0
// The queue by the API: all that a filter matches, changes of many, and what leaves the appliance.
#include <gmock/gmock.h>

#include <filesystem>

#include "policy/ctl/replace_file.h"
#include "policy/store/violation_store.h"
#include "tests/unit/policy/console/desk_fixture.h"

namespace weir::console {
namespace {

using testing::HasSubstr;
using testing::Not;

class ViolationDeskTest : public DeskTest {
 protected:
  ViolationDeskTest() {
    settings_.pairs.emplace_back();
    desk_.emplace(settings_, home_.file("weir.yaml"), "/nonexistent/weirctl");
    set_up();
    for (const char* const role : {"officer", "senior-officer"}) make_account(role);
  }
};

TEST_F(ViolationDeskTest, WhatAFilterMatchesIsCountedAndChangesAtOnce) {
  for (int i = 0; i < 4; ++i) violate("no-bets", "10.9.0.1", "bet-" + std::to_string(i) + ".example");
  for (int i = 0; i < 2; ++i)
    violate("no-games", "10.9.0.2", "game-" + std::to_string(i) + ".example", Severity::kHigh);
  log_in("officer");
  const Json all = Json::parse(ask("GET", "/violations/matching").body);
  EXPECT_EQ(all["violations"].size(), 6U);
  EXPECT_EQ(all["more"], false);
  EXPECT_EQ(all["rules"],
            (Json{{"different", 2},
                  {"most", {{{"name", "no-bets"}, {"count", 4}}, {{"name", "no-games"}, {"count", 2}}}}}));
  EXPECT_EQ(all["subjects"]["most"][0]["name"], pseudonym_of("10.9.0.1"));
  EXPECT_EQ(all["states"]["most"][0]["name"], "new");
  const Json high = Json::parse(ask("GET", "/violations/matching?severity=high").body);
  ASSERT_EQ(high["violations"].size(), 2U);
  Json ids = Json::array();
  for (const Json& one : high["violations"]) ids.push_back(one["id"]);
  const Json change{{"ids", ids}, {"what", "state"}, {"to", "justified"}, {"reason", "known"}};
  EXPECT_EQ(ask("POST", "/violations/changes", change).status, 200);
  EXPECT_EQ(Json::parse(ask("GET", "/violations/matching?state=justified").body)["violations"].size(), 2U);
  EXPECT_EQ(
      Json::parse(ask("GET", "/violations/matching?subject=client-aaaaaaaaaa").body)["violations"].size(),
      0U);
  EXPECT_EQ(ask("GET", "/violations/matching?state=odd").status, 422);
}

TEST_F(ViolationDeskTest, AtMostSoManyAtOnce) {
  constexpr int kMost = 5'000;
  auto batch = store_->begin().value();
  for (int i = 0; i <= kMost; ++i) {
    const std::string subject = "10.9." + std::to_string(i / 200) + ".1";
    const policy::ViolationSighting seen{"no-bets",         "web", "block", false,   Severity::kLow, subject,
                                         std::to_string(i), "f1",  1,       now_ + i};
    ASSERT_TRUE(batch.record(seen).has_value());
  }
  ASSERT_TRUE(batch.commit().has_value());
  log_in("officer");
  const Json all = Json::parse(ask("GET", "/violations/matching").body);
  EXPECT_EQ(all["violations"].size(), static_cast<std::size_t>(kMost));
  EXPECT_EQ(all["more"], true);
  Json ids = Json::array();
  for (const Json& one : all["violations"]) ids.push_back(one["id"]);
  Json change{{"ids", ids}, {"what", "state"}, {"to", "in_review"}, {"reason", "known"}};
  EXPECT_EQ(ask("POST", "/violations/changes", change).status, 200);
  change["ids"].push_back(1);
  const Response refused = ask("POST", "/violations/changes", change);
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("1 to 5000"));
}

TEST_F(ViolationDeskTest, ABundleLeavesForAReasonThatIsWrittenDown) {
  const std::int64_t id = violate("no-bets", "10.9.0.1", "bet.example");
  const std::string path = "/violations/" + std::to_string(id) + "/evidence";
  log_in("officer");
  EXPECT_EQ(ask("POST", path, {{"what", "bundle"}, {"reason", "case 4711"}}).status, 403);
  log_in("senior-officer");
  EXPECT_EQ(ask("POST", path, {{"what", "bundle"}}).status, 422) << "no reason";
  EXPECT_EQ(ask("POST", path, {{"what", "all"}, {"reason", "case 4711"}}).status, 422);
  EXPECT_EQ(ask("POST", "/violations/999/evidence", {{"what", "bundle"}, {"reason", "case 4711"}}).status,
            404);
  const Response bundle = ask("POST", path, {{"what", "bundle"}, {"reason", "case 4711"}});
  ASSERT_EQ(bundle.status, 200) << bundle.body;
  EXPECT_EQ(bundle.type, "application/octet-stream");
  EXPECT_THAT(bundle.body, HasSubstr("manifest.sig"));
  EXPECT_THAT(std::string(bundle.header("Content-Disposition")), HasSubstr(".tar\""));
  EXPECT_FALSE(Json::parse(bundle.header("Weir-Missing")).empty()) << "there is no Redis here";
  EXPECT_THAT(last_entry(), HasSubstr("senior-officer: violation export: done, sha256 "));
  EXPECT_EQ(ask("POST", path, {{"what", "packets"}, {"reason", "case 4711"}}).status, 404) << "none are kept";
}

TEST_F(ViolationDeskTest, WhatIsBeyondTheLimitStaysAndIsNoExport) {
  std::filesystem::create_directories(home_.file("policy"));
  ASSERT_TRUE(
      ctl::replace_file(home_.file("policy/current.yaml"), "weir-policy: 1\nlists: {big: {file: big.txt}}\n")
          .has_value());
  ASSERT_TRUE(ctl::replace_file(home_.file("policy/current.revision"), "1\n").has_value());
  ASSERT_TRUE(
      ctl::replace_file(home_.file("policy/big.txt"), std::string((48U << 20U) + 1U, 'x')).has_value());
  const std::int64_t id = violate("no-bets", "10.9.0.1", "bet.example");
  log_in("senior-officer");
  const std::string before = last_entry();
  const Response refused = ask("POST", "/violations/" + std::to_string(id) + "/evidence",
                               {{"what", "bundle"}, {"reason", "case 4711"}});
  EXPECT_EQ(refused.status, 409) << refused.body.substr(0, 300);
  EXPECT_THAT(refused.body.substr(0, 1'000), HasSubstr("weirctl violation export"));
  EXPECT_EQ(last_entry(), before);
}

TEST_F(ViolationDeskTest, WithTwoApproversABundleWaitsForConsent) {
  settings_.privacy.approvers = 2;
  desk_.emplace(settings_, home_.file("weir.yaml"), "/nonexistent/weirctl");
  const std::int64_t id = violate("no-bets", "10.9.0.1", "bet.example");
  log_in("senior-officer");
  const Response waits = ask("POST", "/violations/" + std::to_string(id) + "/evidence",
                             {{"what", "bundle"}, {"reason", "case 4711"}});
  EXPECT_EQ(waits.status, 409) << waits.body;
  EXPECT_THAT(waits.body, Not(HasSubstr("manifest")));
}

}  // namespace
}  // namespace weir::console
