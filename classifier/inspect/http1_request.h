// SPDX-License-Identifier: Apache-2.0
// Every request on an HTTP/1 connection (RFC 9112), read as leniently as the most lenient server: bare LF as
// line end, empty lines before the request line, several blanks in it, any letter case, blanks before a
// colon, folded fields. Each distinct host that a server could take for the request is reported once, the one
// that RFC 9112 section 3.2.2 calls effective last: fields Host in their order, then the authority of an
// absolute target or of CONNECT. What servers read differently (framing, NUL, a CR inside a line) is an
// error.
//
// A name is reported with the line that completes it when the head does not end in the same bytes, so that
// its last byte can be stopped; the complete head is reported again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "classifier/inspect/http1_body.h"
#include "classifier/inspect/http1_exchange.h"
#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/text.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kUrlPathBytesMax = 1'024;
inline constexpr std::size_t kHttpMethodBytesMax = 32;
inline constexpr std::size_t kUserAgentBytesMax = 512;
/// Distinct hosts that one request may name; more is an error.
inline constexpr std::size_t kHostsPerRequestMax = 4;

class Http1Request {
 public:
  [[nodiscard]] ParseStep feed(Bytes bytes, FlowFacts& facts, Http1Exchange& exchange);
  [[nodiscard]] std::size_t bytes_held() const { return line_.line().size() + field_.size(); }

 private:
  enum class State : std::uint8_t { kStartLine, kFields, kReport, kBody, kTunnel };

  [[nodiscard]] Outcome line(Http1Exchange& exchange);
  [[nodiscard]] Outcome start_line(std::string_view text);
  [[nodiscard]] bool end_of_field();
  [[nodiscard]] bool add_host(std::string_view authority);
  [[nodiscard]] Outcome end_of_head(Http1Exchange& exchange);
  [[nodiscard]] ParseStep report(std::size_t consumed, FlowFacts& facts);
  void write_facts(const std::string& host, FlowFacts& facts);
  void begin();

  State state_ = State::kStartLine;
  LineReader line_{kHttpHeadBytesMax};
  std::size_t head_bytes_ = 0;
  std::string field_;  // the field being read; a folded line extends it
  std::string method_;
  std::string path_;
  std::string authority_;  // of an absolute target or of CONNECT
  std::string user_agent_;
  std::vector<std::string> hosts_;
  std::size_t hosts_reported_ = 0;
  bool counted_ = false;
  bool connect_ = false;
  Upgrade upgrade_ = Upgrade::kNone;
  Http1Framing framing_;
  Http1Body body_;
};

}  // namespace weir::classifier
