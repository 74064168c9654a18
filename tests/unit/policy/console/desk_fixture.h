// SPDX-License-Identifier: Apache-2.0
// A desk with a store of its own and a clock of the test's, and who asks it.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "policy/audit/first_code.h"
#include "policy/audit/pseudonym.h"
#include "policy/audit/signing.h"
#include "policy/console/desk.h"
#include "policy/console/totp.h"
#include "policy/store/audit_store.h"
#include "policy/store/violation_store.h"
#include "tests/support/temporary_directory.h"

namespace weir::console {
inline constexpr const char* kPassword = "correct horse battery";
inline constexpr TimeNs kLoginWait = 10 * kSecond;  // longer than the delays here

class DeskTest : public testing::Test {
 protected:
  DeskTest() {
    settings_.state_directory = home_.path();
    settings_.run_directory = home_.path();
    settings_.engine.store = home_.file("weir.db");
    settings_.classifier.policy = home_.file("policy/current.yaml");
    store_.emplace(policy::Store::open(settings_.engine, policy::StoreAccess::kWrite).value());
    desk_.emplace(settings_, home_.file("weir.yaml"), "/nonexistent/weirctl");
  }
  [[nodiscard]] Response ask(const std::string& method, const std::string& path, const Json& body = nullptr) {
    Request request;
    request.method = method;
    request.target = "/api/v1" + path;
    request.address = "10.0.0.9";
    request.host = "weir.example";
    request.key = key_;
    if (token_.empty()) {
      request.session = cookie_;
      if (method != "GET") request.csrf = "1";
    } else {
      request.authorization = "Bearer " + token_;
    }
    if (!body.is_null()) {
      request.body = body.dump();
      request.content_type = "application/json";
    }
    return handle(request);
  }
  Response handle(const Request& request) {
    Response response = desk_->handle(request, now_);
    const std::string_view set = response.header("Set-Cookie");
    if (!set.empty()) cookie_ = set.substr(11, set.find(';') - 11);
    return response;
  }
  [[nodiscard]] std::string code() {
    const auto account = policy::console_account(*store_, name_).value();
    return totp_code(*policy::from_hex(account.totp_key), now_ / kTotpStep);
  }
  /// The first account, logged in.
  void set_up() {
    const auto first = policy::make_first_code(*store_, 60 * kSecond, now_).value();
    ASSERT_EQ(ask("POST", "/setup", {{"code", first}, {"name", name_}, {"password", kPassword}}).status, 201);
    ASSERT_EQ(ask("POST", "/session/totp", {{"code", code()}}).status, 200);
  }
  void log_in(const std::string& name, const std::string& password = kPassword) {
    name_ = name;
    now_ += kTotpStep;
    ASSERT_EQ(ask("POST", "/session", {{"name", name}, {"password", password}}).status, 200);
    ASSERT_EQ(ask("POST", "/session/totp", {{"code", code()}}).status, 200);
  }
  /// One more account, made by whoever is logged in.
  void make_account(const std::string& role) {
    const Json account{{"name", role}, {"role", role}, {"password", kPassword}};
    ASSERT_EQ(ask("POST", "/accounts", account).status, 201);
  }
  /// The id of a violation that is seen for the first time.
  std::int64_t violate(const std::string& rule, const std::string& subject, const std::string& object,
                       Severity severity = Severity::kMedium) {
    auto batch = store_->begin().value();
    const policy::ViolationSighting seen{rule,    "web",  "block", false, severity,
                                         subject, object, "f1",    1,     now_};
    EXPECT_TRUE(batch.record(seen).has_value());
    EXPECT_TRUE(batch.commit().has_value());
    return policy::queue_state(*store_).value().newest;
  }
  std::string pseudonym_of(const std::string& subject) {
    return policy::Pseudonyms::open(settings_).value().of(subject);
  }
  std::string last_entry() {
    const auto head = policy::audit_head(*store_).value();
    const auto rows = policy::audit_rows(*store_, head.number, 1).value();
    return rows.empty() ? "" : rows[0].who + ": " + rows[0].verb + ": " + rows[0].result;
  }

  test::TemporaryDirectory home_;
  Settings settings_;
  std::optional<policy::Store> store_;
  std::optional<Desk> desk_;
  TimeNs now_ = 1'800'000'000 * kSecond;
  std::string name_ = "amelie";
  std::string cookie_;
  std::string key_;    // Idempotency-Key
  std::string token_;  // of a program, in place of the cookie
};

}  // namespace weir::console
