// SPDX-License-Identifier: Apache-2.0
// Common Event Format, version 0: one line for the end of a flow and one for each hit.
#pragma once

#include "policy/export/encoder.h"

namespace weir::output {

[[nodiscard]] Line cef_line(const event::FlowEvent& event, const event::Hit* hit, bool people);

/// In a field of the header: `|` and `\` escaped, a blank for each control character.
[[nodiscard]] std::string cef_header(std::string_view text);
/// In a value of the extension: `=` and `\` escaped, line ends as \n and \r, other control characters as
/// U+FFFD.
[[nodiscard]] std::string cef_value(std::string_view text);

}  // namespace weir::output
