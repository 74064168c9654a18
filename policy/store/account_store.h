// SPDX-License-Identifier: Apache-2.0
// Who may use the console, and who does: accounts, sessions, tokens of programs, failed logins, and the
// one-time code with which the first account is made. Secrets come in as hashes, but for the key of TOTP,
// which has to be known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/time.h"
#include "policy/store/store.h"

namespace weir::policy {

inline constexpr std::uint32_t kAccountsMax = 1'000;
inline constexpr std::uint32_t kSessionsMax = 10'000;     // the longest unused goes
inline constexpr std::uint32_t kTokensMax = 20;           // of an account
inline constexpr std::uint32_t kKeptAnswersMax = 10'000;  // the oldest go
inline constexpr std::uint32_t kLoginTriesMax = 100'000;  // rows; the oldest go

struct ConsoleAccount {
  std::string name;
  std::string role;
  std::string password;        // as libsodium hashes it
  std::string totp_key;        // hexadecimal
  std::int64_t totp_step = 0;  // of the last code that was taken: no earlier one is taken again
  bool enrolled = false;       // a code of this key was right once
  bool must_change = false;    // somebody else knows the password
  TimeNs made = 0;
  TimeNs last_login = 0;  // 0: never
};

struct ConsoleSession {
  std::string token_hash;
  std::string account;
  bool complete = false;  // after the TOTP code
  TimeNs began = 0;
  TimeNs used = 0;
  std::string address{};  // from which it began
};

/// With what a program asks in the name of an account.
struct ConsoleToken {
  std::string id;
  std::string token_hash;
  std::string account;
  std::string name;   // what it is for
  std::string scope;  // operations, comma-separated
  TimeNs made = 0;
  TimeNs ends = 0;
  TimeNs used = 0;        // last; 0: never
  std::string address{};  // of its last use
};

/// What was answered to a request that may come again.
struct KeptAnswer {
  std::string key;      // a hash of whose and which
  std::string request;  // a hash of what it asked
  std::int64_t status = 0;
  std::string type{};
  std::string body{};
  std::string tag{};  // its ETag
  TimeNs made = 0;
};

/// Failed logins of one account from one address since the last right one.
struct LoginTries {
  std::string who;
  std::int64_t failures = 0;
  TimeNs last = 0;
};

struct OneTimeCode {
  std::string hash;
  TimeNs ends = 0;
};

/// By name.
[[nodiscard]] Result<std::vector<ConsoleAccount>> console_accounts(Store& store);
/// kNotFound: there is none of that name.
[[nodiscard]] Result<ConsoleAccount> console_account(Store& store, const std::string& name);
[[nodiscard]] Result<ConsoleAccount> console_account(Batch& batch, const std::string& name);
/// kBusy: the name is taken; kLimit.
[[nodiscard]] Result<void> add_account(Batch& batch, const ConsoleAccount& account);
[[nodiscard]] Result<void> put(Batch& batch, const ConsoleAccount& account);
/// With its sessions. kNotFound.
[[nodiscard]] Result<void> remove_account(Batch& batch, const std::string& name);

/// kNotFound: there is none.
[[nodiscard]] Result<ConsoleSession> console_session(Store& store, const std::string& token_hash);
/// Of the account, the one that was used last first.
[[nodiscard]] Result<std::vector<ConsoleSession>> console_sessions(Store& store, const std::string& account);
/// All of the account but this one; an empty hash: all.
[[nodiscard]] Result<void> remove_sessions_but(Batch& batch, const std::string& account,
                                               const std::string& token_hash);
/// New, or used again.
[[nodiscard]] Result<void> put(Batch& batch, const ConsoleSession& session);
[[nodiscard]] Result<void> remove_session(Batch& batch, const std::string& token_hash);
/// Those that were used last, or began, before these times, and what is beyond kSessionsMax.
[[nodiscard]] Result<void> trim_sessions(Batch& batch, TimeNs used_before, TimeNs began_before);

/// Of the account, the newest first.
[[nodiscard]] Result<std::vector<ConsoleToken>> console_tokens(Store& store, const std::string& account);
/// kNotFound.
[[nodiscard]] Result<ConsoleToken> console_token(Store& store, const std::string& id);
/// kLimit: the account has kTokensMax.
[[nodiscard]] Result<void> add_token(Batch& batch, const ConsoleToken& token);
[[nodiscard]] Result<void> note_use(Batch& batch, const ConsoleToken& token);
[[nodiscard]] Result<void> remove_token(Batch& batch, const std::string& id);

/// kNotFound.
[[nodiscard]] Result<KeptAnswer> kept_answer(Store& store, const std::string& key);
/// In place of one under the same key. What was made before `made_before` goes, and what is beyond
/// kKeptAnswersMax.
[[nodiscard]] Result<void> keep(Batch& batch, const KeptAnswer& answer, TimeNs made_before);

/// Without failures: none are known.
[[nodiscard]] Result<LoginTries> login_tries(Store& store, const std::string& who);
/// failures 0: they are forgotten.
[[nodiscard]] Result<void> put(Batch& batch, const LoginTries& tries);

/// kNotFound: none was made, or it was used.
[[nodiscard]] Result<OneTimeCode> one_time_code(Store& store);
[[nodiscard]] Result<void> put(Batch& batch, const OneTimeCode& code);
[[nodiscard]] Result<void> use_up_code(Batch& batch);

}  // namespace weir::policy
