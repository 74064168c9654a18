// SPDX-License-Identifier: Apache-2.0
// Puts a policy text in force on every worker; on a mistake or a refusal the present one stays.
#pragma once

#include <string>

#include "policy/ctl/context.h"

namespace weir::ctl {

/// `name`: what messages call the text. Prints the revision and on how many workers it is in force.
void apply_text(Context& context, const Settings& settings, const std::string& text, const std::string& name,
                const std::string& reason);
void apply_file(Context& context, const std::string& file, const std::string& reason);

/// For an option that takes a reason: empty, or what is wrong with it.
[[nodiscard]] std::string is_reason(const std::string& text);

}  // namespace weir::ctl
