// SPDX-License-Identifier: Apache-2.0
// Sessions of people and tokens of programs.
#include "policy/store/account_store.h"
#include "policy/store/connection.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Number = long long;

constexpr const char* kSessionColumns = "token_hash, account, complete, began_ns, used_ns, address";
constexpr const char* kTokenColumns =
    "id, token_hash, account, name, scope, made_ns, ends_ns, used_ns, address";

struct SessionRow {
  ConsoleSession row;
  Number complete = 0, began = 0, used = 0;

  [[nodiscard]] ConsoleSession session() const {
    ConsoleSession whole = row;
    whole.complete = complete != 0;
    whole.began = began;
    whole.used = used;
    return whole;
  }
};

struct TokenRow {
  ConsoleToken row;
  Number made = 0, ends = 0, used = 0;

  [[nodiscard]] ConsoleToken token() const {
    ConsoleToken whole = row;
    whole.made = made;
    whole.ends = ends;
    whole.used = used;
    return whole;
  }
};

#define WEIR_INTO_SESSION(r)                                                                            \
  into((r).row.token_hash), into((r).row.account), into((r).complete), into((r).began), into((r).used), \
      into((r).row.address)
#define WEIR_INTO_TOKEN(r)                                                               \
  into((r).row.id), into((r).row.token_hash), into((r).row.account), into((r).row.name), \
      into((r).row.scope), into((r).made), into((r).ends), into((r).used), into((r).row.address)

}  // namespace

Result<ConsoleSession> console_session(Store& store, const std::string& token_hash) {
  auto found = caught("cannot read the session", [&] {
    SessionRow r;
    store.connection().session << fmt::format("SELECT {} FROM console_sessions WHERE token_hash = :t",
                                              kSessionColumns),
        use(token_hash), WEIR_INTO_SESSION(r);
    return r.session();
  });
  if (found && found->token_hash.empty()) return failure(ErrorCode::kNotFound, "there is no such session");
  return found;
}

Result<std::vector<ConsoleSession>> console_sessions(Store& store, const std::string& account) {
  return caught("cannot read the sessions", [&] {
    std::vector<ConsoleSession> all;
    SessionRow r;
    soci::statement statement =
        (store.connection().session.prepare << fmt::format(
             "SELECT {} FROM console_sessions WHERE account = :a ORDER BY used_ns DESC", kSessionColumns),
         use(account), WEIR_INTO_SESSION(r));
    statement.execute();
    while (statement.fetch()) all.push_back(r.session());
    return all;
  });
}

Result<void> put(Batch& batch, const ConsoleSession& session) {
  return caught("cannot keep the session", [&] {
    const Number complete = session.complete ? 1 : 0;
    const Number began = session.began;
    const Number used = session.used;
    batch.work().connection.session << fmt::format(
        "INSERT INTO console_sessions ({}) VALUES (:t, :a, :c, :b, :u, :d)"
        " ON CONFLICT (token_hash) DO UPDATE SET used_ns = excluded.used_ns",
        kSessionColumns),
        use(session.token_hash), use(session.account), use(complete), use(began), use(used),
        use(session.address);
  });
}

Result<void> remove_session(Batch& batch, const std::string& token_hash) {
  return caught("cannot end the session", [&] {
    batch.work().connection.session << "DELETE FROM console_sessions WHERE token_hash = :t", use(token_hash);
  });
}

Result<void> remove_sessions_but(Batch& batch, const std::string& account, const std::string& token_hash) {
  return caught("cannot end the sessions", [&] {
    batch.work().connection.session << "DELETE FROM console_sessions WHERE account = :a AND token_hash <> :t",
        use(account), use(token_hash);
  });
}

Result<void> trim_sessions(Batch& batch, TimeNs used_before, TimeNs began_before) {
  return caught("cannot end sessions", [&] {
    soci::session& session = batch.work().connection.session;
    const Number used = used_before;
    const Number began = began_before;
    const Number kept = kSessionsMax;
    session << "DELETE FROM console_sessions WHERE used_ns < :u OR began_ns < :b", use(used), use(began);
    session << "DELETE FROM console_sessions WHERE token_hash NOT IN"
               " (SELECT token_hash FROM console_sessions ORDER BY used_ns DESC LIMIT :k)",
        use(kept);
  });
}

Result<std::vector<ConsoleToken>> console_tokens(Store& store, const std::string& account) {
  return caught("cannot read the tokens", [&] {
    std::vector<ConsoleToken> all;
    TokenRow r;
    soci::statement statement =
        (store.connection().session.prepare << fmt::format(
             "SELECT {} FROM console_tokens WHERE account = :a ORDER BY made_ns DESC, id", kTokenColumns),
         use(account), WEIR_INTO_TOKEN(r));
    statement.execute();
    while (statement.fetch()) all.push_back(r.token());
    return all;
  });
}

Result<ConsoleToken> console_token(Store& store, const std::string& id) {
  auto found = caught("cannot read the token", [&] {
    TokenRow r;
    store.connection().session << fmt::format("SELECT {} FROM console_tokens WHERE id = :i", kTokenColumns),
        use(id), WEIR_INTO_TOKEN(r);
    return r.token();
  });
  if (found && found->id.empty()) return failure(ErrorCode::kNotFound, "there is no such token");
  return found;
}

Result<void> add_token(Batch& batch, const ConsoleToken& token) {
  soci::session& session = batch.work().connection.session;
  const auto count = caught("cannot count the tokens", [&] {
    Number present = 0;
    session << "SELECT COUNT(*) FROM console_tokens WHERE account = :a", use(token.account), into(present);
    return present;
  });
  if (!count) return tl::unexpected(count.error());
  if (*count >= kTokensMax)
    return failure(ErrorCode::kLimit, fmt::format("the account has {} tokens already", kTokensMax));
  return caught("cannot keep the token", [&] {
    const Number made = token.made;
    const Number ends = token.ends;
    const Number used = token.used;
    session << fmt::format("INSERT INTO console_tokens ({}) VALUES (:i, :t, :a, :n, :s, :m, :e, :u, :d)",
                           kTokenColumns),
        use(token.id), use(token.token_hash), use(token.account), use(token.name), use(token.scope),
        use(made), use(ends), use(used), use(token.address);
  });
}

Result<void> note_use(Batch& batch, const ConsoleToken& token) {
  return caught("cannot keep when the token was used", [&] {
    const Number used = token.used;
    batch.work().connection.session << "UPDATE console_tokens SET used_ns = :u, address = :d WHERE id = :i",
        use(used), use(token.address), use(token.id);
  });
}

Result<void> remove_token(Batch& batch, const std::string& id) {
  return caught("cannot remove the token", [&] {
    batch.work().connection.session << "DELETE FROM console_tokens WHERE id = :i", use(id);
  });
}

}  // namespace weir::policy
