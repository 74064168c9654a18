// SPDX-License-Identifier: Apache-2.0
// All that one database does in its own way. Statements elsewhere are the SQL that SQLite and PostgreSQL
// share (ON CONFLICT, RETURNING, partial indexes, CASE); in the schema `{key}`, `{int}` and `{strict}` stand
// for the words below.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace soci {
class session;
}

namespace weir::policy {

struct Dialect {
  std::string_view key;      // a row number that the database gives
  std::string_view integer;  // 64 bits, signed
  std::string_view strict;   // after the columns of a table
};

[[nodiscard]] const Dialect& sqlite_dialect();
[[nodiscard]] std::string in_dialect(std::string_view sql, const Dialect& dialect);
/// Opens the file and sets it up: write-ahead log, full sync at commit, waiting for locks. Throws soci_error.
void open_sqlite(soci::session& session, const std::string& path, bool may_write);
/// What was deleted is in none of the database's files any more. Throws soci_error.
void rewrite_files(soci::session& session);

}  // namespace weir::policy
