// SPDX-License-Identifier: Apache-2.0
// Whether the client of a conversation can be told, in the words of its own protocol, that what it has just
// sent is refused. Only where the answer is the very next thing that it expects: nobody else has spoken, or
// may still have to.
#pragma once

#include <cstdint>

namespace weir::classifier {

enum class RefusalForm : std::uint8_t {
  kNone,
  kHttpReply,    // instead of the server's; the connection ends with it
  kTlsAlert,     // instead of a server hello; likewise
  kDnsAnswer,    // to this question; the flow goes on
  kSmtpCommand,  // a reply to the one command, which the server never gets; or the connection ends with it
  kSmtpMessage,  // a reply to the message that is being sent; the connection ends with it
  kSmtpLater,    // nothing that could be refused has come since the last thing that was
};

struct Refusal {
  RefusalForm form = RefusalForm::kNone;
  bool in_turn = false;    // no reply to what was sent before it is outstanding
  bool head = false;       // kHttpReply: to HEAD, so without a body
  bool whole = false;      // kSmtpCommand: no byte of it was let go before its last one was there
  std::uint32_t from = 0;  // kSmtpCommand: TCP sequence number of its first byte
  std::uint32_t end = 0;   // and behind its last one
};

}  // namespace weir::classifier
