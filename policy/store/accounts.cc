// SPDX-License-Identifier: Apache-2.0
#include "policy/store/account_store.h"
#include "policy/store/connection.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Number = long long;

constexpr const char* kAccountColumns =
    "name, role, password, totp_key, totp_step, enrolled, made_ns, last_login_ns, must_change";

struct AccountRow {
  ConsoleAccount row;
  Number step = 0, enrolled = 0, made = 0, last_login = 0, must_change = 0;

  [[nodiscard]] ConsoleAccount account() const {
    ConsoleAccount made_up = row;
    made_up.totp_step = step;
    made_up.enrolled = enrolled != 0;
    made_up.made = made;
    made_up.last_login = last_login;
    made_up.must_change = must_change != 0;
    return made_up;
  }
};

#define WEIR_INTO_ACCOUNT(r)                                                                              \
  into((r).row.name), into((r).row.role), into((r).row.password), into((r).row.totp_key), into((r).step), \
      into((r).enrolled), into((r).made), into((r).last_login), into((r).must_change)

Result<ConsoleAccount> read_account(soci::session& session, const std::string& name) {
  auto found = caught("cannot read the account", [&] {
    AccountRow r;
    session << fmt::format("SELECT {} FROM console_accounts WHERE name = :name", kAccountColumns), use(name),
        WEIR_INTO_ACCOUNT(r);
    return r.account();
  });
  if (found && found->name.empty()) return failure(ErrorCode::kNotFound, "there is no such account");
  return found;
}

Number count_of(soci::session& session, const char* table) {
  Number count = 0;
  session << fmt::format("SELECT COUNT(*) FROM {}", table), into(count);
  return count;
}

}  // namespace

Result<std::vector<ConsoleAccount>> console_accounts(Store& store) {
  return caught("cannot read the accounts", [&] {
    std::vector<ConsoleAccount> all;
    AccountRow r;
    soci::statement statement = (store.connection().session.prepare << fmt::format(
                                     "SELECT {} FROM console_accounts ORDER BY name", kAccountColumns),
                                 WEIR_INTO_ACCOUNT(r));
    statement.execute();
    while (statement.fetch()) all.push_back(r.account());
    return all;
  });
}

Result<ConsoleAccount> console_account(Store& store, const std::string& name) {
  return read_account(store.connection().session, name);
}

Result<ConsoleAccount> console_account(Batch& batch, const std::string& name) {
  return read_account(batch.work().connection.session, name);
}

Result<void> add_account(Batch& batch, const ConsoleAccount& account) {
  soci::session& session = batch.work().connection.session;
  const auto present = read_account(session, account.name);
  if (present) return failure(ErrorCode::kBusy, fmt::format("there is an account {} already", account.name));
  if (present.error().code != ErrorCode::kNotFound) return tl::unexpected(present.error());
  const auto count =
      caught("cannot count the accounts", [&] { return count_of(session, "console_accounts"); });
  if (!count) return tl::unexpected(count.error());
  if (*count >= kAccountsMax)
    return failure(ErrorCode::kLimit, fmt::format("there are {} accounts already", kAccountsMax));
  return caught("cannot keep the account", [&] {
    const Number step = account.totp_step;
    const Number enrolled = account.enrolled ? 1 : 0;
    const Number made = account.made;
    const Number last = account.last_login;
    const Number must_change = account.must_change ? 1 : 0;
    session << fmt::format("INSERT INTO console_accounts ({}) VALUES (:n, :r, :p, :k, :s, :e, :m, :l, :c)",
                           kAccountColumns),
        use(account.name), use(account.role), use(account.password), use(account.totp_key), use(step),
        use(enrolled), use(made), use(last), use(must_change);
  });
}

Result<void> put(Batch& batch, const ConsoleAccount& account) {
  return caught(
      "cannot keep the account", [&] {
        const Number step = account.totp_step;
        const Number enrolled = account.enrolled ? 1 : 0;
        const Number last = account.last_login;
        const Number must_change = account.must_change ? 1 : 0;
        batch.work().connection.session
            << "UPDATE console_accounts SET role = :r, password = :p, totp_key = :k, totp_step = :s,"
               " enrolled = :e, last_login_ns = :l, must_change = :c WHERE name = :n",
            use(account.role), use(account.password), use(account.totp_key), use(step), use(enrolled),
            use(last), use(must_change), use(account.name);
      });
}

Result<void> remove_account(Batch& batch, const std::string& name) {
  soci::session& session = batch.work().connection.session;
  if (const auto present = read_account(session, name); !present) return tl::unexpected(present.error());
  return caught("cannot remove the account", [&] {
    session << "DELETE FROM console_sessions WHERE account = :n", use(name);
    session << "DELETE FROM console_tokens WHERE account = :n", use(name);
    session << "DELETE FROM console_accounts WHERE name = :n", use(name);
  });
}

Result<LoginTries> login_tries(Store& store, const std::string& who) {
  return caught("cannot read failed logins", [&] {
    LoginTries tries{.who = who};
    Number failures = 0, last = 0;
    store.connection().session << "SELECT failures, last_ns FROM console_tries WHERE who = :w", use(who),
        into(failures), into(last);
    tries.failures = failures;
    tries.last = last;
    return tries;
  });
}

Result<void> put(Batch& batch, const LoginTries& tries) {
  return caught("cannot keep failed logins", [&] {
    soci::session& session = batch.work().connection.session;
    if (tries.failures == 0) {
      session << "DELETE FROM console_tries WHERE who = :w", use(tries.who);
      return;
    }
    const Number failures = tries.failures;
    const Number last = tries.last;
    session << "INSERT INTO console_tries (who, failures, last_ns) VALUES (:w, :f, :l)"
               " ON CONFLICT (who) DO UPDATE SET failures = excluded.failures, last_ns = excluded.last_ns",
        use(tries.who), use(failures), use(last);
    const Number kept = kLoginTriesMax;
    session << "DELETE FROM console_tries WHERE last_ns <"
               " (SELECT last_ns FROM console_tries ORDER BY last_ns DESC LIMIT 1 OFFSET :k)",
        use(kept);
  });
}

Result<OneTimeCode> one_time_code(Store& store) {
  auto found = caught("cannot read the code", [&] {
    OneTimeCode code;
    Number ends = 0;
    store.connection().session << "SELECT hash, ends_ns FROM console_code WHERE id = 1", into(code.hash),
        into(ends);
    code.ends = ends;
    return code;
  });
  if (found && found->hash.empty()) return failure(ErrorCode::kNotFound, "there is no code");
  return found;
}

Result<void> put(Batch& batch, const OneTimeCode& code) {
  return caught("cannot keep the code",
                [&] {
                  const Number ends = code.ends;
                  batch.work().connection.session
                      << "INSERT INTO console_code (id, hash, ends_ns) VALUES (1, :h, :e)"
                         " ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, ends_ns = excluded.ends_ns",
                      use(code.hash), use(ends);
                });
}

Result<void> use_up_code(Batch& batch) {
  return caught("cannot use up the code",
                [&] { batch.work().connection.session << "DELETE FROM console_code WHERE id = 1"; });
}

}  // namespace weir::policy
