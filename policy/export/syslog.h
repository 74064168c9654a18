// SPDX-License-Identifier: Apache-2.0
// RFC 5424: the header that every record gets when syslog carries it, and the format `syslog`, which says a
// record in structured data and in words.
#pragma once

#include "policy/export/encoder.h"

namespace weir::output {

/// Without a number of Weir's own in IANA's list of enterprises: the one that is meant for examples (RFC
/// 5612).
inline constexpr std::string_view kStructuredDataId = "weir@32473";

[[nodiscard]] Line syslog_line(const event::FlowEvent& event, const event::Hit* hit, bool people);

/// A whole message: header, structured data, body. Facility local0, MSGID the record's type.
[[nodiscard]] std::string syslog_message(const Record& record);
/// A PARAM-VALUE: `"`, `\` and `]` escaped, control characters as U+FFFD.
[[nodiscard]] std::string param_value(std::string_view text);

}  // namespace weir::output
