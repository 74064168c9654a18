// SPDX-License-Identifier: Apache-2.0
#include "policy/detect/own_past.h"

#include <algorithm>

namespace weir::policy {

Result<std::optional<std::int64_t>> median_before(const DetectKey& key, const DetectWindow& window,
                                                  const Measure& measure, DetectStore& store) {
  const auto past = store.past(key, window.begins - window.width, window.width, kPastWindowsMax);
  if (!past) return tl::unexpected(past.error());
  std::vector<std::int64_t> values;
  for (const DetectWindow& one : *past)
    if (const auto value = measure(one.sums)) values.push_back(*value);
  if (values.size() < kPastWindowsMin) return std::nullopt;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace weir::policy
