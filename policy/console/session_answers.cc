// SPDX-License-Identifier: Apache-2.0
// Passwords that change, and sessions that are seen and ended: one's own, by an admin anybody's.
#include <algorithm>

#include "policy/audit/password_hash.h"
#include "policy/audit/signing.h"
#include "policy/console/answers.h"
#include "policy/console/login_delay.h"
#include "policy/console/passwords.h"
#include "policy/console/sessions.h"
#include "policy/console/totp.h"

namespace weir::console {
namespace {

constexpr std::size_t kSessionIdDigits = 16;

/// The head of what the store has in place of its token: with it nobody gets in.
std::string id_of(const policy::ConsoleSession& session) {
  return session.token_hash.substr(0, kSessionIdDigits);
}

/// Of the account, those that somebody may still use.
Result<std::vector<policy::ConsoleSession>> living_sessions(Desk& desk, const std::string& name, TimeNs now) {
  if (const auto account = policy::console_account(desk.store(), name); !account)
    return tl::unexpected(account.error());
  auto all = policy::console_sessions(desk.store(), name);
  if (!all) return all;
  std::erase_if(*all, [&](const policy::ConsoleSession& one) {
    return !one.complete || !is_alive(one, desk.settings(), now);
  });
  return all;
}

Response nothing(Result<void> done) {
  return done ? Response{.status = 204, .type = "", .body = ""} : problem_of(done.error());
}

}  // namespace

Response change_password(Desk& desk, const Call& call) {
  const std::string& name = call.account.name;
  const auto waits = login_wait(desk.store(), name, call.request.address, call.now);
  if (!waits) return problem_of(waits.error());
  if (*waits > 0) return wait_response(*waits);
  const std::string old = call.text("old");
  const std::string fresh = call.text("new");
  if (old.size() > policy::kPasswordBytesMax || !policy::fits_password(call.account.password, old)) {
    Response failed = fail_login(desk, call, name, "password, to change it");
    return failed.status == 401 ? problem(422, "invalid", "the present password is not right") : failed;
  }
  if (const std::string wrong = wrong_with_password(fresh, name, desk.settings().appliance); !wrong.empty())
    return problem(422, "invalid", wrong);
  if (fresh == old) return problem(422, "invalid", "the new password is the present one");
  auto hash = policy::hash_password(fresh);
  if (!hash) return problem_of(hash.error());
  Call mine = call;
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto account = policy::console_account(*batch, name);
  if (!account) return problem_of(account.error());
  account->password = std::move(*hash);
  account->must_change = false;
  mine.account = *account;
  Response response = json_response(me_json(desk, mine, call.now));
  auto kept = policy::put(*batch, *account);
  // Who else knew the password is out.
  if (kept) kept = policy::remove_sessions_but(*batch, name, "");
  if (kept) kept = begin_session(*batch, desk, call, {name, true}, response);
  if (kept) kept = desk.people().commit(*batch, Desk::entry_of(call, "console password", name));
  return kept ? response : problem_of(kept.error());
}

Response reset_account(Desk& desk, const Call& call) {
  const std::string& name = call.arguments.front();
  if (name == call.account.name)
    return problem(409, "conflict", "nobody resets their own account: change the password");
  const std::string password = call.text("password");
  if (const std::string wrong = wrong_with_password(password, name, desk.settings().appliance);
      !wrong.empty())
    return problem(422, "invalid", wrong);
  const auto found = call.body.find("totp");
  const bool totp = found != call.body.end() && found->is_boolean() && found->get<bool>();
  if (const auto there = policy::console_account(desk.store(), name); !there)
    return problem_of(there.error());
  auto hash = policy::hash_password(password);
  if (!hash) return problem_of(hash.error());
  const auto tokens = policy::console_tokens(desk.store(), name);
  if (!tokens) return problem_of(tokens.error());
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto account = policy::console_account(*batch, name);
  if (!account) return problem_of(account.error());
  account->password = std::move(*hash);
  account->must_change = true;
  if (totp) {
    account->totp_key = policy::hex(policy::random_bytes(kTotpKeyBytes));
    account->enrolled = false;
    account->totp_step = 0;
  }
  auto kept = policy::put(*batch, *account);
  if (kept) kept = policy::remove_sessions_but(*batch, name, "");
  for (const policy::ConsoleToken& one : *tokens)
    if (kept) kept = policy::remove_token(*batch, one.id);
  const std::string what = totp ? name + ", password and second step" : name + ", password";
  if (kept) kept = desk.people().commit(*batch, Desk::entry_of(call, "console account reset", what));
  return kept ? json_response(account_json(*account)) : problem_of(kept.error());
}

Response list_sessions(Desk& desk, const Call& call) {
  const auto name = whose(call);
  if (!name) return problem(403, "forbidden");
  const auto sessions = living_sessions(desk, *name, call.now);
  if (!sessions) return problem_of(sessions.error());
  Json rows = Json::array();
  for (const policy::ConsoleSession& one : *sessions) {
    rows.push_back({{"id", id_of(one)},
                    {"began", time_json(one.began)},
                    {"used", time_json(one.used)},
                    {"address", one.address},
                    {"current", one.token_hash == call.session.token_hash}});
  }
  return json_response({{"sessions", std::move(rows)}});
}

Response end_sessions(Desk& desk, const Call& call) {
  const auto name = whose(call);
  if (!name) return problem(403, "forbidden");
  if (const auto account = policy::console_account(desk.store(), *name); !account)
    return problem_of(account.error());
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto ended = policy::remove_sessions_but(*batch, *name, call.session.token_hash);
  if (ended) ended = desk.people().commit(*batch, Desk::entry_of(call, "console sessions ended", *name));
  return nothing(ended);
}

Response end_session(Desk& desk, const Call& call) {
  const auto name = whose(call);
  if (!name) return problem(403, "forbidden");
  const auto sessions = living_sessions(desk, *name, call.now);
  if (!sessions) return problem_of(sessions.error());
  const auto found = std::ranges::find(*sessions, call.arguments.front(), id_of);
  if (found == sessions->end()) return problem(404, "not-found", "there is no such session");
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto ended = policy::remove_session(*batch, found->token_hash);
  if (ended) ended = desk.people().commit(*batch, Desk::entry_of(call, "console session ended", *name));
  return nothing(ended);
}

}  // namespace weir::console
