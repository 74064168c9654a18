// SPDX-License-Identifier: Apache-2.0
// A statement of pieces of SQL and of values, for those whose text or whose number of values is not known
// before: filters, and many rows at once. A value is bound, never written into the text.
#pragma once

#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "policy/store/connection.h"

namespace weir::policy {

/// SOCI's name for 64 bits.
using Integer = long long;

/// Values of one statement; SQLite of Debian takes 250,000, PostgreSQL 65,535.
inline constexpr std::size_t kStatementValuesMax = 32'000;

class Statement {
 public:
  using Value = std::variant<Integer, std::string>;

  explicit Statement(Store::Connection& store) : dialect_(*store.dialect), statement_(store.session) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& operator<<(std::string_view sql) {
    text_ += sql;
    return *this;
  }
  Statement& value(Value value) {
    values_.push_back(std::move(value));
    text_ += place();
    return *this;
  }
  /// For a {blob} column.
  Statement& bytes(std::string_view bytes);
  /// "(:a, :b)" with the comma that separates it from a row before it.
  Statement& row(std::initializer_list<Value> values) {
    begin_row();
    for (const Value& one : values) next().value(one);
    return end_row();
  }
  /// The same, piece by piece: begin_row().next().value(1).next().bytes(sketch).end_row().
  Statement& begin_row() {
    if (text_.ends_with(')')) text_ += ", ";
    text_ += '(';
    return *this;
  }
  Statement& next() {
    if (!text_.ends_with('(')) text_ += ", ";
    return *this;
  }
  Statement& end_row() {
    text_ += ')';
    return *this;
  }
  /// Where the columns of the result go, in their order; before `run`.
  template <typename T>
  Statement& into(T& column) {
    statement_.exchange(soci::into(column));
    return *this;
  }

  /// Runs it; gives how many rows it changed. Throws soci_error, as everything here.
  Integer run() {
    start(true);
    return statement_.get_affected_rows();
  }
  /// Gives the next row, beginning with the first; false: there is none.
  bool fetch() {
    if (!started_) start(false);
    return statement_.fetch();
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::size_t values() const { return values_.size(); }

 private:
  /// Of the value that was added last. SQLite looks a name up among all those before it, which with thousands
  /// of them takes longer than the statement itself; SOCI gives PostgreSQL numbers for names.
  [[nodiscard]] std::string place() const {
    return dialect_.named_values ? fmt::format(":v{}", values_.size()) : "?";
  }
  void start(bool whole) {
    started_ = true;
    for (Value& one : values_) {
      std::visit([&](auto& value) { statement_.exchange(soci::use(value)); }, one);
    }
    statement_.alloc();
    statement_.prepare(text_, soci::details::st_one_time_query);
    statement_.define_and_bind();
    statement_.execute(whole);
  }

  const Dialect& dialect_;
  soci::statement statement_;
  std::string text_;
  std::deque<Value> values_;  // SOCI keeps their addresses
  bool started_ = false;
};

/// A {blob} column as `bytes_of` wants it, in the list of what is selected.
[[nodiscard]] std::string blob_column(const Dialect& dialect, std::string_view column);
/// The bytes of a column that was selected by `blob_column`.
[[nodiscard]] std::string bytes_of(std::string_view hex);

}  // namespace weir::policy
