// SPDX-License-Identifier: Apache-2.0
// Which commands are in the audit log, and how they get there. A command that is not said to look only is in
// it, whatever it does; what shows something hidden writes its entry itself, before it shows anything.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <string_view>

#include "policy/audit/audit_log.h"
#include "policy/ctl/context.h"

namespace weir::ctl {

enum class Audited : std::uint8_t {
  kLooks,     // it changes and reveals nothing
  kAlways,    // also when it was refused
  kWhenDone,  // from timers: when it did something (Context::done)
  kItself,
};

/// "policy apply", "quota forgive".
[[nodiscard]] std::string path_of(const CLI::App& command);
[[nodiscard]] Audited audited(std::string_view path);
/// The commands that are said to be so; of kAlways none: that is what the others are.
[[nodiscard]] std::span<const std::string_view> commands_said(Audited how);

/// The entry of whoever runs this, now; result "done".
[[nodiscard]] policy::AuditEntry entry_of(std::string verb, std::string object, std::string reason);
/// After the work of a command. Where the log cannot be written the entry waits for the next that can; the
/// command is done all the same: in an emergency that is what counts.
void audit_command(Context& context, const CLI::App& command);

/// For an option that takes a reason nobody may leave out: empty, or what is wrong with it.
[[nodiscard]] std::string is_said(const std::string& reason);

/// Writes the entry before what it is about is shown; an error: do not show it.
[[nodiscard]] Result<void> audit_first(const Settings& settings, policy::Store& store,
                                       const policy::AuditEntry& entry);

}  // namespace weir::ctl
