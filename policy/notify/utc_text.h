// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "policy/model/time.h"

namespace weir::notify {

/// "2026-11-28T09:01:42Z" (RFC 3339), whole seconds.
[[nodiscard]] std::string utc_text(TimeNs time);
/// "Sat, 28 Nov 2026 09:01:42 +0000" (RFC 5322 section 3.3).
[[nodiscard]] std::string mail_date(TimeNs time);
/// "Nov 28 09:01:42" (RFC 3164 section 4.1.2), UTC.
[[nodiscard]] std::string log_date(TimeNs time);

}  // namespace weir::notify
