// SPDX-License-Identifier: Apache-2.0
// One SMTP or LMTP session (RFC 5321, 2033, 2920, 3030, 3207, 4954): the envelope as the server holds it, and
// the message as it passes. Commands wait in order for their replies, so a refused recipient never counts and
// RSET takes effect when it is accepted. Every sender, recipient and greeting name is reported as its line
// ends, a message as it ends.
//
// Where servers differ about which bytes are commands (text before DATA was answered, an end of data with
// bare CR or LF, a chunk that was not offered), both readings are judged until what the server answers tells
// which it took. If by then commands were found in both, replies cannot be matched with them any more: from
// there on every recipient that is named counts.
//
// A server greeting of 220 may also be FTP's: until an SMTP command or a greeting that says SMTP the session
// is tentative, sets no facts, and ends after a bounded number of bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "classifier/inspect/mime_reader.h"
#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/refusal.h"
#include "classifier/inspect/sasl_user.h"
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
inline constexpr std::size_t kMailBannerBytesMax = 255;

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

  /// Behind commands that wait for their replies stands the beginning of another one: so many bytes.
  [[nodiscard]] std::size_t command_bytes_open() const {
    return state_ == State::kCommand && !outstanding_.empty() ? line_bytes_ : 0;
  }
  /// They left before the rest was there.
  void let_command_go() { line_held_ = false; }
  /// `consumed` is the TCP sequence number behind the last byte of the client that was consumed.
  [[nodiscard]] Refusal refusal(std::uint32_t consumed) const;
  /// The command that was read last (refusal() said kSmtpCommand) never gets to the server: it is as if it
  /// had not been sent, but for the reply that Weir owes. Nothing further of the client is read until it is
  /// given.
  void refuse_command(FlowFacts& facts);
  /// Everything that was sent before the refused command has its reply.
  [[nodiscard]] bool refusal_due() const {
    return !outstanding_.empty() && outstanding_.front().verb == Verb::kRefused;
  }
  /// It is: the reply was given.
  void refusal_given() {
    outstanding_.pop_front();
    refused_ = false;
  }

 private:
  enum class Verb : std::uint8_t {
    kGreeting,
    kHello,
    kMail,
    kRcpt,
    kReset,
    kData,
    kDataEnd,
    kChunk,
    kStartTls,
    kAuth,
    kRefused,  // Weir replies, not the server
    kOther
  };
  enum class State : std::uint8_t { kCommand, kDataWait, kData, kChunk };
  struct Command {
    Verb verb = Verb::kOther;
    std::string address;
    bool last = false;  // kChunk: it ends the message; kData: the message is already behind it
  };

  // smtp_session.cc
  [[nodiscard]] Outcome command_bytes(Bytes bytes, ParseStep& step, FlowFacts& facts);
  [[nodiscard]] Outcome command_line(FlowFacts& facts);
  [[nodiscard]] Outcome command(std::string_view verb, std::string_view arguments, FlowFacts& facts);
  [[nodiscard]] Outcome envelope(Verb verb, std::string_view arguments, FlowFacts& facts);
  [[nodiscard]] Outcome auth(std::string_view arguments, FlowFacts& facts);
  void auth_line(FlowFacts& facts);
  [[nodiscard]] Outcome next_reading(FlowFacts& facts);
  [[nodiscard]] Outcome push(Verb verb, std::string address = {}, bool last = false);
  void confirm(FlowFacts& facts);

  // smtp_message.cc
  [[nodiscard]] Outcome begin_data(FlowFacts& facts);
  [[nodiscard]] Outcome begin_chunk(std::string_view arguments, FlowFacts& facts);
  [[nodiscard]] Outcome data_bytes(Bytes bytes, ParseStep& step, FlowFacts& facts);
  [[nodiscard]] Outcome chunk_bytes(Bytes bytes, ParseStep& step, FlowFacts& facts);
  void begin_message(FlowFacts& facts);
  [[nodiscard]] bool message_text(std::string_view text, FlowFacts& facts);
  [[nodiscard]] Outcome end_message(FlowFacts& facts);
  [[nodiscard]] static std::size_t line_length(Bytes bytes, std::size_t at);
  [[nodiscard]] Outcome other_bytes(std::string_view text, FlowFacts& facts);
  [[nodiscard]] Outcome other_line(FlowFacts& facts);
  void begin_other(const FlowFacts& facts);
  void only_commands(FlowFacts& facts);
  void only_text(FlowFacts& facts);
  void note_early_end();
  void lose_count(FlowFacts& facts);

  // smtp_replies.cc
  void reply_line(std::string_view line, FlowFacts& facts);
  [[nodiscard]] ParseStep reply(std::size_t consumed, FlowFacts& facts);
  [[nodiscard]] Outcome settle(const Command& command, FlowFacts& facts);
  [[nodiscard]] Outcome uncounted_reply(FlowFacts& facts);
  [[nodiscard]] Outcome start_tls(FlowFacts& facts);
  void data_reply(const Command& command, FlowFacts& facts);
  void chunk_reply(const Command& command, FlowFacts& facts);
  void more_message_replies(const MailFacts& mail);
  void auth_continues(FlowFacts& facts);
  [[nodiscard]] Outcome recipient_reply(const Command& command, FlowFacts& facts);
  [[nodiscard]] bool accepted() const { return code_ / 100 == 2; }

  bool submission_;
  bool tentative_;
  State state_ = State::kCommand;
  LineReader command_{kSmtpLineBytesMax};
  LineReader reply_{kSmtpReplyLineBytesMax};
  std::size_t tentative_bytes_ = 0;
  std::string banner_;  // until the session is confirmed
  std::deque<Command> outstanding_;
  bool counted_ = true;  // replies can be matched with commands
  SmtpData data_;
  std::uint64_t chunk_left_ = 0;
  bool chunk_last_ = false;
  unsigned code_ = 0;      // of the reply being read
  bool chunking_ = false;  // the server takes BDAT
  bool lmtp_ = false;
  bool auth_line_next_ = false;  // the client's next line answers a 334
  SaslDialog sasl_;
  bool starttls_waits_ = false;   // STARTTLS has no reply yet
  bool behind_starttls_ = false;  // and bytes follow it
  std::string sender_;            // of the accepted MAIL
  std::unique_ptr<MimeReader> mime_;

  // The other reading: text of the message as commands.
  bool other_ = false;
  bool smuggled_ = false;    // since an end of data that servers read in different ways
  std::string text_sender_;  // of the message, should it all be text
  std::string other_line_;
  std::size_t other_lines_ = 0;        // complete ones, not empty
  bool line_deferred_ = false;         // `command_` has a line that is judged after the other reading's
  std::vector<std::string> readings_;  // further ways to read the recipient named last
  std::string named_;                  // that recipient
  std::size_t line_bytes_ = 0;         // of the command being read
  bool line_held_ = false;             // command_bytes_open() was said of them
  bool line_left_ = false;             // it was not: they may have left
  std::size_t refusable_bytes_ = 0;    // of the command that was read last, with its line end
  bool refusable_whole_ = false;       // none of them had left before
  bool refused_ = false;               // it was refused, and the reply is owed
};

}  // namespace weir::classifier
