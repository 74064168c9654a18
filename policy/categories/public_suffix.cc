// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/public_suffix.h"

#include <libpsl.h>

namespace weir::policy {

PublicSuffixes::PublicSuffixes(Source source)
    : list_(source == Source::kBuiltIn ? psl_builtin() : psl_latest(nullptr), [](const void* list) {
        psl_free(static_cast<psl_ctx_t*>(const_cast<void*>(list)));  // does nothing to the one within libpsl
      }) {}

bool PublicSuffixes::has(const std::string& name) const {
  return psl_is_public_suffix(static_cast<const psl_ctx_t*>(list_.get()), name.c_str()) != 0;
}

std::string_view PublicSuffixes::registered(const std::string& name) const {
  const char* const found = psl_registrable_domain(static_cast<const psl_ctx_t*>(list_.get()), name.c_str());
  return found == nullptr ? std::string_view{} : std::string_view{found};
}

}  // namespace weir::policy
