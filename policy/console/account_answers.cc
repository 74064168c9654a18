// SPDX-License-Identifier: Apache-2.0
// Logging in, and who may. Answers to a wrong name, password or code say the same and take as long.
#include <fmt/format.h>

#include <algorithm>

#include "policy/audit/first_code.h"
#include "policy/audit/password_hash.h"
#include "policy/audit/signing.h"
#include "policy/console/answers.h"
#include "policy/console/login_delay.h"
#include "policy/console/passwords.h"
#include "policy/console/sessions.h"
#include "policy/console/totp.h"

namespace weir::console {
namespace {

constexpr std::size_t kNameBytesMax = 32;

bool is_name(const std::string& name) {
  const auto inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kNameBytesMax && name[0] >= 'a' && name[0] <= 'z' &&
         std::ranges::all_of(name, inner);
}

Json step_json(const Desk& desk, const policy::ConsoleAccount& account) {
  Json json{{"next", "totp"}};
  const auto key = policy::from_hex(account.totp_key);
  if (!account.enrolled && key) {
    json["enrol"] = {{"secret", base32(*key)},
                     {"uri", totp_uri(desk.settings().appliance, account.name, *key)}};
  }
  return json;
}

Result<policy::ConsoleAccount> new_account(const std::string& name, std::string role,
                                           const std::string& password, TimeNs now) {
  auto hash = policy::hash_password(password);
  if (!hash) return tl::unexpected(hash.error());
  return policy::ConsoleAccount{.name = name,
                                .role = std::move(role),
                                .password = std::move(*hash),
                                .totp_key = policy::hex(policy::random_bytes(kTotpKeyBytes)),
                                .made = now};
}

bool is_code(Desk& desk, const Call& call) {
  const auto kept = policy::one_time_code(desk.store());
  const std::string typed = policy::hash_of_code(call.text("code"));
  return kept && kept->ends > call.now && is_same(kept->hash, typed);
}

/// The account with the session that waits for its code; nullopt: there is none.
struct HalfLogin {
  policy::ConsoleAccount account;
  policy::ConsoleSession session;
};
std::optional<HalfLogin> half_login(Desk& desk, const Call& call) {
  const auto session = policy::console_session(desk.store(), hash_of_token(call.request.session));
  if (!session || session->complete || call.now - session->began > kHalfSession) return std::nullopt;
  const auto account = policy::console_account(desk.store(), session->account);
  if (!account) return std::nullopt;
  return HalfLogin{*account, *session};
}

/// Takes the code, in one batch: of two requests with the same code one alone gets through.
Response finish_login(Desk& desk, Call& call, const HalfLogin& half) {
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto account = policy::console_account(*batch, half.account.name);
  if (!account) return refused_login();
  const auto key = policy::from_hex(account->totp_key);
  const auto step = key ? totp_step(*key, call.text("code"), account->totp_step, call.now) : std::nullopt;
  if (!step) return refused_login();
  account->totp_step = *step;
  account->enrolled = true;
  account->last_login = call.now;
  call.account = *account;
  Response response = json_response(me_json(desk, call, call.now));
  auto kept = policy::put(*batch, *account);
  if (kept) kept = policy::remove_session(*batch, half.session.token_hash);
  if (kept) kept = begin_session(*batch, desk, call, {account->name, true}, response);
  if (kept) kept = forget_failures(*batch, account->name, call.request.address);
  if (kept) kept = desk.people().commit(*batch, Desk::entry_of(call, "console login", account->name));
  return kept ? response : problem_of(kept.error());
}

}  // namespace

Response setup_state(Desk& desk, const Call&) {
  const auto accounts = policy::console_accounts(desk.store());
  return accounts ? json_response({{"needed", accounts->empty()}}) : problem_of(accounts.error());
}

Response setup(Desk& desk, const Call& call) {
  const auto waits = login_wait(desk.store(), "", call.request.address, call.now);
  if (!waits) return problem_of(waits.error());
  if (*waits > 0) return wait_response(*waits);
  if (!is_code(desk, call)) return fail_login(desk, call, "", "not the one-time code");
  const std::string name = call.text("name");
  const std::string password = call.text("password");
  if (!is_name(name)) return problem(422, "invalid", "a name is [a-z][a-z0-9._-]{0,31}");
  if (const std::string wrong = wrong_with_password(password, name, desk.settings().appliance);
      !wrong.empty())
    return problem(422, "invalid", wrong);
  const auto account = new_account(name, "admin", password, call.now);
  if (!account) return problem_of(account.error());
  Response response = json_response(step_json(desk, *account), 201);
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  // The code goes with the account: of two who typed it one alone gets through.
  auto kept = policy::use_up_code(*batch);
  if (kept) kept = policy::add_account(*batch, *account);
  if (kept) kept = begin_session(*batch, desk, call, {name, false}, response);
  policy::AuditEntry entry = Desk::entry_of(call, "console setup", "account " + name);
  entry.who = name;
  if (kept) kept = desk.people().commit(*batch, entry);
  return kept ? response : problem_of(kept.error());
}

Response login(Desk& desk, const Call& call) {
  const std::string name = call.text("name");
  const std::string known_name = is_name(name) ? name : "";  // nothing else gets into the log
  const auto waits = login_wait(desk.store(), known_name, call.request.address, call.now);
  if (!waits) return problem_of(waits.error());
  if (*waits > 0) return wait_response(*waits);
  const auto account = policy::console_account(desk.store(), name);
  if (!account && account.error().code != ErrorCode::kNotFound) return problem_of(account.error());
  const std::string password = call.text("password");
  if (password.size() > policy::kPasswordBytesMax ||
      !policy::fits_password(account ? account->password : std::string{}, password)) {
    return fail_login(desk, call, known_name, "name or password");
  }
  Response response = json_response(step_json(desk, *account));
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto kept = begin_session(*batch, desk, call, {name, false}, response);
  if (kept) kept = batch->commit();
  return kept ? response : problem_of(kept.error());
}

Response second_step(Desk& desk, const Call& call) {
  const auto half = half_login(desk, call);
  if (!half) return refused_login();
  const auto waits = login_wait(desk.store(), half->account.name, call.request.address, call.now);
  if (!waits) return problem_of(waits.error());
  if (*waits > 0) return wait_response(*waits);
  Call mine = call;
  Response response = finish_login(desk, mine, *half);
  return response.status == 401 ? fail_login(desk, call, half->account.name, "code") : response;
}

Response logout(Desk& desk, const Call& call) {
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto ended = policy::remove_session(*batch, hash_of_token(call.request.session));
  if (ended) ended = batch->commit();
  if (!ended) return problem_of(ended.error());
  Response response{.status = 204, .type = "", .body = ""};
  response.headers.emplace_back("Set-Cookie", cookie_of("", 0));
  response.headers.emplace_back("Clear-Site-Data", "\"cache\", \"cookies\", \"storage\"");
  return response;
}

Response me(Desk& desk, const Call& call) { return json_response(me_json(desk, call, call.session.began)); }

Response list_accounts(Desk& desk, const Call&) {
  const auto accounts = policy::console_accounts(desk.store());
  if (!accounts) return problem_of(accounts.error());
  Json rows = Json::array();
  for (const policy::ConsoleAccount& one : *accounts) rows.push_back(account_json(one));
  return json_response({{"accounts", std::move(rows)}});
}

Response make_account(Desk& desk, const Call& call) {
  const std::string name = call.text("name");
  const std::string role = call.text("role");
  const std::string password = call.text("password");
  if (!is_name(name)) return problem(422, "invalid", "a name is [a-z][a-z0-9._-]{0,31}");
  if (!role_of(role))
    return problem(422, "invalid", fmt::format("a role is one of {}", fmt::join(kRoleNames, ", ")));
  if (const std::string wrong = wrong_with_password(password, name, desk.settings().appliance);
      !wrong.empty())
    return problem(422, "invalid", wrong);
  const auto account = new_account(name, role, password, call.now);
  if (!account) return problem_of(account.error());
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto kept = policy::add_account(*batch, *account);
  if (kept)
    kept = desk.people().commit(*batch,
                                Desk::entry_of(call, "console account", fmt::format("{}, {}", name, role)));
  return kept ? json_response(account_json(*account), 201) : problem_of(kept.error());
}

Response delete_account(Desk& desk, const Call& call) {
  const std::string& name = call.arguments.front();
  if (name == call.account.name) return problem(409, "conflict", "nobody removes their own account");
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto kept = policy::remove_account(*batch, name);
  if (kept) kept = desk.people().commit(*batch, Desk::entry_of(call, "console account removed", name));
  return kept ? Response{.status = 204, .type = "", .body = ""} : problem_of(kept.error());
}

}  // namespace weir::console
