// SPDX-License-Identifier: Apache-2.0
// Another category file, and the policy in force as a new revision, so that every classifier reads it and
// flows that are under way are judged again. What the policy's own tests or a classifier refuse is taken
// back.
#pragma once

#include <string>
#include <string_view>

#include "policy/ctl/category_folder.h"
#include "policy/ctl/context.h"

namespace weir::ctl {

/// The bytes of a category file. `any_size`: also when it has many more or fewer domains
/// (kCategoryChangeMax). False: it was refused, which is said, and the file of before stays.
bool put_categories(Context& context, const Settings& settings, CategoryFolder& folder,
                    std::string_view bytes, bool any_size, const std::string& reason);

}  // namespace weir::ctl
