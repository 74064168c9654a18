// SPDX-License-Identifier: Apache-2.0
// All commands of weirctl.
#pragma once

#include "policy/ctl/context.h"

namespace weir::ctl {

void add_commands(CLI::App& app, Context& context);

}  // namespace weir::ctl
