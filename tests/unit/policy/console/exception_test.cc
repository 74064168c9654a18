// SPDX-License-Identifier: Apache-2.0
// Exceptions by the API: who may, what is refused, what is in force and what is remembered.
#include <gmock/gmock.h>

#include "policy/ctl/replace_file.h"
#include "policy/lang/exceptions.h"
#include "policy/model/text_file.h"
#include "policy/model/wall_clock.h"
#include "tests/unit/policy/console/desk_fixture.h"

namespace weir::console {
namespace {

using testing::HasSubstr;
using testing::Not;

class ExceptionDeskTest : public DeskTest {
 protected:
  ExceptionDeskTest() {
    now_ = wall_clock();  // what is in force is judged by it
    std::filesystem::create_directories(home_.file("policy"));
    put("policy/current.yaml",
        "weir-policy: 1\n"
        "web: [{rule: no-bets, match: {domain: bet.example}, then: block}]\n"
        "exceptions: [{exception: of-text, client: 10.9.0.9, rule: no-bets, until: 2199-12-31, owner: o, "
        "reason: r}]\n");
    put("policy/current.revision", "1\n");
    set_up();
    for (const char* const role : {"officer", "technician", "auditor"}) make_account(role);
  }
  void put(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(ctl::replace_file(home_.file(name), text).has_value());
  }
  [[nodiscard]] std::string file() const {
    return read_text_file(policy::exceptions_path(settings_.classifier.policy), 1U << 20U).value_or("");
  }
  std::int64_t violation() { return violate("no-bets", "10.9.0.1", "bet.example"); }
  std::string pseudonym() { return pseudonym_of("10.9.0.1"); }
  Json row(const std::string& name) {
    const Json all = Json::parse(ask("GET", "/exceptions").body);
    for (const Json& one : all["exceptions"])
      if (one["exception"] == name) return one;
    return nullptr;
  }
};

TEST_F(ExceptionDeskTest, IsMadeForWhomTheViolationIsOfWithoutSayingWho) {
  const std::int64_t id = violation();
  log_in("officer");
  const Json wanted{{"name", "trial"}, {"client", {pseudonym()}}, {"domain", {"bet.example"}},
                    {"lasting", "2h"}, {"reason", "case 4711"},   {"violation", id}};
  const Response tried = ask("POST", "/exceptions/trial", wanted);
  ASSERT_EQ(tried.status, 200) << tried.body;
  EXPECT_EQ(Json::parse(tried.body)["for"], "client " + pseudonym());
  EXPECT_EQ(Json::parse(tried.body)["matches"], nullptr) << "there is no Redis here";
  EXPECT_THAT(Json::parse(tried.body)["partial"].get<std::string>(), Not(HasSubstr("10.9.0.1")));
  EXPECT_EQ(file(), "") << "nothing has changed";
  const Response made = ask("POST", "/exceptions", wanted);
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(Json::parse(made.body)["revision"], 2);
  EXPECT_EQ(last_entry().substr(0, 34), "officer: exception add: revision 2") << last_entry();
  EXPECT_THAT(file(), HasSubstr("\"client\":[\"10.9.0.1\"]"));
  const Json shown = row("trial");
  EXPECT_EQ(shown["state"], "in force");
  EXPECT_EQ(shown["for"], "client " + pseudonym());
  EXPECT_EQ(shown["by"], "officer");
  EXPECT_EQ(shown["violation"], id);
  EXPECT_EQ(store_->violation(id).value().exception, "trial");
  EXPECT_THAT(ask("GET", "/exceptions").body, Not(HasSubstr("10.9.0.")));
  EXPECT_EQ(ask("POST", "/exceptions", wanted).status, 422) << "the name is taken";
}

TEST_F(ExceptionDeskTest, RemovedItIsRememberedWithWhoAndWhy) {
  log_in("technician");
  const Json wanted{{"name", "trial"},
                    {"client", {"10.9.0.0/24"}},
                    {"rule", {"no-bets"}},
                    {"until", "2199-01-01"},
                    {"reason", "case 4711"}};
  ASSERT_EQ(ask("POST", "/exceptions", wanted).status, 200);
  EXPECT_EQ(row("trial")["for"], "client 10.9.0.0/24") << "a network is nobody";
  EXPECT_EQ(ask("POST", "/exceptions/removals", {{"name", "trial"}}).status, 422) << "no reason";
  const Response removed = ask("POST", "/exceptions/removals", {{"name", "trial"}, {"reason", "is over"}});
  ASSERT_EQ(removed.status, 200) << removed.body;
  EXPECT_EQ(last_entry().substr(0, 40), "technician: exception remove: revision 3") << last_entry();
  const Json shown = row("trial");
  EXPECT_EQ(shown["state"], "removed");
  EXPECT_EQ(shown["removed_by"], "technician");
  EXPECT_EQ(shown["removed_because"], "is over");
  EXPECT_EQ(ask("POST", "/exceptions/removals", {{"name", "trial"}, {"reason", "again"}}).status, 404);
  EXPECT_EQ(ask("POST", "/exceptions/removals", {{"name", "of-text"}, {"reason", "it too"}}).status, 422);
}

TEST_F(ExceptionDeskTest, WhatIsWrongWithOneIsSaidAndNothingChanges) {
  const std::int64_t id = violation();
  log_in("officer");
  const Json good{{"name", "trial"},
                  {"client", {"10.9.0.1"}},
                  {"rule", {"no-bets"}},
                  {"lasting", "2h"},
                  {"reason", "case 4711"}};
  const auto refused = [&](const Json& change, const char* words) {
    Json wanted = good;
    wanted.merge_patch(change);  // null takes a key away
    const Response response = ask("POST", "/exceptions", wanted);
    EXPECT_EQ(response.status, 422) << change << response.body;
    EXPECT_THAT(response.body, HasSubstr(words)) << change;
  };
  refused({{"lasting", nullptr}}, "when it ends");
  refused({{"until", "2199-01-01"}}, "either until or lasting");
  refused({{"lasting", "400d"}}, "1d to 366d");
  refused({{"name", "Not a name"}}, "no name");
  refused({{"reason", "  "}}, "the reason is missing");
  refused({{"client", "10.9.0.1"}}, "client is a list");
  refused({{"client", std::vector<std::string>(101, "10.9.0.1")}}, "at most 100");
  refused({{"client", {"somebody"}}}, "not an address");
  refused({{"rule", {"no-bet"}}}, "did you mean no-bets?");
  refused({{"rule", nullptr}}, "does not say what it allows");
  refused({{"violation", "one"}}, "violation is the number");
  Json unknown = good;
  unknown["violation"] = id + 1;
  EXPECT_EQ(ask("POST", "/exceptions", unknown).status, 404);
  unknown.erase("violation");
  unknown["client"] = {"client-aaaaaaaaaa"};
  EXPECT_EQ(ask("POST", "/exceptions", unknown).status, 404) << "a pseudonym of nobody";
  EXPECT_EQ(file(), "");
  log_in("technician");
  refused({{"violation", id}}, "that the account may read");
  log_in("auditor");
  EXPECT_EQ(ask("POST", "/exceptions", good).status, 403);
  EXPECT_EQ(ask("GET", "/exceptions").status, 200);
}

}  // namespace
}  // namespace weir::console
