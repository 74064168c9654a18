// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "policy/ctl/output.h"
#include "policy/ctl/people.h"
#include "policy/store/store.h"

namespace weir::ctl {

/// client, product, version, state, count, first_seen, last_seen, evidence, flow.
[[nodiscard]] Json software_row(const policy::Software& software, const PeopleShown& shown);

}  // namespace weir::ctl
