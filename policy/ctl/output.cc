// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace weir::ctl {
namespace {

std::string cell_of(const Json& row, const std::string& column) {
  const auto found = row.find(column);
  if (found == row.end() || found->is_null()) return {};
  if (found->is_string()) return printable(found->get<std::string>());
  if (found->is_boolean()) return found->get<bool>() ? "yes" : "no";
  if (!found->is_array()) return printable(found->dump());
  std::string joined;
  for (const Json& item : *found) {
    if (!joined.empty()) joined += ' ';
    joined += item.is_string() ? printable(item.get<std::string>()) : item.dump();
  }
  return joined;
}

std::size_t width_of(std::string_view text) {  // characters, not bytes
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string table(const Json& rows, const std::vector<std::string>& columns) {
  std::vector<std::vector<std::string>> lines{columns};
  for (std::string& head : lines.front()) std::ranges::replace(head, '_', ' ');
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& column : columns) cells.push_back(cell_of(row, column));
    lines.push_back(std::move(cells));
  }
  std::vector<std::size_t> widths(columns.size(), 0);
  for (const auto& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width_of(cells[i]));
  }
  std::string text;
  for (const auto& cells : lines) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += cells[i];
      if (i + 1 < cells.size()) line.append(widths[i] - width_of(cells[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    if (cells[i].find_first_of(",\"\r\n") == std::string::npos) {
      line += cells[i];
      continue;
    }
    line += '"';
    for (const char c : cells[i]) line += c == '"' ? std::string{"\"\""} : std::string{c};
    line += '"';
  }
  return line + "\n";
}

std::string printable(std::string_view text) {
  std::string shown{text};
  for (char& c : shown) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == '\x7f') c = '?';
  }
  return shown;
}

std::string time_text(TimeNs time) {
  if (time <= 0) return "-";
  const std::time_t seconds = time / kSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", parts, (time % kSecond) / kMillisecond);
}

std::string age_text(TimeNs age) {
  if (age < 0) return "-";
  const std::int64_t seconds = age / kSecond;
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  if (hours >= 24) return fmt::format("{}d {}h", hours / 24, hours % 24);
  if (hours > 0) return fmt::format("{}h {}m", hours, minutes % 60);
  return minutes > 0 ? fmt::format("{}m {}s", minutes, seconds % 60) : fmt::format("{}s", seconds);
}

std::string csv_row(const Json& row, const std::vector<std::string>& columns) {
  std::vector<std::string> cells;
  for (const std::string& column : columns) cells.push_back(cell_of(row, column));
  return csv_line(cells);
}

std::string render(Format format, const Json& rows, const std::vector<std::string>& columns) {
  if (format == Format::kJson) return rows.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (format == Format::kTable) return table(rows, columns);
  std::string text = csv_line(columns);
  for (const Json& row : rows) text += csv_row(row, columns);
  return text;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

bool output_closed() { return std::ferror(stdout) != 0; }

}  // namespace weir::ctl
