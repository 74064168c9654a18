// SPDX-License-Identifier: Apache-2.0
// Any bytes as a software catalogue; its patterns are then tried on a User-Agent taken from the same bytes.
#include <cstdlib>

#include "policy/lang/catalogue.h"
#include "policy/model/byte_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  constexpr std::size_t kAgentBytesMax = 1'024;
  const std::string_view text = as_text({data, size});
  const auto catalogue = policy::parse_catalogue(text, "fuzz");
  if (!catalogue) {
    if (catalogue.error().empty()) std::abort();
    return 0;
  }
  const std::string_view agent = text.substr(0, kAgentBytesMax);
  for (const policy::Product& product : catalogue->products) {
    for (const policy::TraceRule& rule : policy::trace_rules()) {
      if (rule.form != policy::TraceForm::kPattern) continue;
      for (const std::string& pattern : product.*rule.traces) {
        const auto version = policy::match_pattern(pattern, agent);
        if (version && version->size() > agent.size()) std::abort();
      }
    }
  }
  return 0;
}
