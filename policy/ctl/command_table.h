// SPDX-License-Identifier: Apache-2.0
// weirctl commands: every command with its options and arguments, of which completion and the manual are
// made.
#pragma once

#include "policy/ctl/context.h"

namespace weir::ctl {

/// A row a command, from the front one down: command, what, about, options, arguments, commands (below it).
[[nodiscard]] Json command_rows(const CLI::App& front);
void add_command_table(CLI::App& front, Context& context);

}  // namespace weir::ctl
