// SPDX-License-Identifier: Apache-2.0
// What is told of violations, in the form of each kind of receiver. Pure: the same content gives the same
// bytes. What came from the wire (names of servers, of users) is in it, so nothing here may mean anything to
// a mail server, a syslog daemon or a JSON parser.
#pragma once

#include <string>

#include "policy/model/notification_settings.h"
#include "policy/notify/shown_subject.h"
#include "policy/notify/spool.h"
#include "policy/store/notify_store.h"

namespace weir::notify {

inline constexpr std::uint32_t kRulesTold = 20;            // lines of a message
inline constexpr std::uint32_t kViolationsTold = 50;       // the same
inline constexpr std::size_t kSyslogLineBytesMax = 2'048;  // RFC 5424 section 6.1: receivers take as much
inline constexpr std::size_t kFieldBytesMax = 256;         // of a name from the wire

/// The message of these violations; its key is of `made`.
[[nodiscard]] Message message_of(const policy::ToldContent& content, const NotificationReceiver& receiver,
                                 const std::string& appliance, TimeNs made,
                                 const Pseudonymiser& pseudonyms = {});
/// One that says that it is a test.
[[nodiscard]] Message test_message(const NotificationReceiver& receiver, const std::string& appliance,
                                   TimeNs made);

}  // namespace weir::notify
