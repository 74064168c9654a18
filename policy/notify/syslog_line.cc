// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/syslog_line.h"

#include <fmt/format.h>

#include "policy/notify/message_text.h"
#include "policy/notify/utc_text.h"

namespace weir::notify {
namespace {

/// The name of Weir's structured data; 32473 is the number that RFC 5612 keeps for whoever has none.
constexpr const char* kDataName = "weir@32473";
constexpr const char* kProgram = "weir-notify";

/// RFC 5424 section 6.3.3.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == ']') text += '\\';
    text += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? '?' : c;
  }
  return text;
}

}  // namespace

unsigned syslog_severity(Severity severity) { return 6U - static_cast<unsigned>(severity); }

std::string syslog_line(const SyslogHead& head, const SyslogEntry& entry) {
  const unsigned priority = head.facility * 8 + syslog_severity(entry.severity);
  std::string text;
  for (const char c : entry.text) text += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? '?' : c;
  const std::string start = head.local ? fmt::format("<{}>{} {}:", priority, log_date(head.at), kProgram)
                                       : fmt::format("<{}>1 {} {} {} - {}", priority, utc_text(head.at),
                                                     head.host, kProgram, entry.id);
  std::string data = fmt::format(" [{} key=\"{}\"", kDataName, escaped(head.key));
  for (const auto& [name, value] : entry.fields) {
    const std::string more = fmt::format(" {}=\"{}\"", name, escaped(value));
    if (start.size() + data.size() + more.size() + text.size() + 2 <= kSyslogLineBytesMax) data += more;
  }
  data += "]";
  return head.local ? fmt::format("{} {}{}", start, text, data) : fmt::format("{}{} {}", start, data, text);
}

}  // namespace weir::notify
