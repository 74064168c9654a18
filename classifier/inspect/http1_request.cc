// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/http1_request.h"

#include <algorithm>

#include "classifier/inspect/host_name.h"

namespace weir::classifier {

ParseStep Http1Request::feed(Bytes bytes, FlowFacts& facts, Http1Exchange& exchange) {
  ParseStep step;
  if (state_ == State::kReport) return report(0, facts);
  if (state_ == State::kTunnel && !bytes.empty()) {
    // The client does not wait for the proxy's answer: a tunnel if it looks like TLS, else one more request.
    if (!is_token_char(static_cast<char>(bytes.front())) && bytes.front() != '\r' && bytes.front() != '\n') {
      return {0, Outcome::kRestart};
    }
    begin();
  }
  while (step.consumed < bytes.size()) {
    if (state_ == State::kBody) {
      const ParseStep part = body_.read(bytes.subspan(step.consumed));
      step.consumed += part.consumed;
      if (part.outcome != Outcome::kMore) return {step.consumed, part.outcome};
      if (body_.done()) begin();
      if (part.skip > 0) return {step.consumed, Outcome::kMore, false, false, part.skip};
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
  if (state_ == State::kFields && hosts_reported_ < hosts_.size()) return report(step.consumed, facts);
  return step;
}

Outcome Http1Request::line(Http1Exchange& exchange) {
  if (line_.has_nul() || line_.has_bare_cr()) return Outcome::kError;
  const std::string_view text = line_.line();
  if (state_ == State::kStartLine) {
    if (text.empty()) return Outcome::kMore;  // RFC 9112 section 2.2: empty lines before the request line
    return start_line(text);
  }
  const bool folded = !text.empty() && (text.front() == ' ' || text.front() == '\t');
  if (folded && !field_.empty()) {
    field_ += ' ';
    field_ += trim(text);
  } else {
    if (!end_of_field()) return Outcome::kError;
    if (text.empty()) return end_of_head(exchange);
    field_ = trim(text);
  }
  // Nobody can know whether a folded line follows: a host that is one already is judged without it.
  const std::size_t colon = field_.find(':');
  if (colon != std::string::npos &&
      equals_ignoring_case(trim(std::string_view{field_}.substr(0, colon)), "host")) {
    static_cast<void>(add_host(std::string_view{field_}.substr(colon + 1)));
  }
  return hosts_.size() <= kHostsPerRequestMax ? Outcome::kMore : Outcome::kError;
}

Outcome Http1Request::start_line(std::string_view text) {
  std::string_view rest = trim(text);
  const std::string_view method = take_word(rest);
  if (method.empty() || method.size() > kHttpMethodBytesMax) return Outcome::kError;
  if (!std::all_of(method.begin(), method.end(), is_token_char)) return Outcome::kError;
  const std::size_t blank = rest.find_last_of(" \t");
  std::string_view version = blank == std::string_view::npos ? std::string_view{} : rest.substr(blank + 1);
  const bool versioned = starts_ignoring_case(version, "HTTP/");
  std::string_view target = versioned ? trim(rest.substr(0, blank)) : rest;
  if (target.empty()) return Outcome::kError;
  method_ = printable(method, kHttpMethodBytesMax);
  if (versioned && version.substr(5, 2) == "2.")
    return Outcome::kLimit;  // HTTP/2 without TLS: names in HPACK
  if (versioned && version.substr(5, 2) != "1." && version.substr(5, 2) != "0.") return Outcome::kError;

  connect_ = equals_ignoring_case(method, "CONNECT");
  const std::size_t scheme = target.find("://");
  if (connect_) {
    authority_ = target;
    path_ = printable(target, kUrlPathBytesMax);
  } else if (scheme != std::string_view::npos && target.find_first_of("/?#") == scheme + 1) {
    target.remove_prefix(scheme + 3);
    const std::size_t end = std::min(target.find_first_of("/?#\\"), target.size());
    const std::string_view authority = target.substr(0, end);
    authority_ =
        authority.substr(authority.rfind('@') == std::string_view::npos ? 0 : authority.rfind('@') + 1);
    path_ = printable(target.substr(end), kUrlPathBytesMax);
  } else {
    path_ = printable(target, kUrlPathBytesMax);
  }
  if (!add_host(authority_)) return Outcome::kError;
  state_ = State::kFields;
  if (!versioned) {  // HTTP/0.9: no fields, the server closes after its reply
    state_ = State::kReport;
    return Outcome::kName;
  }
  return Outcome::kMore;
}

bool Http1Request::end_of_field() {
  const std::string field = std::move(field_);
  field_.clear();
  const std::size_t colon = field.find(':');
  if (colon == std::string::npos) return true;
  const std::string_view raw_name = std::string_view{field}.substr(0, colon);
  const std::string_view name = trim(raw_name);
  const std::string_view value = trim(std::string_view{field}.substr(colon + 1));
  if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 0 && c < ' '; })) return false;
  framing_.field(name, value, raw_name.size() != name.size());
  if (equals_ignoring_case(name, "user-agent")) user_agent_ = printable(value, kUserAgentBytesMax);
  if (equals_ignoring_case(name, "upgrade")) {
    upgrade_ = starts_ignoring_case(value, "h2c") ? Upgrade::kHttp2 : Upgrade::kOther;
  }
  return !equals_ignoring_case(name, "host") || add_host(value);
}

