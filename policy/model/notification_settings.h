// SPDX-License-Identifier: Apache-2.0
// `notifications:` of the settings file: who is told of violations, and how. Secrets are in files of their
// own, which only the sender reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/decision.h"
#include "policy/model/document.h"
#include "policy/model/time.h"

namespace weir {

inline constexpr std::size_t kReceiversMax = 16;
inline constexpr std::size_t kReceiverNameBytesMax = 32;
inline constexpr std::size_t kReceiverRulesMax = 64;
inline constexpr std::size_t kMailAddressesMax = 32;  // of one receiver
inline constexpr std::size_t kMailAddressBytesMax = 254;
inline constexpr std::size_t kReceiverTextBytesMax = 1'024;

enum class ReceiverKind : std::uint8_t { kMail, kWebhook, kSyslog };
[[nodiscard]] const char* to_string(ReceiverKind kind);

/// How a syslog receiver is reached.
struct SyslogAddress {
  enum class Way : std::uint8_t { kUdp, kTcp, kLocal };
  Way way = Way::kLocal;
  std::string host;  // name or address, IPv6 without brackets
  std::string port;
  std::string path;  // of a local socket
};
/// "udp://10.0.0.9:514", "tcp://[fd00::9]:601", "unix:/dev/log"; false: not one.
[[nodiscard]] bool parse_syslog_address(std::string_view text, SyslogAddress& into);

struct NotificationReceiver {
  std::string name;
  ReceiverKind kind = ReceiverKind::kMail;
  std::vector<std::string> to;  // addresses of a mail; else one: the https address, the syslog server
  Severity severity = Severity::kMedium;  // at least
  std::vector<std::string> rules;   // names; one that ends with * stands for all that begin so; empty: all
  TimeNs gather = 10 * kSecond;     // from the first that is to be told until it is
  TimeNs interval = 900 * kSecond;  // at least, between two messages
  TimeNs timeout = 30 * kSecond;    // of one try
  TimeNs give_up = 24 * 3'600 * kSecond;  // after so long a message that nobody takes is given up
  // mail
  std::string server;  // smtp://host[:port], which has to go over to TLS, or smtps://
  std::string from;
  std::string user;  // empty: none logs in
  std::string password_file;
  std::vector<std::string> reports;  // daily, weekly, monthly: those that are mailed to it
  // mail and webhook
  std::string ca_file;  // who vouches for the server; empty: the system's authorities
  // webhook
  std::string secret_file;  // of the signature
  // syslog
  std::uint32_t facility = 16;  // local0

  /// It wants to be told of this rule's violations.
  [[nodiscard]] bool wants(std::string_view rule) const;
};

/// The list `notifications:`; mistakes are recorded with their place.
[[nodiscard]] std::vector<NotificationReceiver> read_receivers(const Node& list, Mistakes& mistakes);

}  // namespace weir
