// SPDX-License-Identifier: Apache-2.0
// Replies on an HTTP/1 connection, only as far as the requests need them: which reply opens a tunnel (2xx to
// CONNECT), which one changes the protocol (101), and where the next reply begins. Bodies are skipped. A
// server that cannot be followed is ignored from there on: names come from the client alone.
#pragma once

#include <string_view>

#include "classifier/inspect/http1_body.h"
#include "classifier/inspect/http1_exchange.h"
#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

class Http1Response {
 public:
  [[nodiscard]] ParseStep feed(Bytes bytes, Http1Exchange& exchange);
  [[nodiscard]] std::size_t bytes_held() const { return line_.line().size(); }

 private:
  enum class State : std::uint8_t { kStatusLine, kFields, kBody };
  [[nodiscard]] Outcome line(Http1Exchange& exchange);
  [[nodiscard]] Outcome end_of_head(Http1Exchange& exchange);

  State state_ = State::kStatusLine;
  LineReader line_{kHttpHeadBytesMax};
  std::size_t head_bytes_ = 0;
  unsigned status_ = 0;
  Http1Framing framing_;
  Http1Body body_;
};

}  // namespace weir::classifier
