// SPDX-License-Identifier: Apache-2.0
// weirctl violation, usage and store, with a store of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/model/wall_clock.h"
#include "policy/store/flow_sums.h"
#include "policy/store/violation_store.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr TimeNs kHour = 3'600 * kSecond;

class WeirctlViolation : public ::testing::Test {
 protected:
  void see(const std::string& object, TimeNs ago, Severity severity = Severity::kMedium) {
    policy::StoreLimits limits;
    limits.due_after = {0, 336 * kHour, 72 * kHour, 24 * kHour, 4 * kHour};
    policy::Store store =
        policy::Store::open(weirctl_.file("weir.db"), policy::StoreAccess::kWrite, limits).value();
    auto batch = store.begin();
    ASSERT_TRUE(batch);
    ASSERT_TRUE(batch->record(policy::ViolationSighting{"no-gambling", "web", "block", false, severity,
                                                        "10.0.0.2", object, "f", 7, now_ - ago}));
    ASSERT_TRUE(batch->commit());
  }
  std::vector<std::string> objects(std::vector<std::string> words) {
    words.insert(words.begin(), {"violation", "list", "-o", "json"});
    const test::Ran ran = weirctl_(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    std::vector<std::string> all;
    for (const auto& row : ran.json()) all.push_back(row["object"]);
    return all;
  }
  int say(std::vector<std::string> words) {
    words.insert(words.begin(), "violation");
    said_ = weirctl_(words);
    return said_.code;
  }
  const TimeNs now_ = wall_clock();
  test::Weirctl weirctl_;
  test::Ran said_;
};

TEST_F(WeirctlViolation, ListsByWhatIsAskedAndPageByPage) {
  see("bet.example", 30 * kHour, Severity::kCritical);
  see("dice.example", 2 * kHour);
  see("poker.example", kHour, Severity::kLow);
  EXPECT_THAT(objects({}), ElementsAre("poker.example", "dice.example", "bet.example"));
  EXPECT_THAT(objects({"--severity", "low,critical"}), ElementsAre("poker.example", "bet.example"));
  EXPECT_THAT(objects({"--object", "ICE.ex"}), ElementsAre("dice.example"));
  EXPECT_THAT(objects({"--from", "90m"}), ElementsAre("poker.example"));
  EXPECT_THAT(objects({"--before", "90m"}), ElementsAre("dice.example", "bet.example"));
  EXPECT_THAT(objects({"--overdue", "--by", "due"}), ElementsAre("bet.example"));
  EXPECT_THAT(objects({"--by", "due", "--count", "2"}), ElementsAre("bet.example", "dice.example"));
  const test::Ran first = weirctl_({"violation", "list", "--count", "2"});
  const std::string cursor = first.err.substr(first.err.find("--cursor ") + 9);
  EXPECT_THAT(objects({"--count", "2", "--cursor", cursor.substr(0, cursor.find('\n'))}),
              ElementsAre("bet.example"));
  EXPECT_EQ(say({"list", "--from", "yesterday"}), 2);
  EXPECT_THAT(said_.err, HasSubstr("'yesterday' is no time"));
  EXPECT_EQ(say({"list", "--cursor", "x"}), 3);
  EXPECT_EQ(say({"list", "--state", "open"}), 2);
}

TEST_F(WeirctlViolation, IsDecidedClosedAndSeenAgain) {
  see("bet.example", 3 * kHour);
  see("dice.example", 2 * kHour);
  EXPECT_EQ(say({"close", "1", "--reason", "x"}), 3);
  EXPECT_THAT(said_.err, HasSubstr("say first whether it is confirmed, justified or a false positive"));
  EXPECT_EQ(say({"review", "1", "2", "--reason", "asking", "--as", "vera"}), 0) << said_.err;
  EXPECT_EQ(said_.out, "2 violations: done\n");
  EXPECT_EQ(say({"assign", "1", "ben", "--as", "vera"}), 0) << said_.err;
  EXPECT_EQ(say({"note", "1", "called him", "--as", "ben"}), 0) << said_.err;
  EXPECT_EQ(say({"justify", "1", "--reason", "a bet", "--exception", "bets", "--as", "ben"}), 0) << said_.err;
  EXPECT_EQ(say({"close", "1", "2", "--reason", "done"}), 3) << "all or nothing";
  EXPECT_THAT(objects({"--state", "justified", "--assignee", "ben"}), ElementsAre("bet.example"));
  EXPECT_EQ(say({"close", "1", "--reason", "done", "--as", "ben"}), 0) << said_.err;
  EXPECT_THAT(objects({}), ElementsAre("dice.example"));
  EXPECT_THAT(objects({"--all"}), ElementsAre("dice.example", "bet.example"));
  see("bet.example", 0);
  EXPECT_EQ(say({"show", "1"}), 0);
  for (const char* words : {"Violation 1, severity medium: 10.0.0.2 and bet.example.\nIt was blocked by rule "
                            "no-gambling of section "
                            "web, policy revision 7.\n",
                            "State: closed, justified; taken on by ben; exception bets.",
                            "vera  state from new to in_review: asking", "vera  assignee to ben",
                            "ben  noted: called him", "ben  exception to bets: a bet"}) {
    EXPECT_THAT(said_.out, HasSubstr(words));
  }
  EXPECT_EQ(say({"show", "3"}), 0);
  EXPECT_THAT(said_.out, HasSubstr("The same was closed before: violation 1."));
  const auto json = weirctl_({"violation", "show", "1", "-o", "json"}).json();
  EXPECT_EQ(json["history"].size(), 6U);
  EXPECT_EQ(json["resolution"], "justified");
  EXPECT_EQ(say({"confirm", "99", "--reason", "x"}), 1);
  EXPECT_EQ(say({"confirm", "2"}), 2) << "without a reason";
}

TEST_F(WeirctlViolation, KnownOnesAreSuppressedForATime) {
  see("bet.example", kHour);
  EXPECT_EQ(say({"suppress", "1", "--subject", "*", "--for", "30d", "--reason", "printer", "--as", "vera"}),
            0)
      << said_.err;
  EXPECT_THAT(said_.out, HasSubstr("suppression 1: rule no-gambling, subject *, object bet.example, until "));
  see("bet.example", 0);
  const auto rows = weirctl_({"violation", "suppressions", "-o", "json"}).json();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["count"], 1);
  EXPECT_EQ(rows[0]["owner"], "vera");
  EXPECT_EQ(weirctl_({"violation", "show", "1", "-o", "json"}).json()["count"], 1);
  EXPECT_EQ(say({"unsuppress", "1", "--reason", "it is a person"}), 0) << said_.err;
  EXPECT_EQ(say({"unsuppress", "1", "--reason", "again"}), 1);
  EXPECT_TRUE(weirctl_({"violation", "suppressions", "-o", "json"}).json().empty());
  EXPECT_EQ(weirctl_({"violation", "suppressions", "--ended", "-o", "json"}).json()[0]["end_reason"],
            "it is a person");
  EXPECT_EQ(say({"suppress", "--for", "1d", "--reason", "x"}), 3) << "everything";
  EXPECT_EQ(say({"suppress", "1", "--reason", "x"}), 2) << "without an end";
  EXPECT_EQ(say({"suppress", "1", "--for", "367d", "--reason", "x"}), 3);
}

