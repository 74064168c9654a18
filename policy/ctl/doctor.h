// SPDX-License-Identifier: Apache-2.0
// weirctl doctor: what is wrong with this host, and what to do.
#pragma once

#include "policy/ctl/context.h"

namespace weir::ctl {

void add_doctor(CLI::App& app, Context& context);

}  // namespace weir::ctl
