// SPDX-License-Identifier: Apache-2.0
// The screen of weirctl top as plain lines: what top_rates found, cut to the size of a terminal.
#pragma once

#include <cstddef>
#include <string>

#include "policy/ctl/output.h"

namespace weir::ctl {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// At most `rows` lines of at most `columns` characters each, every one with its line end.
[[nodiscard]] std::string top_screen(const Json& rates, ScreenSize size);
/// 1,234,567 as 1.23 M; at most seven characters.
[[nodiscard]] std::string short_number(double value);

}  // namespace weir::ctl
