// SPDX-License-Identifier: Apache-2.0
// What a mail session showed in clear text, of the transaction judged last. Part of FlowFacts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

struct MailFacts {
  bool seen = false;
  std::string protocol{};  // "smtp" | "submission" | "imap" | "pop3"
  std::string helo{};
  std::string sender{};  // MAIL FROM address, lower-case domain; "" is the null sender
  std::vector<std::string>
      recipients{};                 // RCPT TO of the current transaction, those not refused by the server
  std::string pending_recipient{};  // the RCPT being judged now, no reply seen yet
  bool starttls_offered = false;
  bool starttls_used = false;
  std::string mailer{};         // X-Mailer or User-Agent of the current message, as sent
  std::string server_banner{};  // the server's greeting, without its code
  std::uint32_t messages = 0;   // DATA accepted (354 .. 250) so far
};

}  // namespace weir
