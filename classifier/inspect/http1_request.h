// SPDX-License-Identifier: Apache-2.0
// Every request on an HTTP/1 connection (RFC 9112), read as leniently as the most lenient server: bare LF as
// line end, empty lines before the request line, several blanks in it, any letter case, blanks before a
// colon, folded fields (and what a receiver that does not know folding would read in them). Each distinct
// host that a server could take for the request is reported once, the one that RFC 9112 section 3.2.2 calls
// effective last: fields Host in their order, then the authority of an absolute target or of CONNECT. Behind
// a head whose body servers delimit differently every line is looked at for a host. What else servers read
// differently (a CR inside a line, a request in the body of a method that has none) is an error.
//
// A name is reported with the line that completes it when the head does not end in the same bytes, so that
// its last byte can be stopped; the complete head is reported again.
#pragma once

#include <string>
#include <string_view>

#include "classifier/inspect/http1_body.h"
#include "classifier/inspect/http1_exchange.h"
#include "classifier/inspect/http_head.h"
#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

/// Methods that a server may not know still name a host; longer ones are an error.
inline constexpr std::size_t kHttpMethodReadMax = 16'384;

class Http1Request {
 public:
  [[nodiscard]] ParseStep feed(Bytes bytes, FlowFacts& facts, Http1Exchange& exchange);
  [[nodiscard]] std::size_t bytes_held() const { return line_.line().size() + field_.size(); }

 private:
  enum class State : std::uint8_t { kStartLine, kFields, kReport, kBody, kTunnel, kScan };

  [[nodiscard]] Outcome line(Http1Exchange& exchange);
  [[nodiscard]] Outcome start_line(std::string_view text);
  [[nodiscard]] bool read_target(std::string_view target);
  [[nodiscard]] bool end_of_field();
  [[nodiscard]] bool read_field(std::string_view field);
  [[nodiscard]] Outcome end_of_head(Http1Exchange& exchange);
  [[nodiscard]] ParseStep report(std::size_t consumed, FlowFacts& facts);
  [[nodiscard]] ParseStep read_body(Bytes bytes, std::size_t consumed);
  [[nodiscard]] bool body_is_a_request(Bytes bytes);
  [[nodiscard]] ParseStep scan(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] bool scan_line(std::string_view line);
  void begin();

  State state_ = State::kStartLine;
  LineReader line_{kHttpHeadBytesMax};
  std::size_t head_bytes_ = 0;
  std::string field_;  // the field being read; a folded line extends it
  HttpRequestHead head_;
  std::string authority_;  // of an absolute target or of CONNECT
  bool connect_ = false;
  Upgrade upgrade_ = Upgrade::kNone;
  Http1Framing framing_;
  Http1Body body_;
  bool body_expected_ = false;  // the method is one that servers read a body of
  std::string body_start_;      // the first line of a body that a server might not read
};

}  // namespace weir::classifier
