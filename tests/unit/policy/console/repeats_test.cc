// SPDX-License-Identifier: Apache-2.0
// Requests that come again, and those that only ask what would be.
#include "policy/console/repeats.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/policy/console/desk_fixture.h"

namespace weir::console {
namespace {

class Repeats : public DeskTest {
 protected:
  [[nodiscard]] Response add(const std::string& key, const std::string& name, const std::string& query = {}) {
    key_ = key;
    Response response =
        ask("POST", "/accounts" + query, {{"name", name}, {"role", "officer"}, {"password", kPassword}});
    key_.clear();
    return response;
  }
};

TEST_F(Repeats, ARequestWithAKeyIsDoneOnce) {
  set_up();
  const Response first = add("k-1", "officer");
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(first.header(kReplayed), "");
  const auto entries = policy::audit_head(*store_).value().number;
  const Response again = add("k-1", "officer");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header(kReplayed), "true");
  EXPECT_EQ(policy::audit_head(*store_).value().number, entries) << "nothing was done";
  EXPECT_EQ(add("k-1", "other").status, 422) << "the key was another request's";
  EXPECT_EQ(add("k-2", "officer").status, 409) << "another key is another request";
  EXPECT_EQ(add("k-2", "other").status, 201) << "what was refused is not kept";
  now_ += kKeptFor;
  log_in("amelie");
  EXPECT_EQ(add("k-1", "officer").status, 409) << "the answer is forgotten";
}

TEST_F(Repeats, AKeyIsItsAccountsAlone) {
  set_up();
  ASSERT_EQ(add("k", "officer").status, 201);
  log_in("officer");
  EXPECT_EQ(add("k", "officer").status, 403) << "the other's answer is not theirs";
}

TEST_F(Repeats, KeysHaveLimitsAndSecretsAreNotKept) {
  set_up();
  EXPECT_EQ(add(std::string(kKeyBytesMax, 'k'), "first").status, 201);
  EXPECT_EQ(add(std::string(kKeyBytesMax + 1, 'k'), "second").status, 422);
  EXPECT_EQ(add("with space", "second").status, 422);
  key_ = "k";
  EXPECT_EQ(ask("POST", "/tokens", {{"name", "x"}, {"scope", {"status"}}, {"days", 1}}).status, 422);
  EXPECT_EQ(ask("POST", "/session/password", {{"old", kPassword}, {"new", "another long one"}}).status, 422);
  EXPECT_EQ(ask("GET", "/accounts").status, 200) << "it says nothing where nothing changes";
}

TEST_F(Repeats, TheStoreKeepsTheNewest) {
  auto batch = store_->begin().value();
  const auto answer = [](std::uint32_t number) {
    return policy::KeptAnswer{
        .key = std::to_string(number), .request = "r", .status = 200, .made = static_cast<TimeNs>(number)};
  };
  for (std::uint32_t i = 1; i <= policy::kKeptAnswersMax + 1; ++i)
    ASSERT_TRUE(policy::keep(batch, answer(i), 0));
  ASSERT_TRUE(batch.commit());
  EXPECT_FALSE(policy::kept_answer(*store_, "1").has_value()) << "one too many";
  EXPECT_TRUE(policy::kept_answer(*store_, "2").has_value());
  auto later = store_->begin().value();
  ASSERT_TRUE(policy::keep(later, answer(policy::kKeptAnswersMax + 2), 9));
  ASSERT_TRUE(later.commit());
  EXPECT_FALSE(policy::kept_answer(*store_, "8").has_value()) << "it is too old";
  EXPECT_TRUE(policy::kept_answer(*store_, "9").has_value());
}

TEST_F(Repeats, ADryRunChangesNothingAndIsRefusedWhereThereIsNone) {
  set_up();
  EXPECT_EQ(add("", "officer", "?dry_run=true").status, 422);
  EXPECT_FALSE(policy::console_account(*store_, "officer").has_value());
  for (const char* const role : {"officer", "technician"}) {
    ASSERT_EQ(ask("POST", "/accounts", {{"name", role}, {"role", role}, {"password", kPassword}}).status,
              201);
  }
  log_in("technician");
  Request request;
  request.method = "POST";
  request.target = "/api/v1/policy?dry_run=true";
  request.session = cookie_;
  request.csrf = "1";
  request.content_type = "application/json";
  std::filesystem::create_directories(home_.file("policy"));
  request.if_match = std::string{ask("GET", "/policy").header("ETag")};
  request.body = Json{{"text", "weir-policy: 1\n"}, {"reason", "to see"}}.dump();
  const Response dry = handle(request);
  ASSERT_EQ(dry.status, 200) << dry.body;
  EXPECT_EQ(Json::parse(dry.body)["dry_run"], true);
  EXPECT_EQ(Json::parse(ask("GET", "/policy").body)["revision"], 0) << "nothing is in force";
  request.body = Json{{"text", "weir-policy: 1\nwob: 1\n"}, {"reason", "to see"}}.dump();
  EXPECT_EQ(handle(request).status, 422);
}

}  // namespace
}  // namespace weir::console
