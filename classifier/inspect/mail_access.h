// SPDX-License-Identifier: Apache-2.0
// IMAP (RFC 9051) and POP3 (RFC 1939), recognised by their greeting and followed only until TLS begins
// (STARTTLS, STLS) or the client has logged in without it: then nothing more names the flow.
#pragma once

#include <string>
#include <string_view>

#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/text.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// A longer line ends the interest in the flow.
inline constexpr std::size_t kMailAccessLineBytesMax = 8'192;
inline constexpr std::size_t kMailAccessTagBytesMax = 64;

enum class MailAccess : std::uint8_t { kImap, kPop3 };

class MailAccessSession {
 public:
  explicit MailAccessSession(MailAccess protocol) : protocol_(protocol) {}
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const { return client_.line().size() + server_.line().size(); }

 private:
  enum class Waits : std::uint8_t { kNothing, kTls, kLogin };
  void imap_command(std::string_view line);
  void pop3_command(std::string_view line);
  [[nodiscard]] Outcome reply(std::string_view line, FlowFacts& facts);

  MailAccess protocol_;
  LineReader client_{kMailAccessLineBytesMax};
  LineReader server_{kMailAccessLineBytesMax};
  Waits waits_ = Waits::kNothing;
  std::string tag_;  // of the IMAP command that is waited for
};

}  // namespace weir::classifier
