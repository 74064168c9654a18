// SPDX-License-Identifier: Apache-2.0
// Any text as a downloaded list, in each format: what is taken can be built and looked up.
#include "policy/categories/category_source.h"

#include <array>
#include <cstdlib>

#include "policy/categories/category_file.h"
#include "policy/model/byte_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::policy;
  static const PublicSuffixes suffixes;
  constexpr std::size_t kInputBytesMax = 16'384;
  if (size > kInputBytesMax) return 0;
  const std::string_view text = weir::as_text({data, size});
  static_cast<void>(detect_format(text, "list"));
  for (const SourceFormat format :
       {SourceFormat::kPlain, SourceFormat::kUrls, SourceFormat::kHosts, SourceFormat::kRpz}) {
    CategoryBuilder builder;
    const auto list = builder.add_list({"c", "s", "f", "", 0, 0}).value();
    const auto count = read_source(text, "list", format, list, suffixes, {}, builder);
    if (!count) {
      if (count.error().what.empty()) std::abort();
      continue;
    }
    const auto bytes = builder.build(0);
    const auto file = CategoryFile::from_bytes(*bytes, "built");
    if (!file || file->domains() > count->taken + count->allowed) std::abort();
    file->for_each([&](std::string_view name, std::uint16_t) {
      bool found = false;
      file->lookup(name, [&](const CategoryHit& hit) { found |= hit.entry == name; });
      if (!found) std::abort();
    });
  }
  return 0;
}
