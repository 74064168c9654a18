// SPDX-License-Identifier: Apache-2.0
// All that one database does in its own way. Statements elsewhere are the SQL that SQLite and PostgreSQL
// share (ON CONFLICT, RETURNING, VALUES, partial indexes, CASE, window functions); in the schema `{key}`,
// `{int}`, `{blob}` and `{strict}` stand for the words below, and a column of type TEXT is in byte order in
// both.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace soci {
class session;
}

namespace weir::policy {

struct Dialect {
  std::string_view name;     // sqlite | postgresql
  std::string_view key;      // a row number that the database gives
  std::string_view integer;  // 64 bits, signed
  std::string_view blob;     // bytes; written by `bytes_in`, read by `bytes_out`
  std::string_view text;     // compared byte by byte
  std::string_view strict;   // after the columns of a table
  std::string_view begin;    // a transaction that writes
  std::string_view lock;     // its first statement, which keeps every other writer out; empty: none is needed
  bool named_values;         // values are bound at ":name", else at "?"
  std::string_view bytes_in;   // SQL around a bound value that becomes a blob; "{}" is its place
  std::string_view bytes_out;  // SQL around a blob column that is read as hex digits
  std::string_view like;       // finds a part of a text in any letter case
  bool trigram_table;          // parts of objects are found by the table violation_objects, else by an index
  std::span<const std::string_view> search_index;  // statements that make that table or index
  std::string_view snapshot;                       // a transaction that reads and sees one moment
  std::string_view tables;          // names of those that hold rows, in the order in which they were made
  std::string_view tables_to_drop;  // names of all but schema_version; one that names another comes before it
  std::string_view columns;  // names and types of a table, whose name follows, and their order behind it
  std::string_view columns_order;
  std::string_view blob_type;  // what `columns` says of a blob
  std::string_view next_key;   // sets the next number of a table, "{0}", behind its highest; empty: it is
  std::span<const std::string_view> checks;  // each gives what is wrong, or "ok"
};

[[nodiscard]] const Dialect& sqlite_dialect();
[[nodiscard]] const Dialect& postgresql_dialect();
[[nodiscard]] std::string in_dialect(std::string_view sql, const Dialect& dialect);

/// Opens the file and sets it up: write-ahead log, full sync at commit, waiting for locks. Throws soci_error.
void open_sqlite(soci::session& session, const std::string& path, bool may_write);
/// Connects and sets the connection up to behave as SQLite does. Throws soci_error; std::runtime_error where
/// the database cannot hold a store (its encoding is not UTF-8).
void open_postgresql(soci::session& session, const std::string& url, const std::string& password,
                     bool may_write);

}  // namespace weir::policy
