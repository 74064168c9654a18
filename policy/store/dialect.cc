// SPDX-License-Identifier: Apache-2.0
#include "policy/store/dialect.h"

#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

namespace weir::policy {
namespace {

constexpr int kLockWaitSeconds = 5;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

const Dialect& sqlite_dialect() {
  static constexpr Dialect kSqlite{"INTEGER PRIMARY KEY", "INTEGER", "STRICT"};
  return kSqlite;
}

std::string in_dialect(std::string_view sql, const Dialect& dialect) {
  std::string text{sql};
  replace_all(text, "{key}", dialect.key);
  replace_all(text, "{int}", dialect.integer);
  replace_all(text, "{strict}", dialect.strict);
  return text;
}

void open_sqlite(soci::session& session, const std::string& path, bool may_write) {
  session.open(soci::sqlite3, fmt::format("dbname=\"{}\" timeout={}", path, kLockWaitSeconds));
  session << "PRAGMA foreign_keys = ON";
  if (!may_write) {
    session << "PRAGMA query_only = ON";
    return;
  }
  std::string mode;
  session << "PRAGMA journal_mode = WAL", soci::into(mode);
  // An event is acknowledged after the commit, so the commit must survive a power cut: NORMAL would not do.
  session << "PRAGMA synchronous = FULL";
}

void rewrite_files(soci::session& session) {
  session << "VACUUM";  // both databases know it
  if (session.get_backend_name() != "sqlite3") return;
  int busy = 0, pages = 0, moved = 0;
  session << "PRAGMA wal_checkpoint(TRUNCATE)", soci::into(busy), soci::into(pages), soci::into(moved);
  if (busy != 0) throw soci::soci_error("another process holds the write-ahead log");
}

}  // namespace weir::policy
