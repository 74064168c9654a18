// SPDX-License-Identifier: Apache-2.0
// One POP3 session (RFC 1939, 2449, 2595, 5034), recognised by the server's greeting: who logs in, and the
// messages that the client reads (RETR, TOP). After STLS the flow is TLS. Lines are matched with commands by
// their order; more than kPop3OutstandingMax of them end the interest.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>

#include "classifier/inspect/long_line.h"
#include "classifier/inspect/mime_reader.h"
#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/sasl_user.h"
#include "classifier/inspect/smtp_data.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kPop3OutstandingMax = 256;

class Pop3Session {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const;

 private:
  /// What follows the status line that answers a command.
  enum class Reply : std::uint8_t { kLine, kLines, kMessage, kTls, kAuth };
  enum class State : std::uint8_t { kStatus, kLines, kMessage };
  [[nodiscard]] Outcome client_line(FlowFacts& facts);
  [[nodiscard]] Outcome status(FlowFacts& facts);
  [[nodiscard]] Outcome message_bytes(Bytes bytes, ParseStep& step, FlowFacts& facts);

  LongLine client_;
  LongLine server_;
  std::deque<Reply> outstanding_{Reply::kLine};  // the greeting
  State state_ = State::kStatus;
  bool tls_waits_ = false;
  bool auth_line_next_ = false;
  SaslDialog sasl_;
  SmtpData data_;
  std::unique_ptr<MimeReader> mime_;
};

}  // namespace weir::classifier
