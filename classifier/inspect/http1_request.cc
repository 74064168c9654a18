// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/http1_request.h"

#include <algorithm>

#include "classifier/inspect/detect.h"

namespace weir::classifier {

namespace {

/// A first line of a body that is longer than this is no request line to any server.
constexpr std::size_t kBodyStartBytesMax = 8'192;

bool names_a_scheme(std::string_view target) {
  const std::size_t scheme = target.find("://");
  return scheme != std::string_view::npos && target.find_first_of("/?#") == scheme + 1;
}

constexpr std::string_view kAuthorityEnd = "/?#\\";

/// Of an absolute target, without the user.
std::string_view authority_of(std::string_view target) {
  target.remove_prefix(target.find("://") + 3);
  const std::string_view authority = target.substr(0, target.find_first_of(kAuthorityEnd));
  const std::size_t user = authority.rfind('@');
  return authority.substr(user == std::string_view::npos ? 0 : user + 1);
}

/// "HTTP/1.1" gives "1.1"; what is not of these versions gives an empty text.
std::string_view version_literal(std::string_view version) {
  const std::string_view number = version.substr(5);
  if (number.starts_with("1.")) return number == "1.0" ? "1.0" : "1.1";
  return number.starts_with("0.") ? "0.9" : "";
}

}  // namespace

Upgrade upgrade_of(std::string_view field_value) {
  Upgrade upgrade = trim(field_value).empty() ? Upgrade::kNone : Upgrade::kOther;
  while (!field_value.empty()) {
    const std::size_t comma = std::min(field_value.find(','), field_value.size());
    if (equals_ignoring_case(trim(field_value.substr(0, comma)), "h2c")) upgrade = Upgrade::kHttp2;
    field_value.remove_prefix(std::min(comma + 1, field_value.size()));
  }
  return upgrade;
}

ParseStep Http1Request::feed(Bytes bytes, FlowFacts& facts, Http1Exchange& exchange) {
  ParseStep step;
  if (state_ == State::kReport) return report(0, facts);
  if (state_ == State::kTunnel && !bytes.empty()) {
    // The client does not wait for the proxy's answer: it speaks in the tunnel already.
    if (!exchange.take_refusal()) return {0, Outcome::kRestart};
    begin();
  }
  if (state_ == State::kScan) return scan(bytes, facts);
  while (step.consumed < bytes.size()) {
    if (state_ == State::kBody) {
      step = read_body(bytes, step.consumed);
      if (step.outcome != Outcome::kMore || step.skip > 0) return step;
      continue;
    }
    const std::size_t before = step.consumed;
    const LineReader::State read = line_.read(bytes, step.consumed);
    head_bytes_ += step.consumed - before;
    if (read == LineReader::State::kTooLong || head_bytes_ > kHttpHeadBytesMax)
      return {step.consumed, Outcome::kLimit};
    if (read == LineReader::State::kNeedMore) break;
    const Outcome outcome = line(exchange);
    if (outcome == Outcome::kName) return report(step.consumed, facts);
    if (outcome != Outcome::kMore) return {step.consumed, outcome};
  }
  // The head is not complete, but a name in it is: judge it before its last byte goes.
  if (state_ == State::kFields && head_.unreported()) return report(step.consumed, facts);
  return step;
}

ParseStep Http1Request::read_body(Bytes bytes, std::size_t consumed) {
  const Bytes rest = bytes.subspan(consumed);
  ParseStep step = body_.read(rest);
  if (!body_expected_ && body_is_a_request(rest.first(step.consumed))) step.outcome = Outcome::kError;
  step.consumed += consumed;
  if (step.outcome == Outcome::kMore && body_.done()) begin();
  return step;
}

/// A server that does not read bodies of this method would take this one for the next request.
bool Http1Request::body_is_a_request(Bytes bytes) {
  if (framing_.chunked()) return false;  // and the chunk's size for a request that it cannot read
  std::string_view text = as_text(bytes);
  if (body_start_.empty())
    text.remove_prefix(std::min(text.find_first_not_of(kBlanksAndLineEnds), text.size()));
  const std::size_t feed = text.find('\n');
  body_start_ += text.substr(0, feed == std::string_view::npos ? feed : feed + 1);
  if (feed == std::string_view::npos && body_start_.size() <= kBodyStartBytesMax) return false;
  const bool request = guess_protocol(as_bytes(body_start_), PortHint::kNone) == Guess::kHttp;
  body_expected_ = true;  // looked at
  body_start_.clear();
  body_.may_skip();
  return request;
}

Outcome Http1Request::line(Http1Exchange& exchange) {
  // A NUL within a field's value is a byte like others to some servers; a host must have none.
  if (line_.has_bare_cr() || (line_.has_nul() && state_ == State::kStartLine)) return Outcome::kError;
  const std::string_view text = line_.line();
  if (state_ == State::kStartLine) {
    if (text.empty()) return Outcome::kMore;  // RFC 9112 section 2.2: empty lines before the request line
    return start_line(text);
  }
  const bool folded = !text.empty() && (text.front() == ' ' || text.front() == '\t');
  if (folded && !field_.empty()) {
    const std::string_view more = trim(text);
    if (more.empty()) return Outcome::kMore;
    field_ += ' ';
    field_ += more;
    // A receiver that does not know folding may find a field of its own here.
    if (!read_field(more)) return Outcome::kError;
  } else {
    if (!end_of_field()) return Outcome::kError;
    if (text.empty()) return end_of_head(exchange);
    field_ = trim(text);
  }
  // Nobody can know whether a folded line follows: a host that is one already is judged without it.
  const std::size_t colon = field_.find(':');
  if (colon != std::string::npos &&
      equals_ignoring_case(trim(std::string_view{field_}.substr(0, colon)), "host")) {
    static_cast<void>(head_.add_host(std::string_view{field_}.substr(colon + 1)));
  }
  return Outcome::kMore;
}

Outcome Http1Request::start_line(std::string_view text) {
  std::string_view rest = trim(text);
  const std::string_view method = take_word(rest);
  if (method.empty() || method.size() > kHttpMethodReadMax) return Outcome::kError;
  if (!std::all_of(method.begin(), method.end(), is_token_char)) return Outcome::kError;
  const std::size_t blank = rest.find_last_of(" \t");
  const std::string_view version = rest.substr(blank == std::string_view::npos ? 0 : blank + 1);
  const bool versioned = blank != std::string_view::npos && starts_ignoring_case(version, "HTTP/");
  const std::string_view target = versioned ? trim(rest.substr(0, blank)) : rest;
  if (target.empty()) return Outcome::kError;
  head_.set_method(method);
  // HTTP/2 begins with its preface or an upgrade, and never here.
  if (versioned && version.substr(5, 2) == "2.") return Outcome::kLimit;
  const std::string_view literal = versioned ? version_literal(version) : "0.9";
  if (literal.empty()) return Outcome::kError;
  head_.set_version(literal);
  framing_.set_version(literal);

  connect_ = equals_ignoring_case(method, "CONNECT");
  body_expected_ = equals_ignoring_case(method, "POST") || equals_ignoring_case(method, "PUT") ||
                   equals_ignoring_case(method, "PATCH");
  if (!read_target(target)) return Outcome::kError;
  state_ = State::kFields;
  if (!versioned) {  // HTTP/0.9: no fields, the server closes after its reply
    state_ = State::kReport;
    return Outcome::kName;
  }
  return Outcome::kMore;
}

bool Http1Request::read_target(std::string_view target) {
  if (connect_) {
    authority_ = target;
    head_.set_target(target);
  } else if (names_a_scheme(target)) {
    authority_ = authority_of(target);
    target.remove_prefix(target.find("://") + 3);
    head_.set_target(target.substr(std::min(target.find_first_of(kAuthorityEnd), target.size())));
  } else {
    head_.set_target(target);
  }
  return head_.add_host(authority_);
}

bool Http1Request::end_of_field() {
  const std::string field = std::move(field_);
  field_.clear();
  return read_field(field);
}

bool Http1Request::read_field(std::string_view field) {
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return true;
  const std::string_view raw_name = field.substr(0, colon);
  const std::string_view name = trim(raw_name);
  const std::string_view value = trim(field.substr(colon + 1));
  if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 0 && c < ' '; })) return false;
  framing_.field(name, value, raw_name.size() != name.size());
  head_.field(name, value);
  if (equals_ignoring_case(name, "upgrade")) upgrade_ = upgrade_of(value);
  return !equals_ignoring_case(name, "host") || head_.add_host(value);
}

