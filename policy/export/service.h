// SPDX-License-Identifier: Apache-2.0
// All outputs of the settings, each on a thread of its own, and their metrics once a second.
#pragma once

#include <optional>

#include "policy/audit/pseudonym.h"
#include "policy/model/settings.h"

namespace weir::output {

/// Returns when SIGTERM or SIGINT came and every output has ended. SIGUSR1: files are opened anew. `signals`
/// is a signalfd of the three, `pseudonyms` what pseudonyms_for said.
void serve(const Settings& settings, const std::optional<policy::Pseudonyms>& pseudonyms, int signals);

}  // namespace weir::output
