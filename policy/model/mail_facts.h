// SPDX-License-Identifier: Apache-2.0
// What a mail session showed in clear text, of the transaction judged last. Part of FlowFacts. Never the text
// of a message, never a credential.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Of one message; what is beyond is counted in `attachments_left_out`.
inline constexpr std::size_t kMailAttachmentsMax = 100;
/// Of To and of Cc, each.
inline constexpr std::size_t kMailHeaderAddressesMax = 100;

struct Attachment {
  std::string name{};        // as a reader is shown it, UTF-8; empty: none
  std::string other_name{};  // where Content-Disposition and Content-Type differ: that of Content-Type
  std::string declared{};    // Content-Type, lower case
  std::string type{};        // by its bytes ("pe", "pdf", "ooxml"); empty: not known
  std::uint64_t bytes = 0;   // decoded, so far
  std::string sha256{};      // of the decoded content, 64 hex digits; empty: not whole yet
  bool encrypted = false;    // an archive or document that cannot be looked into
};

enum class MailWay : std::uint8_t { kSent, kFetched, kStored };  // stored: IMAP APPEND

struct MailMessage {
  MailWay way = MailWay::kSent;
  std::string from{};  // addresses, lower-case domains, without display names
  std::vector<std::string> to{};
  std::vector<std::string> cc{};
  std::string subject{};  // decoded
  std::string message_id{};
  std::string date{};    // as sent
  std::string mailer{};  // X-Mailer or User-Agent, as sent
  std::vector<Attachment> attachments{};
  std::uint32_t attachments_left_out = 0;
  std::uint64_t bytes = 0;    // so far
  bool encrypted = false;     // S/MIME or PGP
  bool headers_done = false;  // the fields above are final
  bool done = false;          // seen to its end
  bool cut = false;           // a limit was reached: what lies behind it was not looked at
};

struct MailFacts {
  void begin_message(MailWay way) {
    ++messages_begun;
    message.assign(1, {});
    message.front().way = way;
  }

  bool seen = false;
  std::string protocol{};  // "smtp" | "submission" | "imap" | "pop3"
  std::string helo{};
  std::string sender{};  // MAIL FROM address, lower-case domain; "" is the null sender
  std::vector<std::string>
      recipients{};                 // RCPT TO of the current transaction, those not refused by the server
  std::string pending_recipient{};  // the RCPT being judged now, no reply seen yet
  bool starttls_offered = false;
  bool starttls_used = false;
  std::string mailer{};           // X-Mailer or User-Agent of the message that the client sent last, as sent
  std::string server_banner{};    // the server's greeting, without its code
  std::string user{};             // who logged in, where that was in clear text
  std::string_view visibility{};  // "cleartext" | "opportunistic-tls" | "implicit-tls"; empty: no mail
  std::string_view provider{};    // of the server, by its name: "google", "microsoft"; empty: not known
  bool smuggling = false;         // an end of data or a chunk that servers read in different ways
  std::uint32_t messages = 0;     // taken by the server, or read by the client, to their end so far
  std::uint32_t messages_begun = 0;
  std::vector<MailMessage> message{};  // the current one: none or one
};

}  // namespace weir
