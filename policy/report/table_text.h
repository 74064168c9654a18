// SPDX-License-Identifier: Apache-2.0
// A report for programs: JSON of all of it, CSV of one table. Numbers are plain, times are UTC (RFC 3339).
#pragma once

#include <string>

#include "policy/report/report.h"

namespace weir::report {

[[nodiscard]] std::string to_json(const Report& report);
/// RFC 4180, with a line of column keys. A text that a spreadsheet would take for a formula gets a ' in
/// front.
[[nodiscard]] std::string to_csv(const Table& table);

}  // namespace weir::report
