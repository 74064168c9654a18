// SPDX-License-Identifier: Apache-2.0
// Passwords that change and are reset, and sessions that are seen and ended.
#include <gtest/gtest.h>

#include "tests/unit/policy/console/desk_fixture.h"

namespace weir::console {
namespace {

TEST_F(DeskTest, WhoChangesThePasswordEndsEveryOtherSession) {
  set_up();
  const std::string first = cookie_;
  log_in("amelie");
  const std::string second = cookie_;
  constexpr const char* kOther = "another horse, unplugged";
  const auto change = [&](const char* old, const char* fresh) {
    return ask("POST", "/session/password", {{"old", old}, {"new", fresh}}).status;
  };
  EXPECT_EQ(change("not the password", kOther), 422);
  EXPECT_EQ(last_entry(), "amelie: console login: refused: password, to change it");
  EXPECT_EQ(change(kPassword, "short"), 422);
  EXPECT_EQ(change(kPassword, kPassword), 422);
  EXPECT_EQ(change(kPassword, kOther), 200);
  EXPECT_EQ(last_entry(), "amelie: console password: done");
  EXPECT_NE(cookie_, second) << "the token is another after it";
  EXPECT_EQ(ask("GET", "/session").status, 200);
  const std::string third = cookie_;
  for (const std::string& ended : {first, second}) {
    cookie_ = ended;
    EXPECT_EQ(ask("GET", "/session").status, 401);
  }
  now_ += kTotpStep;
  EXPECT_EQ(ask("POST", "/session", {{"name", "amelie"}, {"password", kPassword}}).status, 401);
  log_in("amelie", kOther);
  for (int i = 0; i < 3; ++i) static_cast<void>(change("not the password", kPassword));
  EXPECT_EQ(change(kOther, kPassword), 429) << "who guesses here waits as at a login";
}

TEST_F(DeskTest, AResetPasswordIsChangedBeforeAllElse) {
  set_up();
  ASSERT_EQ(
      ask("POST", "/accounts", {{"name", "officer"}, {"role", "officer"}, {"password", kPassword}}).status,
      201);
  const std::string admin = cookie_;
  log_in("officer");
  const std::string before = cookie_;
  const auto made = ask("POST", "/tokens", {{"name", "x"}, {"scope", {"violations"}}, {"days", 1}});
  ASSERT_EQ(made.status, 201);
  cookie_ = admin;
  constexpr const char* kReset = "until you choose your own";
  EXPECT_EQ(ask("POST", "/accounts/amelie/reset", {{"password", kReset}}).status, 409);
  EXPECT_EQ(ask("POST", "/accounts/nobody/reset", {{"password", kReset}}).status, 404);
  const Response reset = ask("POST", "/accounts/officer/reset", {{"password", kReset}, {"totp", true}});
  ASSERT_EQ(reset.status, 200) << reset.body;
  EXPECT_EQ(Json::parse(reset.body)["must_change"], true);
  EXPECT_EQ(Json::parse(reset.body)["enrolled"], false);
  EXPECT_EQ(last_entry(), "amelie: console account reset: done");
  cookie_ = before;
  EXPECT_EQ(ask("GET", "/violations").status, 401);
  token_ = Json::parse(made.body)["token"];
  EXPECT_EQ(ask("GET", "/violations").status, 401) << "its tokens are gone too";
  token_.clear();
  log_in("officer", kReset);
  const Response refused = ask("GET", "/violations");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(Json::parse(refused.body)["code"], "must-change");
  EXPECT_EQ(ask("POST", "/tokens", {{"name", "x"}, {"scope", {"violations"}}, {"days", 1}}).status, 403);
  EXPECT_EQ(Json::parse(ask("GET", "/session").body)["must_change"], true);
  ASSERT_EQ(ask("POST", "/session/password", {{"old", kReset}, {"new", kPassword}}).status, 200);
  EXPECT_EQ(ask("GET", "/violations").status, 200);
}

TEST_F(DeskTest, SessionsAreSeenAndEndedByTheirOwnerAndAnAdmin) {
  set_up();
  const std::string admin = cookie_;
  for (const char* const name : {"officer", "other"}) {
    ASSERT_EQ(ask("POST", "/accounts", {{"name", name}, {"role", "officer"}, {"password", kPassword}}).status,
              201);
  }
  log_in("officer");
  const std::string first = cookie_;
  log_in("officer");
  const std::string second = cookie_;
  const Json mine = Json::parse(ask("GET", "/sessions").body)["sessions"];
  ASSERT_EQ(mine.size(), 2U);
  EXPECT_EQ(mine[0]["current"], true) << "used last";
  EXPECT_EQ(mine[1]["current"], false);
  EXPECT_EQ(mine[1]["address"], "10.0.0.9");
  const std::string path = "/sessions/" + mine[1]["id"].get<std::string>();
  log_in("other");
  EXPECT_EQ(ask("GET", "/sessions?account=officer").status, 403);
  EXPECT_EQ(ask("DELETE", path).status, 404) << "it is none of theirs";
  EXPECT_EQ(ask("DELETE", path + "?account=officer").status, 403);
  EXPECT_EQ(ask("DELETE", "/sessions?account=officer").status, 403);
  cookie_ = second;
  EXPECT_EQ(ask("DELETE", path).status, 204);
  EXPECT_EQ(last_entry(), "officer: console session ended: done");
  EXPECT_EQ(ask("DELETE", path).status, 404);
  EXPECT_EQ(ask("GET", "/session").status, 200);
  cookie_ = first;
  EXPECT_EQ(ask("GET", "/session").status, 401);
  cookie_ = admin;
  EXPECT_EQ(Json::parse(ask("GET", "/sessions?account=officer").body)["sessions"].size(), 1U);
  EXPECT_EQ(ask("GET", "/sessions?account=nobody").status, 404);
  EXPECT_EQ(ask("DELETE", "/sessions?account=officer").status, 204);
  cookie_ = second;
  EXPECT_EQ(ask("GET", "/session").status, 401);
  cookie_ = admin;
  EXPECT_EQ(ask("DELETE", "/sessions").status, 204) << "all but the one that asks";
  EXPECT_EQ(ask("GET", "/session").status, 200);
}

}  // namespace
}  // namespace weir::console
