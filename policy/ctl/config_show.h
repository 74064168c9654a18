// SPDX-License-Identifier: Apache-2.0
// weirctl config show: what each key of the settings is set to, and where.
#pragma once

#include "policy/ctl/context.h"

namespace weir::ctl {

void add_config_show(CLI::App& config, Context& context);

}  // namespace weir::ctl
