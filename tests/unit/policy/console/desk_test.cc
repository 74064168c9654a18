// SPDX-License-Identifier: Apache-2.0
// Accounts, logins, sessions and who may what.
#include "policy/console/desk.h"

#include <cctype>

#include "tests/unit/policy/console/desk_fixture.h"

namespace weir::console {
namespace {

TEST_F(DeskTest, TheFirstAccountTakesTheCodeOnce) {
  EXPECT_EQ(Json::parse(ask("GET", "/setup").body)["needed"], true);
  const Json account{{"code", "0000-0000-0000-0000"}, {"name", "amelie"}, {"password", kPassword}};
  EXPECT_EQ(ask("POST", "/setup", account).status, 401) << "there is no code";
  std::string first = policy::make_first_code(*store_, 60 * kSecond, now_).value();
  EXPECT_EQ(ask("POST", "/setup", account).status, 401);
  now_ += 61 * kSecond;
  EXPECT_EQ(ask("POST", "/setup", {{"code", first}, {"name", "amelie"}, {"password", kPassword}}).status, 401)
      << "it is no longer good";
  first = policy::make_first_code(*store_, 60 * kSecond, now_).value();
  std::string shouted = first;
  for (char& c : shouted) c = static_cast<char>(c == '-' ? ' ' : std::toupper(c));
  now_ += kLoginWait;
  EXPECT_EQ(ask("POST", "/setup", {{"code", first}, {"name", "amelie"}, {"password", "short"}}).status, 422);
  EXPECT_EQ(ask("POST", "/setup", {{"code", first}, {"name", "A b"}, {"password", kPassword}}).status, 422);
  const Response made =
      ask("POST", "/setup", {{"code", shouted}, {"name", "amelie"}, {"password", kPassword}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(Json::parse(made.body)["next"], "totp");
  EXPECT_EQ(Json::parse(made.body)["enrol"]["secret"].get<std::string>().size(), 32U);
  EXPECT_EQ(ask("POST", "/setup", {{"code", first}, {"name", "bruno"}, {"password", kPassword}}).status, 401);
  EXPECT_EQ(Json::parse(ask("GET", "/setup").body)["needed"], false);
  EXPECT_FALSE(policy::make_first_code(*store_, 60 * kSecond, now_).has_value()) << "there is an account";
}

TEST_F(DeskTest, ASessionNeedsBothStepsAndACodeIsGoodOnce) {
  set_up();
  const std::string first_session = cookie_;
  EXPECT_EQ(Json::parse(ask("GET", "/session").body)["name"], "amelie");
  EXPECT_EQ(last_entry(), "amelie: console login: done");
  now_ += kTotpStep;
  cookie_.clear();
  ASSERT_EQ(ask("POST", "/session", {{"name", "amelie"}, {"password", kPassword}}).status, 200);
  EXPECT_EQ(ask("GET", "/session").status, 401) << "after the password alone";
  const std::string half = cookie_;
  const std::string once = code();
  EXPECT_EQ(ask("POST", "/session/totp", {{"code", once}}).status, 200);
  EXPECT_NE(cookie_, half) << "the token is another after the login";
  cookie_ = half;
  EXPECT_EQ(ask("GET", "/session").status, 401) << "the half session is gone";
  ASSERT_EQ(ask("POST", "/session", {{"name", "amelie"}, {"password", kPassword}}).status, 200);
  EXPECT_EQ(ask("POST", "/session/totp", {{"code", once}}).status, 401) << "the same code again";
  cookie_ = first_session;
  EXPECT_EQ(ask("DELETE", "/session").status, 204);
  cookie_ = first_session;
  EXPECT_EQ(ask("GET", "/session").status, 401) << "logged out";
}

TEST_F(DeskTest, ALoginTakesNoTokenOver) {
  set_up();
  const std::string chosen(64, '5');
  cookie_ = chosen;
  EXPECT_EQ(ask("GET", "/session").status, 401);
  now_ += kTotpStep;
  ASSERT_EQ(ask("POST", "/session", {{"name", name_}, {"password", kPassword}}).status, 200);
  EXPECT_NE(cookie_, chosen);
  ASSERT_EQ(ask("POST", "/session/totp", {{"code", code()}}).status, 200);
  cookie_ = chosen;
  EXPECT_EQ(ask("GET", "/session").status, 401);
}

TEST_F(DeskTest, APasswordThatIsEasyToGuessIsRefused) {
  set_up();
  for (const char* const guessed : {"passwordpassword", "officer-officer", "123456789012"}) {
    EXPECT_EQ(
        ask("POST", "/accounts", {{"name", "officer"}, {"role", "officer"}, {"password", guessed}}).status,
        422)
        << guessed;
  }
}

TEST_F(DeskTest, WrongAnswersSayTheSameAndThenWait) {
  set_up();
  cookie_.clear();
  const auto detail = [&](const std::string& name, const std::string& password) {
    const Response response = ask("POST", "/session", {{"name", name}, {"password", password}});
    EXPECT_EQ(response.status, 401);
    return Json::parse(response.body)["detail"].get<std::string>();
  };
  EXPECT_EQ(detail("amelie", "a wrong password"), detail("nobody", "a wrong password"));
  EXPECT_EQ(last_entry(), "nobody: console login: refused: name or password");
  static_cast<void>(detail("amelie", "a wrong password"));
  static_cast<void>(detail("amelie", "a wrong password"));
  const Response waits = ask("POST", "/session", {{"name", "amelie"}, {"password", kPassword}});
  EXPECT_EQ(waits.status, 429) << "the right password does not help before the time is over";
  EXPECT_EQ(waits.header("Retry-After"), "1");
  now_ += kLoginWait;
  EXPECT_EQ(ask("POST", "/session", {{"name", "amelie"}, {"password", kPassword}}).status, 200);
}

TEST_F(DeskTest, ASessionEndsUnusedAndInTheEnd) {
  set_up();
  now_ += (settings_.console.idle_minutes * 60 - 1) * kSecond;
  EXPECT_EQ(ask("GET", "/session").status, 200);
  now_ += (settings_.console.idle_minutes * 60 - 1) * kSecond;
  EXPECT_EQ(ask("GET", "/session").status, 200) << "it was used";
  now_ += (settings_.console.idle_minutes * 60 + 1) * kSecond;
  EXPECT_EQ(ask("GET", "/session").status, 401);
  log_in("amelie");
  const TimeNs begins = now_;
  while (now_ - begins < settings_.console.session_hours * 3'600 * kSecond - 600 * kSecond) {
    now_ += 600 * kSecond;
    ASSERT_EQ(ask("GET", "/session").status, 200);
  }
  now_ += 601 * kSecond;
  EXPECT_EQ(ask("GET", "/session").status, 401) << "however it is used";
}

TEST_F(DeskTest, TheStoreHasNoTokenAndNoPassword) {
  set_up();
  const auto account = policy::console_account(*store_, "amelie").value();
  EXPECT_TRUE(account.password.starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << account.password;
  EXPECT_FALSE(policy::console_session(*store_, cookie_).has_value());
  EXPECT_TRUE(policy::console_session(*store_, hash_of_token(cookie_)).has_value());
}

TEST_F(DeskTest, ARoleMayDoItsOwnAlone) {
  set_up();
  EXPECT_EQ(ask("GET", "/violations").status, 403) << "an admin is no officer";
  EXPECT_EQ(last_entry(), "amelie: console violations: refused: not for the role admin");
  for (const char* const role : {"officer", "technician"}) {
    ASSERT_EQ(ask("POST", "/accounts", {{"name", role}, {"role", role}, {"password", kPassword}}).status,
              201);
  }
  EXPECT_EQ(
      ask("POST", "/accounts", {{"name", "officer"}, {"role", "officer"}, {"password", kPassword}}).status,
      409);
  EXPECT_EQ(ask("POST", "/accounts", {{"name", "root"}, {"role", "root"}, {"password", kPassword}}).status,
            422);
  EXPECT_EQ(ask("DELETE", "/accounts/amelie").status, 409) << "nobody removes their own";
  const std::string admin = cookie_;
  log_in("officer");
  EXPECT_EQ(ask("GET", "/violations").status, 200);
  EXPECT_EQ(ask("GET", "/accounts").status, 403);
  EXPECT_EQ(ask("POST", "/policy/confirm").status, 403);
  EXPECT_EQ(ask("POST", "/reveals", {{"pseudonym", "client-aaaaaaaaaa"}, {"reason", "why"}}).status, 403);
  const std::string officer = cookie_;
  cookie_ = admin;
  EXPECT_EQ(ask("DELETE", "/accounts/officer").status, 204);
  cookie_ = officer;
  EXPECT_EQ(ask("GET", "/violations").status, 401) << "the account is gone";
}

TEST_F(DeskTest, WhatComesFromElsewhereIsRefused) {
  set_up();
  Request request;
  request.method = "DELETE";
  request.target = "/api/v1/session";
  request.host = "weir.example";
  request.session = cookie_;
  EXPECT_EQ(handle(request).status, 403) << "no X-CSRF";
  request.csrf = "1";
  request.fetch_site = "cross-site";
  EXPECT_EQ(handle(request).status, 403);
  request.fetch_site = "same-origin";
  request.origin = "https://evil.example";
  EXPECT_EQ(handle(request).status, 403);
  request.method = "GET";
  EXPECT_EQ(handle(request).status, 403) << "what is only read is not for other sites either";
  request.origin = "";
  request.csrf = "";
  for (const char* const site : {"cross-site", "same-site"}) {
    request.fetch_site = site;
    EXPECT_EQ(handle(request).status, 403) << site;
  }
  request.fetch_site = "none";
  EXPECT_EQ(handle(request).status, 200) << "somebody typed the address";
  request.method = "DELETE";
  request.csrf = "1";
  EXPECT_EQ(handle(request).status, 403) << "nobody types this";
  request.fetch_site = "same-origin";
  request.origin = "https://weir.example";
  EXPECT_EQ(handle(request).status, 204);
}

TEST_F(DeskTest, ABodyIsAnObjectOfJson) {
  Request request;
  request.method = "POST";
  request.target = "/api/v1/session";
  request.csrf = "1";
  request.content_type = "application/json";
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  for (const std::string& body :
       {std::string{"["}, std::string{"[]"}, std::string{"{\"name\":"}, std::string{"1"}, deep}) {
    request.body = body;
    EXPECT_EQ(handle(request).status, 400) << body.substr(0, 20);
  }
  request.body = "{}";
  request.content_type = "text/plain";
  EXPECT_EQ(handle(request).status, 400);
  request.content_type = "application/json; charset=utf-8";
  EXPECT_EQ(handle(request).status, 401);
}

TEST_F(DeskTest, WithoutAStoreItSaysSo) {
  settings_.engine.store = home_.file("nowhere/weir.db");
  desk_.emplace(settings_, "", "");
  EXPECT_EQ(ask("GET", "/session").status, 503);
}

}  // namespace
}  // namespace weir::console
