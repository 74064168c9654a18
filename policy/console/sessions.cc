// SPDX-License-Identifier: Apache-2.0
#include "policy/console/sessions.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>

#include "policy/audit/signing.h"
#include "policy/console/login_delay.h"
#include "policy/model/settings.h"

namespace weir::console {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kBearer = "Bearer ";
constexpr std::size_t kTokenBytesMax = 128;

}  // namespace

bool is_same(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_alive(const policy::ConsoleSession& session, const Settings& settings, TimeNs now) {
  const TimeNs idle = settings.console.idle_minutes * 60 * kSecond;
  const TimeNs whole = settings.console.session_hours * 3'600 * kSecond;
  if (now - session.used > idle || now - session.began > whole) return false;
  return session.complete || now - session.began <= kHalfSession;
}

bool may(const Operation& operation, const Call& call) {
  const auto role = role_of(call.account.role);
  if (!role || !allowed(operation, *role)) return false;
  if (call.token.id.empty()) return true;
  const auto scope = comma_separated(call.token.scope);
  return !operation.is(kPeopleOnly) && std::ranges::find(scope, operation.id) != scope.end();
}

std::optional<TokenParts> token_parts(std::string_view authorization) {
  if (authorization.size() > kTokenBytesMax || !authorization.starts_with(kBearer)) return std::nullopt;
  authorization.remove_prefix(kBearer.size());
  if (!authorization.starts_with(kTokenPrefix)) return std::nullopt;
  authorization.remove_prefix(kTokenPrefix.size());
  const std::size_t dash = authorization.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  return TokenParts{std::string{authorization.substr(0, dash)}, std::string{authorization.substr(dash + 1)}};
}

std::string cookie_of(const std::string& token, std::uint64_t seconds) {
  return fmt::format("__Host-sid={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={}", token, seconds);
}

Result<void> begin_session(policy::Batch& batch, const Desk& desk, const Call& call,
                           const NewSession& session, Response& response) {
  const std::string token = policy::hex(policy::random_bytes(kSecretBytes));
  const ConsoleSettings& console = desk.settings().console;
  const TimeNs whole = console.session_hours * 3'600 * kSecond;
  if (auto gone =
          policy::trim_sessions(batch, call.now - console.idle_minutes * 60 * kSecond, call.now - whole);
      !gone)
    return gone;
  const std::uint64_t lasts = session.complete ? static_cast<std::uint64_t>(whole / kSecond)
                                               : static_cast<std::uint64_t>(kHalfSession / kSecond);
  response.headers.emplace_back("Set-Cookie", cookie_of(token, lasts));
  return policy::put(batch, policy::ConsoleSession{.token_hash = hash_of_token(token),
                                                   .account = session.account,
                                                   .complete = session.complete,
                                                   .began = call.now,
                                                   .used = call.now,
                                                   .address = call.request.address});
}

Json me_json(const Desk& desk, const Call& call, TimeNs began) {
  Json operations_of = Json::array();
  for (const Operation& one : operations()) {
    if (one.open || may(one, call)) operations_of.push_back(one.id);
  }
  const ConsoleSettings& console = desk.settings().console;
  const TimeNs ends =
      call.token.id.empty() ? began + console.session_hours * 3'600 * kSecond : call.token.ends;
  return {{"name", call.account.name},
          {"role", call.account.role},
          {"operations", std::move(operations_of)},
          {"must_change", call.account.must_change},
          {"idle_minutes", console.idle_minutes},
          {"ends", time_json(ends)}};
}

Json account_json(const policy::ConsoleAccount& account) {
  return {{"name", account.name},
          {"role", account.role},
          {"made", time_json(account.made)},
          {"last_login", time_json(account.last_login)},
          {"enrolled", account.enrolled},
          {"must_change", account.must_change}};
}

Response refused_login() { return problem(401, "unauthenticated", "name, password or code is not right"); }

Response wait_response(TimeNs left) {
  const std::int64_t seconds = (left + kSecond - 1) / kSecond;
  Response response = problem(429, "too-many", fmt::format("try again in {} s", seconds));
  Json json = Json::parse(response.body);
  json["retry_after_s"] = seconds;
  response.body = json.dump();
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

Response fail_login(Desk& desk, const Call& call, const std::string& account, std::string why) {
  policy::AuditEntry entry = Desk::entry_of(call, "console login", account);
  entry.result = "refused: " + std::move(why);
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  if (auto counted = count_failure(desk.store(), *batch, account, call.request.address, call.now); !counted)
    return problem_of(counted.error());
  if (auto done = desk.people().commit(*batch, entry); !done) return problem_of(done.error());
  return refused_login();
}

std::optional<std::string> whose(const Call& call) {
  const std::string named = call.asked("account");
  if (named.empty() || named == call.account.name) return call.account.name;
  return call.account.role == kRoleNames[static_cast<std::size_t>(Role::kAdmin)] ? std::optional{named}
                                                                                 : std::nullopt;
}

}  // namespace weir::console
