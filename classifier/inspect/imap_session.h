// SPDX-License-Identifier: Apache-2.0
// One IMAP session (RFC 9051, 3501, 7888, 4978), recognised by the server's greeting: who logs in, and the
// messages that the client fetches whole (BODY[], RFC822, also in pieces that follow one another) or stores
// (APPEND). Single parts and headers that are fetched alone are passed over: without the message's structure
// they name nothing. After COMPRESS nothing can be read any more; after STARTTLS the flow is TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "classifier/inspect/long_line.h"
#include "classifier/inspect/mime_reader.h"
#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/sasl_user.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kImapTagBytesMax = 64;

class ImapSession {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const;

 private:
  enum class Waits : std::uint8_t { kNothing, kTls, kCompress, kAuth };
  enum class Use : std::uint8_t { kSkip, kMessage, kUser };  // what a literal is good for
  enum class Owner : std::uint8_t { kNobody, kClient, kServer };
  /// A counted piece of a stream between two lines.
  struct Literal {
    std::uint64_t left = 0;
    Use use = Use::kSkip;
    bool untouched = false;  // none of its bytes were seen: the server may still refuse it
    bool goes_on = false;    // the message has further pieces
  };
  /// "{12}", "{12+}" or "~{12}" at the end of a line; `before` is what stands in front of it.
  [[nodiscard]] static std::optional<std::uint64_t> literal_at_end(std::string_view line,
                                                                   std::string_view& before);

  [[nodiscard]] Outcome client_line(FlowFacts& facts);
  void login(std::string_view arguments, bool literal, FlowFacts& facts);
  [[nodiscard]] Outcome server_line(FlowFacts& facts);
  [[nodiscard]] Outcome tagged(std::string_view status, FlowFacts& facts);
  void fetched(std::string_view before, std::uint64_t bytes, FlowFacts& facts);
  [[nodiscard]] Outcome literal_bytes(Literal& literal, Owner owner, Bytes bytes, ParseStep& step,
                                      FlowFacts& facts);
  void begin_message(Owner owner, FlowFacts& facts);
  [[nodiscard]] Outcome end_message(FlowFacts& facts);

  LongLine client_;
  LongLine server_;
  Literal client_literal_;
  Literal server_literal_;
  Waits waits_ = Waits::kNothing;
  std::string tag_;          // of the command that is waited for
  std::string command_tag_;  // of the command being read
  bool continues_ = false;   // the client's line goes on after a literal
  bool append_ = false;      // and the command is APPEND
  bool auth_line_next_ = false;
  SaslDialog sasl_;
  std::string user_;
  Owner owner_ = Owner::kNobody;  // of the message being read
  std::unique_ptr<MimeReader> mime_;
  std::uint64_t fetched_bytes_ = 0;  // of a message in pieces
  std::uint64_t piece_bytes_ = 0;    // of its first one
};

}  // namespace weir::classifier
