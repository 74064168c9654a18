// SPDX-License-Identifier: Apache-2.0
// Any bytes as the settings: either mistakes with a place, or settings within their ranges.
#include <cstdlib>

#include "policy/model/byte_reader.h"
#include "policy/model/settings.h"
#include "policy/model/settings_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  auto settings = parse_settings(as_text({data, size}), "fuzz");
  if (!settings) {
    if (settings.error().empty() || to_text(settings.error().front()).empty()) std::abort();
    return 0;
  }
  for (const SettingRow& row : settings_table()) {
    if (row.number == nullptr) continue;
    const std::int64_t value = *row.number(*settings);
    if (value < row.low || value > row.high) std::abort();
  }
  if (control_socket(*settings).size() >= 108) std::abort();
  return 0;
}
