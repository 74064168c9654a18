// SPDX-License-Identifier: Apache-2.0
// Replies on an HTTP/1 connection: their heads become facts, and the requests need to know which reply opens
// a tunnel (2xx to CONNECT), which one changes the protocol (101), and where the next reply begins. Bodies
// are skipped. A server that cannot be followed is ignored from there on: names come from the client alone.
#pragma once

#include <string>
#include <string_view>

#include "classifier/inspect/http1_body.h"
#include "classifier/inspect/http1_exchange.h"
#include "classifier/inspect/http_head.h"
#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

class Http1Response {
 public:
  [[nodiscard]] ParseStep feed(Bytes bytes, FlowFacts& facts, Http1Exchange& exchange);
  /// Nothing of a further reply has come.
  [[nodiscard]] bool between_replies() const {
    return state_ == State::kStatusLine && head_bytes_ == 0 && line_.line().empty();
  }
  [[nodiscard]] std::size_t bytes_held() const { return line_.line().size() + field_.size(); }

 private:
  enum class State : std::uint8_t { kStatusLine, kFields, kBody };
  [[nodiscard]] Outcome line(FlowFacts& facts, Http1Exchange& exchange);
  [[nodiscard]] Outcome status_line(std::string_view text, Http1Exchange& exchange);
  void end_of_field();
  [[nodiscard]] Outcome end_of_head(FlowFacts& facts, Http1Exchange& exchange);

  State state_ = State::kStatusLine;
  LineReader line_{kHttpHeadBytesMax};
  std::size_t head_bytes_ = 0;
  std::string field_;  // the field being read; a folded line extends it
  HttpReplyHead head_;
  Upgrade upgrade_ = Upgrade::kNone;
  Http1Framing framing_;
  Http1Body body_;
};

}  // namespace weir::classifier
