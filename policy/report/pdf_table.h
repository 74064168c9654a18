// SPDX-License-Identifier: Apache-2.0
// A table over as many pages as it needs; the line of columns stands on each.
#pragma once

#include "policy/report/pdf_page.h"
#include "policy/report/report.h"

namespace weir::report {

void draw_table(Page& page, const Report& report, const Table& table);

}  // namespace weir::report
