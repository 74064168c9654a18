// SPDX-License-Identifier: Apache-2.0
// A report on paper: a first page with the figures and charts, then the tables, each page with its number.
#pragma once

#include <string>

#include "policy/report/report.h"

namespace weir::report {

enum class Paper : std::uint8_t { kA4, kLetter };

[[nodiscard]] Result<std::string> to_pdf(const Report& report, Paper paper);

}  // namespace weir::report