TEST_F(WeirctlViolation, HelpBeginsWithExamples) {
  const test::Ran help = weirctl_.plain({"violation", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_LT(help.out.find("weirctl violation list --severity high"), help.out.find("Usage:"));
  for (const char* noun : {"usage", "store"}) {
    const test::Ran other = weirctl_.plain({noun, "--help"});
    EXPECT_LT(other.out.find(std::string{"weirctl "} + noun), other.out.find("Usage:")) << other.out;
  }
}

TEST_F(WeirctlViolation, TheStoreIsBackedUpLookedIntoAndRestored) {
  see("bet.example", kHour);
  const std::string file = weirctl_.file("backup");
  const test::Ran made = weirctl_({"store", "backup", file, "-o", "json"});
  ASSERT_EQ(made.code, 0) << made.err;
  see("dice.example", 0);
  EXPECT_EQ(weirctl_({"store", "restore", file}).code, 1) << "only looked into";
  EXPECT_EQ(objects({}).size(), 2U);
  const test::Ran restored = weirctl_({"store", "restore", "--yes", file});
  EXPECT_EQ(restored.code, 0) << restored.err;
  EXPECT_THAT(objects({}), ElementsAre("bet.example"));
  EXPECT_EQ(weirctl_({"store", "check"}).out, "the store is whole\n");
  weirctl_.write("backup", test::read_whole(file).replace(200, 1, "#"));
  const test::Ran refused = weirctl_({"store", "restore", "--yes", file});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr(file + " is no whole backup"));
  EXPECT_THAT(objects({}), ElementsAre("bet.example"));
}

TEST_F(WeirctlViolation, UsageSaysWhoUsedWhatAndWhatBecameSlower) {
  {
    policy::Store store = policy::Store::open(weirctl_.file("weir.db"), policy::StoreAccess::kWrite).value();
    auto batch = store.begin();
    policy::FlowSums sums;
    for (int i = 0; i < 100; ++i) {
      policy::FlowSample flow;
      const bool recent = i < 50;
      flow.ended = now_ - (recent ? 10 * 60 * kSecond : 5 * kHour);
      flow.client = i % 2 == 0 ? "10.0.0.2" : "10.0.0.3";
      flow.application = "SMB";
      flow.server = "files.example";
      flow.service = "SMB";
      flow.usage = {1, 10, i % 2 == 0 ? 1'000U : 10U};
      flow.round_trip_us = recent ? 200'000 : 10'000;
      sums.add(flow);
    }
    ASSERT_TRUE(policy::add_flow_sums(*batch, sums, now_));
    ASSERT_TRUE(batch->commit());
  }
  const auto clients = weirctl_({"usage", "clients", "-o", "json"}).json();
  ASSERT_EQ(clients.size(), 2U);
  EXPECT_EQ(clients[0]["client"], "10.0.0.2");
  EXPECT_EQ(clients[0]["flows"], 50);
  EXPECT_EQ(clients[0]["bytes_down"], 50'000);
  const auto course =
      weirctl_({"usage", "course", "application", "SMB", "--step", "hour", "--for", "12h", "-o", "json"})
          .json();
  EXPECT_EQ(course.size(), 2U);
  EXPECT_THAT(weirctl_({"usage", "servers", "--for", "1h"}).out, HasSubstr("files.example  SMB"));
  const auto slower = weirctl_({"usage", "slower", "--for", "1h", "--past", "1d", "-o", "json"}).json();
  ASSERT_EQ(slower.size(), 1U);
  EXPECT_EQ(slower[0]["name"], "files.example");
  EXPECT_EQ(slower[0]["what"], "round trip");
  EXPECT_EQ(weirctl_({"usage", "clients", "--for", "soon"}).code, 2);
}

}  // namespace
}  // namespace weir::ctl
