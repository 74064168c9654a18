// SPDX-License-Identifier: Apache-2.0
// Bars over time. Severities are told apart by darkness too, for eyes and printers without colours.
#pragma once

#include "policy/report/pdf_page.h"
#include "policy/report/report.h"

namespace weir::report {

/// Takes `height` of the page.
void draw_chart(Page& page, const Report& report, const Chart& chart, double height);
/// The smallest of 1, 2 or 5 times a power of ten (bytes: a power of two) that is at least `most` / 4; 1 at
/// least. Lines of a chart stand at its multiples.
[[nodiscard]] std::int64_t grid_step(std::int64_t most, bool bytes);

}  // namespace weir::report
