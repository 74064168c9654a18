// SPDX-License-Identifier: Apache-2.0
// One try to bring one message to its receiver. Never without TLS, but for syslog, which has none here. A
// server may be slow, lie, or never answer: a try is bounded by the receiver's timeout and by `stop`.
#pragma once

#include <functional>
#include <string>

#include "policy/model/notification_settings.h"
#include "policy/notify/spool.h"

namespace weir::notify {

enum class Outcome : std::uint8_t {
  kSent,     // as far as the protocol can say
  kLater,    // nobody there, no time, no room: the same may go well later
  kRefused,  // this message will never be taken
};
struct Sending {
  Outcome outcome = Outcome::kSent;
  std::string what;  // why not; without a secret
};

/// True: the try is to end now.
using Stop = std::function<bool()>;

/// By the receiver's kind. `now`: of the signature of a webhook. Secrets are read anew each time.
[[nodiscard]] Sending send(const NotificationReceiver& receiver, const Message& message, TimeNs now,
                           const Stop& stop);

[[nodiscard]] Sending send_mail(const NotificationReceiver& receiver, const Message& message,
                                const Stop& stop);
[[nodiscard]] Sending send_webhook(const NotificationReceiver& receiver, const Message& message, TimeNs now,
                                   const Stop& stop);
[[nodiscard]] Sending send_syslog(const NotificationReceiver& receiver, const Message& message,
                                  const Stop& stop);

/// What a status of HTTP says of a message: 2xx took it; 408, 425, 429 and 5xx may do so later; all others
/// never will.
[[nodiscard]] Outcome outcome_of_http(long status);
/// The same of a reply of SMTP: 4yz may later, 5yz never will (RFC 5321 section 4.2.1).
[[nodiscard]] Outcome outcome_of_smtp(long reply);

/// "sha256=" and the HMAC-SHA256 (RFC 2104) of "TIMESTAMP.BODY" in hex; TIMESTAMP in Unix seconds.
[[nodiscard]] std::string signature_of(const std::string& secret, std::int64_t timestamp_s,
                                       const std::string& body);

}  // namespace weir::notify
