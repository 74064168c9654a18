// SPDX-License-Identifier: Apache-2.0
// A report as data, from which PDF, CSV and JSON are made: figures, charts and tables, all in one language.
// The same store and the same time give the same report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/report/period.h"
#include "policy/report/words.h"

namespace weir::report {

struct Cell {
  enum class Type : std::uint8_t { kNone, kText, kCount, kBytes, kPercent, kTime };
  Type type = Type::kNone;
  std::string words{};      // of kText
  std::int64_t number = 0;  // kPercent: tenths of a percent; kTime: TimeNs

  static Cell of(std::string words) { return {Type::kText, std::move(words)}; }
  static Cell count(std::int64_t number) { return {Type::kCount, {}, number}; }
  static Cell count(std::uint64_t number) { return count(static_cast<std::int64_t>(number)); }
  static Cell bytes(std::uint64_t number) { return {Type::kBytes, {}, static_cast<std::int64_t>(number)}; }
  static Cell time(TimeNs at) { return {Type::kTime, {}, at}; }
  /// `part` of `whole` in percent; none of nothing.
  static Cell share(std::uint64_t part, std::uint64_t whole);
  /// From `before` to `now` in percent; none where there was nothing.
  static Cell change(std::uint64_t before, std::uint64_t now);
};

struct Column {
  std::string key;    // of CSV and JSON, the same in each language
  std::string title;  // as people read it
  bool number = false;
  double width = 1.0;  // share of the table's width
};

struct Table {
  std::string key;  // "violations-by-rule"
  std::string title;
  std::string about;  // a sentence; may be empty
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::uint64_t left_out = 0;  // rows beyond the report's limit
};

/// One number of the first page, and how it stood in the period before.
struct Figure {
  std::string key;
  std::string title;
  Cell now;
  Cell change;
};

struct Series {
  std::string name;
  std::vector<std::int64_t> values;  // one a label
};

/// Bars over time, the series of one label on top of each other.
struct Chart {
  std::string key;
  std::string title;
  bool bytes = false;
  std::vector<std::string> labels;
  std::vector<Series> series;
};

struct Report {
  Kind kind = Kind::kDaily;
  Language language = Language::kEnglish;
  std::string appliance;
  std::string group;  // empty: all
  policy::TimeZone zone;
  std::string zone_name;
  Period period;
  Period previous;
  TimeNs made = 0;
  std::vector<Figure> figures;
  std::vector<Chart> charts;
  std::vector<Table> tables;

  [[nodiscard]] const Table* find(const std::string& key) const;
};

/// "Weekly report".
[[nodiscard]] std::string title_of(const Report& report);
/// As people read it; "" for none.
[[nodiscard]] std::string cell_text(const Cell& cell, const Report& report);

}  // namespace weir::report
