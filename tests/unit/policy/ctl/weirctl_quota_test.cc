// SPDX-License-Identifier: Apache-2.0
// weirctl quota list and forgive, with a store of its own.
#include <gtest/gtest.h>

#include "policy/decide/quota.h"
#include "policy/model/wall_clock.h"
#include "policy/store/store.h"
#include "tests/support/stored_violations.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

class WeirctlQuota : public ::testing::Test {
 protected:
  WeirctlQuota() {
    weirctl_.write(
        "policy/current.yaml",
        "weir-policy: 1\n"
        "web:\n"
        "  - {rule: video, match: {domain: video.example}, quota: {time: 45m, bytes: 2 GB, per: user,"
        " every: month}, then: block, severity: high}\n"
        "  - {rule: games, match: {domain: games.example}, then: block}\n");
  }
  void use(const std::string& rule, const std::string& subject, const QuotaUse& used,
           std::uint32_t percent_said = 0) {
    use_in(rule, subject, policy::period_of(QuotaEvery::kMonth, {}, now_), used, percent_said);
  }
  void use_in(const std::string& rule, const std::string& subject, const policy::QuotaPeriod& period,
              const QuotaUse& used, std::uint32_t percent_said = 0) {
    policy::Store store = open(policy::StoreAccess::kWrite);
    auto batch = store.begin();
    ASSERT_TRUE(batch);
    auto record = batch->quota(rule, subject, period.begins, period.ends);
    ASSERT_TRUE(record);
    record->used = used;
    record->percent_said = percent_said;
    record->last_used = now_;
    ASSERT_TRUE(batch->put(*record));
    ASSERT_TRUE(batch->commit());
  }
  policy::Store open(policy::StoreAccess access) {
    return policy::Store::open(weirctl_.file("weir.db"), access).value();
  }
  const TimeNs now_ = wall_clock();
  test::Weirctl weirctl_;
};

TEST_F(WeirctlQuota, ListsWhatWasUsedOfWhat) {
  EXPECT_EQ(weirctl_({"quota", "list"}).code, 4) << "no store yet";
  use("video", "anna@EXAMPLE.COM", {1'200'000'000, 36 * 60, 41, 0});
  use("video", "10.20.0.7", {1'990'000'000, 60, 2, 0});
  use("games", "all", {5, 0, 1, 0});
  use_in("video", "ben", {1, 2}, {5, 0, 1, 0});  // long ended
  const test::Ran table = weirctl_({"quota", "list"});
  EXPECT_EQ(table.code, 0) << table.err;
  for (const char* words : {"rule   subject           used                                  percent  ends",
                            "video  10.20.0.7         1 of 45 min, 1.99 of 2 GB this month  99       20",
                            "video  anna@EXAMPLE.COM  36 of 45 min, 1.2 of 2 GB this month  80       20",
                            "games  all               the rule has no quota now                      20"}) {
    EXPECT_NE(table.out.find(words), std::string::npos) << words << "\n" << table.out;
  }
  EXPECT_EQ(table.out.find("ben"), std::string::npos);
  const auto rows = weirctl_({"quota", "list", "--rule", "video", "-o", "json"}).json();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1]["subject"], "anna@EXAMPLE.COM");
  EXPECT_EQ(rows[1]["period"], "month");
  EXPECT_EQ(rows[1]["percent"], 80);
  EXPECT_EQ(rows[1]["amounts"]["seconds"], 2'160);
  EXPECT_EQ(rows[1]["limits"]["bytes"], 2'000'000'000);
  EXPECT_EQ(weirctl_({"quota", "list", "--subject", "all", "-o", "json"}).json()[0]["limits"], nullptr);
  EXPECT_EQ(weirctl_({"quota", "list", "--count", "1", "-o", "json"}).json().size(), 1U);
  EXPECT_EQ(weirctl_({"quota", "list", "--count", "0"}).code, 2);
}

TEST_F(WeirctlQuota, ForgivesOneSubjectAndLeavesATrace) {
  use("video", "anna@EXAMPLE.COM", {1'200'000'000, 45 * 60, 41, 0}, 100);
  use("video", "10.20.0.7", {7, 0, 0, 0}, 80);
  const test::Ran done = weirctl_({"quota", "forgive", "video", "anna@EXAMPLE.COM", "--reason", "exam week"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.out,
            "anna@EXAMPLE.COM had used 45 of 45 min, 1.2 of 2 GB this month of video and begins anew\n");
  policy::Store store = open(policy::StoreAccess::kRead);
  const auto records = store.quotas({}, 10).value();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].used, QuotaUse{});
  EXPECT_TRUE(records[1].fact_owed) << "an engine tells it";
  EXPECT_EQ(records[0].used.bytes, 7U);
  EXPECT_FALSE(records[0].fact_owed);
  const auto said = store.violation(test::violations(store, true, 10).value().at(0).id).value();
  EXPECT_EQ(said.rule, "video");
  EXPECT_EQ(said.section, "web");
  EXPECT_EQ(said.subject, "anna@EXAMPLE.COM");
  EXPECT_EQ(said.severity, Severity::kInfo);
  EXPECT_TRUE(said.object.starts_with("quota forgiven by ")) << said.object;
  EXPECT_TRUE(said.object.ends_with(" (exam week): 45 of 45 min, 1.2 of 2 GB this month")) << said.object;
  EXPECT_TRUE(said.evidence.empty());
}

TEST_F(WeirctlQuota, WhatCannotBeForgivenIsSaidWithTheReason) {
  const std::vector<std::string> anna{"quota", "forgive", "video", "anna", "--reason", "x"};
  EXPECT_EQ(weirctl_(anna).code, 4) << "there is no store, and none is made";
  EXPECT_FALSE(std::filesystem::exists(weirctl_.file("weir.db")));
  use("video", "ben", {7, 0, 0, 0});
  const test::Ran nobody = weirctl_(anna);
  EXPECT_EQ(nobody.code, 1);
  EXPECT_NE(nobody.err.find("anna has used nothing of the quota of rule video"), std::string::npos)
      << nobody.err;
  const test::Ran rule = weirctl_({"quota", "forgive", "games", "ben", "--reason", "x"});
  EXPECT_EQ(rule.code, 1);
  EXPECT_NE(rule.err.find("no rule games with a quota is in force"), std::string::npos) << rule.err;
  EXPECT_EQ(weirctl_({"quota", "forgive", "video", "ben"}).code, 2) << "without a reason";
  EXPECT_EQ(open(policy::StoreAccess::kRead).quotas({}, 10).value().at(0).used.bytes, 7U);
  weirctl_.write("policy/current.yaml", "weir-policy: 1\nweb: 5\n");
  EXPECT_EQ(weirctl_(anna).code, 3);
  EXPECT_EQ(weirctl_({"quota", "list"}).code, 3);
}

}  // namespace
}  // namespace weir::ctl
