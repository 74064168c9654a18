// SPDX-License-Identifier: Apache-2.0
// One syslog message of RFC 5424; for a local socket, whose readers know the older form alone, that of RFC
// 3164 section 5.3 without a host.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "policy/model/decision.h"
#include "policy/model/time.h"

namespace weir::notify {

/// What lines of one message have in common.
struct SyslogHead {
  std::uint32_t facility = 16;
  std::string host;
  TimeNs at = 0;
  std::string key;  // of the message, so that a reader knows one that came twice
  bool local = false;
};

struct SyslogEntry {
  Severity severity = Severity::kInfo;
  std::string id;                                           // MSGID: violation, violations, test
  std::vector<std::pair<std::string, std::string>> fields;  // structured data
  std::string text;
};

/// At most kSyslogLineBytesMax, in UTF-8, without a line break: fields that do not fit are left out.
[[nodiscard]] std::string syslog_line(const SyslogHead& head, const SyslogEntry& entry);
/// RFC 5424 table 2: critical 2, high 3, medium 4, low 5, info 6.
[[nodiscard]] unsigned syslog_severity(Severity severity);

}  // namespace weir::notify
