// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/categories_in_force.h"

#include <cstdio>

#include "policy/ctl/policy_apply.h"

namespace weir::ctl {

bool put_categories(Context& context, const Settings& settings, CategoryFolder& folder,
                    std::string_view bytes, bool any_size, const std::string& reason) {
  if (auto done = folder.install(bytes, any_size); !done) {
    context.fail(done.error());
    return false;
  }
  const bool taken = apply_in_force(context, settings, reason);
  if (auto ended = taken ? folder.keep() : folder.take_back(); !ended) {
    context.fail(ended.error());
    return false;
  }
  if (!taken) std::fprintf(stderr, "the categories of before stay\n");
  return taken;
}

}  // namespace weir::ctl
