// SPDX-License-Identifier: Apache-2.0
#include "policy/report/table_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "policy/notify/utc_text.h"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Cell& cell) {
  switch (cell.type) {
    case Cell::Type::kNone:
      return nullptr;
    case Cell::Type::kText:
      return cell.words;
    case Cell::Type::kPercent:
      return static_cast<double>(cell.number) / 10.0;
    case Cell::Type::kTime:
      return notify::utc_text(cell.number);
    case Cell::Type::kCount:
    case Cell::Type::kBytes:
      break;
  }
  return cell.number;
}

std::string csv_of(const Cell& cell) {
  if (cell.type == Cell::Type::kNone) return "";
  if (cell.type == Cell::Type::kTime) return notify::utc_text(cell.number);
  if (cell.type == Cell::Type::kPercent)
    return fmt::format("{}{}.{}", cell.number < 0 ? "-" : "", std::abs(cell.number) / 10,
                       std::abs(cell.number) % 10);
  if (cell.type != Cell::Type::kText) return std::to_string(cell.number);
  const bool formula = cell.words.find_first_of("=+-@\t\r") == 0;
  return formula ? "'" + cell.words : cell.words;
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) line += ',';
    if (cell.find_first_of(",\"\r\n") == std::string::npos) {
      line += cell;
      continue;
    }
    line += '"';
    for (const char c : cell) line += c == '"' ? std::string{"\"\""} : std::string{c};
    line += '"';
  }
  return line + "\r\n";
}

Json period_json(const Period& period) {
  return {{"from", date_text(period.first_day)},
          {"to", date_text(period.end_day - 1)},
          {"begin", notify::utc_text(period.begin)},
          {"end", notify::utc_text(period.end)}};
}

Json table_json(const Table& table) {
  Json rows = Json::array();
  for (const auto& cells : table.rows) {
    Json row = Json::object();
    for (std::size_t i = 0; i < cells.size(); ++i) row[table.columns[i].key] = json_of(cells[i]);
    rows.push_back(std::move(row));
  }
  return {{"title", table.title}, {"rows", std::move(rows)}, {"rows_left_out", table.left_out}};
}

}  // namespace

std::string to_json(const Report& report) {
  Json json{{"weir_report", 1},
            {"kind", to_string(report.kind)},
            {"title", title_of(report)},
            {"appliance", report.appliance},
            {"group", report.group},
            {"timezone", report.zone_name},
            {"period", period_json(report.period)},
            {"previous", period_json(report.previous)},
            {"made", notify::utc_text(report.made)}};
  for (const Figure& figure : report.figures)
    json["figures"][figure.key] = {
        {"title", figure.title}, {"value", json_of(figure.now)}, {"change_percent", json_of(figure.change)}};
  for (const Chart& chart : report.charts) {
    Json& made = json["charts"][chart.key] = {{"title", chart.title}, {"labels", chart.labels}};
    for (const Series& series : chart.series) made["series"][series.name] = series.values;
  }
  for (const Table& table : report.tables) json["tables"][table.key] = table_json(table);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_csv(const Table& table) {
  std::vector<std::string> cells;
  for (const Column& column : table.columns) cells.push_back(column.key);
  std::string text = csv_line(cells);
  for (const auto& row : table.rows) {
    cells.clear();
    for (const Cell& cell : row) cells.push_back(csv_of(cell));
    text += csv_line(cells);
  }
  return text;
}

}  // namespace weir::report
