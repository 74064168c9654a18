// SPDX-License-Identifier: Apache-2.0
// A client was shown the page of a rule with `then: continue` and went on: until then the rule is silent for
// it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace weir {

struct ClickThrough {
  std::string rule;
  std::int64_t ends = 0;  // a TimeNs; it holds before
  auto operator<=>(const ClickThrough&) const = default;
};

}  // namespace weir
