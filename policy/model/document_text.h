// SPDX-License-Identifier: Apache-2.0
// A tree back to text: one form for what is said, however it was written. Read again it is the same tree, but
// for places and for quotes that its text needs.
#pragma once

#include <string>

#include "policy/model/document.h"

namespace weir {

/// On one line: {rule: no-bets, match: {domain: [bet.example, "*.win.example"]}, then: block}
[[nodiscard]] std::string inline_text(const Node& node);
/// A whole file, which is a map: its lists with a line an item, its maps with a line a name.
[[nodiscard]] std::string document_text(const Node& root);

}  // namespace weir
