// SPDX-License-Identifier: Apache-2.0
// One SMTP or LMTP session (RFC 5321, 2033, 2920, 3030, 3207, 4954): the envelope as the server holds it.
// Commands wait in order for their replies, so a refused recipient never counts and RSET takes effect when it
// is accepted. Every sender, recipient and greeting name is reported as its line ends.
//
// A server greeting of 220 may also be FTP's: until an SMTP command or a greeting that says SMTP the session
// is tentative, sets no facts, and ends after a bounded number of bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/smtp_data.h"
#include "classifier/inspect/text.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// RFC 4954 section 4.5.3 asks for 12,288 in AUTH; longer lines are undecidable.
inline constexpr std::size_t kSmtpLineBytesMax = 12'288;
inline constexpr std::size_t kSmtpReplyLineBytesMax = 4'096;
/// Pipelined commands without a reply; more is undecidable.
inline constexpr std::size_t kSmtpOutstandingMax = 1'024;
/// Accepted recipients of one message; more is undecidable.
inline constexpr std::size_t kMailRecipientsMax = 1'000;
inline constexpr std::size_t kSmtpTentativeBytesMax = 16'384;

class SmtpSession {
 public:
  /// `tentative`: it may be FTP. `greeting`: the server's greeting is still to be read. `lines_passed`: lines
  /// of the client before this one, which the server will answer as well.
  SmtpSession(bool submission, bool tentative, bool greeting, std::size_t lines_passed)
      : submission_(submission), tentative_(tentative) {
    if (greeting) outstanding_.push_back({Verb::kGreeting, {}});
    outstanding_.resize(std::min(outstanding_.size() + lines_passed, kSmtpOutstandingMax));
  }

  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const;

 private:
  enum class Verb : std::uint8_t {
    kGreeting,
    kHello,
    kMail,
    kRcpt,
    kReset,
    kData,
    kDataEnd,
    kStartTls,
    kAuth,
    kOther
  };
  enum class State : std::uint8_t { kCommand, kDataWait, kData, kChunk };
  struct Command {
    Verb verb = Verb::kOther;
    std::string address;
    bool last = false;  // the chunk that ends the message
  };

  [[nodiscard]] Outcome command_line(FlowFacts& facts);
  [[nodiscard]] Outcome command(std::string_view verb, std::string_view arguments, FlowFacts& facts);
  [[nodiscard]] Outcome envelope(Verb verb, std::string_view arguments, FlowFacts& facts);
  [[nodiscard]] Outcome chunk(std::string_view arguments);
  [[nodiscard]] Outcome message(Bytes bytes, std::size_t& at, FlowFacts& facts);
  [[nodiscard]] Outcome early_lines(Bytes bytes);
  [[nodiscard]] Outcome push(Verb verb, std::string address = {}, bool last = false);
  void confirm(FlowFacts& facts);

  void reply_line(std::string_view line, FlowFacts& facts);
  [[nodiscard]] ParseStep reply(std::size_t consumed, FlowFacts& facts);
  [[nodiscard]] Outcome recipient_reply(const Command& command, FlowFacts& facts);
  [[nodiscard]] bool accepted() const { return code_ / 100 == 2; }

  bool submission_;
  bool tentative_;
  State state_ = State::kCommand;
  LineReader command_{kSmtpLineBytesMax};
  LineReader reply_{kSmtpReplyLineBytesMax};
  std::size_t tentative_bytes_ = 0;
  std::deque<Command> outstanding_;
  SmtpData data_;
  std::uint64_t chunk_left_ = 0;
  unsigned code_ = 0;      // of the reply being read
  bool chunking_ = false;  // the server takes BDAT
  bool lmtp_ = false;
  bool auth_line_next_ = false;  // the client's next line answers a 334
  bool starttls_waits_ = false;  // STARTTLS has no reply yet
  std::string sender_;           // of the accepted MAIL
};

}  // namespace weir::classifier
