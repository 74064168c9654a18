// SPDX-License-Identifier: Apache-2.0
#include "policy/report/report.h"

#include <algorithm>

#include "policy/lang/moment.h"

namespace weir::report {

Cell Cell::share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return {};
  const double tenths = static_cast<double>(part) * 1'000.0 / static_cast<double>(whole);
  return {Type::kPercent, {}, static_cast<std::int64_t>(tenths + 0.5)};
}

Cell Cell::change(std::uint64_t before, std::uint64_t now) {
  if (before == 0) return {};
  const double tenths =
      (static_cast<double>(now) - static_cast<double>(before)) * 1'000.0 / static_cast<double>(before);
  return {Type::kPercent, {}, static_cast<std::int64_t>(tenths + (tenths < 0 ? -0.5 : 0.5))};
}

const Table* Report::find(const std::string& key) const {
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const Table& one) { return one.key == key; });
  return found == tables.end() ? nullptr : &*found;
}

std::string title_of(const Report& report) {
  constexpr std::array kTitles{Word::kDailyReport, Word::kWeeklyReport, Word::kMonthlyReport};
  return std::string(text(kTitles.at(static_cast<std::size_t>(report.kind)), report.language));
}

std::string cell_text(const Cell& cell, const Report& report) {
  constexpr std::size_t kToMinutes = 16;  // "2026-11-28 09:01"
  switch (cell.type) {
    case Cell::Type::kNone:
      return "";
    case Cell::Type::kText:
      return cell.words;
    case Cell::Type::kCount:
      return count_text(cell.number, report.language);
    case Cell::Type::kBytes:
      return bytes_text(cell.number, report.language);
    case Cell::Type::kPercent:
      return percent_text(cell.number, report.language);
    case Cell::Type::kTime:
      return cell.number <= 0 ? "" : policy::local_text(report.zone, cell.number).substr(0, kToMinutes);
  }
  return "";
}

}  // namespace weir::report
