// SPDX-License-Identifier: Apache-2.0
// What a report says of quotas, and of what the appliance itself may have missed.
#pragma once

#include "policy/report/collect.h"

namespace weir::report {

[[nodiscard]] Result<void> put_quotas(policy::Store& store, const Request& request, Report& report);
[[nodiscard]] Result<void> put_health(policy::Store& store, Report& report);

}  // namespace weir::report
