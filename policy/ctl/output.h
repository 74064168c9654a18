// SPDX-License-Identifier: Apache-2.0
// The three ways weirctl prints. A command makes rows once, as JSON objects; a table or CSV shows the columns
// that the command names, JSON shows everything.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/time.h"

namespace weir::ctl {

using Json = nlohmann::ordered_json;

enum class Format : std::uint8_t { kTable, kJson, kCsv };

/// Rows as a table with aligned columns, a JSON array, or CSV (RFC 4180). A column is a key of the rows.
[[nodiscard]] std::string render(Format format, const Json& rows, const std::vector<std::string>& columns);
/// One row of `render`, without the line of columns.
[[nodiscard]] std::string csv_row(const Json& row, const std::vector<std::string>& columns);
[[nodiscard]] std::string csv_line(const std::vector<std::string>& cells);
/// Without bytes that a terminal would obey.
[[nodiscard]] std::string printable(std::string_view text);
/// RFC 3339 in UTC with milliseconds; "-" for 0.
[[nodiscard]] std::string time_text(TimeNs time);
/// "3d 4h", "12m": how old something is, in its two greatest units; "-" for what lies ahead.
[[nodiscard]] std::string age_text(TimeNs age);
/// To standard output, whole.
void print(const std::string& text);
/// Nobody reads standard output any more (`weirctl ... | head`): a command that goes on for ever ends.
[[nodiscard]] bool output_closed();

}  // namespace weir::ctl
