// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of signatures: what loads keeps its limits.
#include <cstdlib>

#include "policy/lang/signatures.h"
#include "policy/model/byte_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const auto signatures = policy::parse_signatures(as_text({data, size}), "fuzz");
  if (!signatures) {
    if (signatures.error().empty()) std::abort();
    return 0;
  }
  if (signatures->size() > policy::kSignaturesMax) std::abort();
  for (const policy::Signature& signature : *signatures) {
    if (signature.app.size() <= policy::kCustomApp.size()) std::abort();
    for (const std::string& pattern : signature.patterns) {
      if (pattern.empty() || pattern.size() > policy::kSignaturePatternBytesMax) std::abort();
    }
  }
  return 0;
}
