// SPDX-License-Identifier: Apache-2.0
// The appliance's data plane: ports, worker, control sockets, until SIGTERM or SIGINT.
#pragma once

#include "policy/model/error.h"
#include "policy/model/settings.h"
#include "policy/model/simulation.h"

namespace weir::dataplane {

[[nodiscard]] Result<void> run_live(const Settings& settings, const Simulation& simulation);

}  // namespace weir::dataplane