bool Http1Request::add_host(std::string_view authority) {
  const auto host = canonical_host(authority);
  if (!host) return false;
  if (host->empty()) return true;
  if (std::find(hosts_.begin(), hosts_.end(), *host) != hosts_.end()) return true;
  hosts_.push_back(*host);
  return hosts_.size() <= kHostsPerRequestMax;
}

Outcome Http1Request::end_of_head(Http1Exchange& exchange) {
  if (framing_.ambiguous()) return Outcome::kError;
  if (!authority_.empty()) {
    const auto effective = std::find(hosts_.begin(), hosts_.end(), canonical_host(authority_));
    if (effective != hosts_.end()) std::rotate(effective, effective + 1, hosts_.end());  // judged last
  }
  exchange.push({equals_ignoring_case(method_, "HEAD"), connect_, upgrade_});
  hosts_reported_ = 0;  // once more, with all fields
  state_ = State::kReport;
  return Outcome::kName;
}

ParseStep Http1Request::report(std::size_t consumed, FlowFacts& facts) {
  ParseStep step{consumed, Outcome::kName, true};
  write_facts(hosts_reported_ < hosts_.size() ? hosts_[hosts_reported_] : std::string{}, facts);
  if (hosts_reported_ < hosts_.size()) ++hosts_reported_;
  step.again = hosts_reported_ < hosts_.size();
  if (step.again || state_ != State::kReport) return step;
  if (connect_) {
    state_ = State::kTunnel;
    return step;
  }
  body_.begin(framing_);
  if (body_.done()) {
    begin();
  } else {
    state_ = State::kBody;
  }
  return step;
}

void Http1Request::write_facts(const std::string& host, FlowFacts& facts) {
  facts.http.seen = true;
  facts.http.method = method_;
  facts.http.path = path_;
  facts.http.user_agent = user_agent_;
  facts.http.host = host;
  facts.host = host;
  facts.host_source = host.empty() ? NameSource::kNone : NameSource::kHttpHost;
  if (!counted_) ++facts.http.requests;
  counted_ = true;
}

void Http1Request::begin() {
  state_ = State::kStartLine;
  head_bytes_ = 0;
  field_.clear();
  method_.clear();
  path_.clear();
  authority_.clear();
  user_agent_.clear();
  hosts_.clear();
  hosts_reported_ = 0;
  counted_ = false;
  connect_ = false;
  upgrade_ = Upgrade::kNone;
  framing_ = {};
}

}  // namespace weir::classifier
