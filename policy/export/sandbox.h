// SPDX-License-Identifier: Apache-2.0
// What weir-export gives up before it speaks to anybody: root, new privileges, core dumps, and the system
// calls by which a process starts programs, waits for callers, or looks into others.
#pragma once

#include <string>

#include "policy/model/settings.h"

namespace weir::output {

/// Makes the directories of the metrics file and of file outputs where missing, for `user`. Before become.
[[nodiscard]] Result<void> make_directories(const Settings& settings);
/// Before any thread is started. There is no way back.
[[nodiscard]] Result<void> enter_sandbox();

}  // namespace weir::output
