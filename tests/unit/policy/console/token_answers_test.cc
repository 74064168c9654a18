// SPDX-License-Identifier: Apache-2.0
// Tokens of programs.
#include <gtest/gtest.h>

#include "tests/unit/policy/console/desk_fixture.h"

namespace weir::console {
namespace {

TEST_F(DeskTest, ATokenMayWhatItsScopeAndItsMakersRoleMay) {
  set_up();
  ASSERT_EQ(
      ask("POST", "/accounts", {{"name", "officer"}, {"role", "officer"}, {"password", kPassword}}).status,
      201);
  log_in("officer");
  const auto make = [&](const Json& scope, const Json& days = 2) {
    return ask("POST", "/tokens", {{"name", "nightly"}, {"scope", scope}, {"days", days}});
  };
  for (const Json& scope : {Json{"applyPolicy"}, Json{"addToken"}, Json{"login"}, Json{"nothing"}, Json{1},
                            Json::array(), Json("violations")}) {
    EXPECT_EQ(make(scope).status, 422) << scope.dump();
  }
  for (const Json& days : {Json(0), Json(367), Json("1"), Json(nullptr)})
    EXPECT_EQ(make({"violations"}, days).status, 422) << days.dump();
  const Response made = make({"violations", "changeViolations", "violations"});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string token = Json::parse(made.body)["token"];
  const std::string id = Json::parse(made.body)["id"];
  EXPECT_EQ(Json::parse(made.body)["scope"].size(), 2U);
  EXPECT_EQ(last_entry(), "officer: console token: done");
  const std::string secret = token.substr(token.rfind('-') + 1);
  EXPECT_EQ(policy::console_token(*store_, id).value().token_hash, hash_of_token(secret));
  token_ = token;
  EXPECT_EQ(ask("GET", "/violations").status, 200);
  EXPECT_EQ(ask("POST", "/violations/changes", {{"ids", {1}}, {"what", "note"}, {"reason", "x"}}).status, 404)
      << "without X-CSRF it gets as far as to look for the violation";
  EXPECT_EQ(ask("GET", "/flows").status, 403) << "out of its scope";
  EXPECT_EQ(last_entry(), "officer: console flows: refused: not for the token nightly");
  for (const char* const path : {"/tokens", "/sessions"})
    EXPECT_EQ(ask("GET", path).status, 403) << "a program does not look after accounts";
  for (const std::string& wrong :
       {token + "0", token.substr(1), "weir-" + id + "-", std::string{"weir-"}, "weir-0-" + secret, secret}) {
    token_ = wrong;
    EXPECT_EQ(ask("GET", "/violations").status, 401) << wrong;
  }
  token_.clear();
  const Json seen = Json::parse(ask("GET", "/tokens").body)["tokens"];
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0]["address"], "10.0.0.9");
  EXPECT_TRUE(seen[0]["used"].is_string());
  EXPECT_EQ(ask("GET", "/tokens").body.find(secret), std::string::npos);
  auto account = policy::console_account(*store_, "officer").value();
  account.role = "technician";
  auto batch = store_->begin().value();
  ASSERT_TRUE(policy::put(batch, account));
  ASSERT_TRUE(batch.commit());
  token_ = token;
  EXPECT_EQ(ask("GET", "/violations").status, 403) << "the role may no longer";
  account.role = "officer";
  auto back = store_->begin().value();
  ASSERT_TRUE(policy::put(back, account));
  ASSERT_TRUE(back.commit());
  EXPECT_EQ(ask("GET", "/violations").status, 200);
  now_ += 2 * 86'400 * kSecond;
  EXPECT_EQ(ask("GET", "/violations").status, 401) << "its time is over";
  token_.clear();
  log_in("officer");
  EXPECT_EQ(ask("DELETE", "/tokens/" + id).status, 204);
  EXPECT_EQ(ask("DELETE", "/tokens/" + id).status, 404);
  for (std::uint32_t i = 0; i < policy::kTokensMax; ++i) EXPECT_EQ(make({"violations"}).status, 201);
  EXPECT_EQ(make({"violations"}).status, 409) << "an account has kTokensMax";
}

}  // namespace
}  // namespace weir::console