Outcome Http1Request::end_of_head(Http1Exchange& exchange) {
  if (framing_.ambiguous()) {
    if (connect_) return Outcome::kError;
    exchange.lose();
  }
  if (!authority_.empty()) head_.set_effective(authority_);
  exchange.push({equals_ignoring_case(head_.method(), "HEAD"), connect_, upgrade_});
  head_.report_again();  // with all fields
  state_ = State::kReport;
  return Outcome::kName;
}

ParseStep Http1Request::report(std::size_t consumed, FlowFacts& facts) {
  ParseStep step{consumed, Outcome::kName, true};
  step.again = head_.report(facts);
  if (step.again || state_ != State::kReport) return step;
  if (!authority_.empty()) note_http_proxy(facts, connect_ ? "http-connect" : "http", authority_);
  if (connect_) {
    state_ = State::kTunnel;
    return step;
  }
  if (framing_.ambiguous()) {
    state_ = State::kScan;
    return step;
  }
  body_.begin(framing_, !body_expected_ && !framing_.chunked());
  if (body_.done()) {
    begin();
  } else {
    state_ = State::kBody;
  }
  return step;
}

/// Behind a head whose body servers delimit differently nobody knows where the next request begins: whatever
/// names a host on any line is judged, for the rest of the connection.
ParseStep Http1Request::scan(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  while (step.consumed < bytes.size()) {
    const LineReader::State read = line_.read(bytes, step.consumed);
    if (read == LineReader::State::kNeedMore) break;
    const std::string text(line_.line());
    if (read == LineReader::State::kTooLong) line_.reset();
    head_.forget_hosts();
    std::string_view rest = text;
    while (!rest.empty()) {  // a CR may end a line, too
      const std::size_t end = std::min(rest.find('\r'), rest.size());
      if (!scan_line(rest.substr(0, end))) {
        step.outcome = Outcome::kError;
        return step;
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (head_.unreported()) return report(step.consumed, facts);
  }
  return step;
}

bool Http1Request::scan_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && equals_ignoring_case(trim(line.substr(0, colon)), "host"))
    return head_.add_host(line.substr(colon + 1));
  const std::size_t blank = line.find_last_of(" \t");
  if (blank == std::string_view::npos || !starts_ignoring_case(line.substr(blank + 1), "HTTP/")) return true;
  const std::string_view before = trim(line.substr(0, blank));
  std::string_view target = before.substr(before.find_last_of(" \t") + 1);
  if (target.starts_with('/') || target == "*") return true;
  if (names_a_scheme(target)) target = authority_of(target);
  return head_.add_host(target);
}

void Http1Request::begin() {
  state_ = State::kStartLine;
  head_bytes_ = 0;
  field_.clear();
  head_ = {};
  authority_.clear();
  connect_ = false;
  upgrade_ = Upgrade::kNone;
  framing_ = {};
  body_start_.clear();
}

}  // namespace weir::classifier
