// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/public_suffix.h"

#include <libpsl.h>

namespace weir::policy {

PublicSuffixes::PublicSuffixes()
    : list_(psl_latest(nullptr), [](const void* list) {
        psl_free(static_cast<psl_ctx_t*>(const_cast<void*>(list)));  // does nothing to the one within libpsl
      }) {}

bool PublicSuffixes::has(const std::string& name) const {
  return psl_is_public_suffix(static_cast<const psl_ctx_t*>(list_.get()), name.c_str()) != 0;
}

}  // namespace weir::policy
