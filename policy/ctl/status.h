// SPDX-License-Identifier: Apache-2.0
// What each part of Weir says of itself.
#pragma once

#include "policy/ctl/output.h"
#include "policy/model/settings.h"

namespace weir::ctl {

/// The data plane's reply to `status` with `classifiers`, `engine`, `redis` and, where there are outputs,
/// `export` beside; a part that does not answer is {ok: false, error}.
[[nodiscard]] Json whole_status(const Settings& settings);
/// What a person wants to see first, a row a part and a row a port: part, state (ok | FAILS), says.
[[nodiscard]] Json status_rows(const Json& whole);
/// Every part answers, every worker is alive, and nothing is forwarded unjudged.
[[nodiscard]] bool is_all_well(const Json& whole);

}  // namespace weir::ctl
