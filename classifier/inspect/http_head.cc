// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/http_head.h"

#include <algorithm>

#include "classifier/inspect/host_name.h"
#include "classifier/inspect/text.h"
#include "classifier/inspect/url_path.h"

namespace weir::classifier {

namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::string_view kRequestCommand = "request";

/// One "name=value" of a parameter list, quotes taken off; `rest` goes on behind it.
struct Parameter {
  std::string_view name;
  std::string value;
};

Parameter take_parameter(std::string_view& rest) {
  Parameter parameter;
  const std::size_t name_end = std::min(rest.find_first_of("=;"), rest.size());
  parameter.name = trim(rest.substr(0, name_end));
  rest.remove_prefix(name_end);
  if (!rest.empty() && rest.front() == '=') {
    rest.remove_prefix(1);
    rest = trim(rest);
    if (!rest.empty() && rest.front() == '"') {
      std::size_t at = 1;
      for (; at < rest.size() && rest[at] != '"'; ++at) {
        if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
        parameter.value += rest[at];
      }
      rest.remove_prefix(std::min(at, rest.size()));
    } else {
      parameter.value = trim(rest.substr(0, rest.find(';')));
    }
  }
  rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  if (!rest.empty()) rest.remove_prefix(1);
  return parameter;
}

std::string utf8_of_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += {static_cast<char>(0xc0U | (byte >> 6U)), static_cast<char>(0x80U | (byte & 0x3fU))};
    }
  }
  return out;
}

/// charset'language'escaped (RFC 8187 section 3.2).
std::string extended_value(std::string_view value) {
  const std::size_t first = value.find('\'');
  const std::size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
  if (second == std::string_view::npos) return std::string(value);
  const std::string bytes = percent_decoded(value.substr(second + 1));
  return equals_ignoring_case(value.substr(0, first), "iso-8859-1") ? utf8_of_latin1(bytes) : bytes;
}

}  // namespace

void HttpRequestHead::set_method(std::string_view method) {
  method_ = printable(method, kHttpMethodBytesMax);
}

void HttpRequestHead::set_target(std::string_view target) {
  path_ = printable(target, kUrlPathBytesMax);
  url_path_ = printable(normal_path(target.substr(0, kUrlPathBytesMax)), kUrlPathBytesMax);
}

void HttpRequestHead::field(std::string_view name, std::string_view value) {
  if (equals_ignoring_case(name, "user-agent")) user_agent_ = printable(value, kUserAgentBytesMax);
  if (equals_ignoring_case(name, "referer")) referer_ = printable(value, kRefererBytesMax);
  if (equals_ignoring_case(name, "content-type")) grpc_ = starts_ignoring_case(value, "application/grpc");
}

bool HttpRequestHead::add_host(std::string_view authority) {
  const auto host = canonical_host(authority);
  if (!host) return false;
  if (host->empty()) return true;
  if (std::find(hosts_.begin(), hosts_.end(), *host) != hosts_.end()) return true;
  if (hosts_.size() >= kHostsPerRequestMax) return false;
  hosts_.push_back(*host);
  return true;
}

void HttpRequestHead::set_effective(std::string_view authority) {
  const auto host = canonical_host(authority);
  if (!host) return;
  const auto effective = std::find(hosts_.begin(), hosts_.end(), *host);
  if (effective != hosts_.end()) std::rotate(effective, effective + 1, hosts_.end());
}

bool HttpRequestHead::report(FlowFacts& facts) {
  const std::string host = unreported() ? hosts_[reported_++] : std::string{};
  HttpFacts& http = facts.http;
  http.seen = true;
  http.method = method_;
  http.path = path_;
  http.url_path = url_path_;
  http.user_agent = user_agent_;
  http.referer = referer_;
  http.version = version_;
  http.grpc = grpc_;
  http.host = host;
  facts.host = host;
  facts.host_source = host.empty() ? NameSource::kNone : NameSource::kHttpHost;
  if (!counted_) {
    ++http.requests;
    HttpReplyHead{}.write(facts);  // that of the request before is not this one's
  }
  counted_ = true;
  return unreported();
}

void HttpReplyHead::field(std::string_view name, std::string_view value) {
  if (equals_ignoring_case(name, "content-type")) content_type_ = printable(value, kContentTypeBytesMax);
  if (equals_ignoring_case(name, "content-length")) content_length_ = decimal(value);
  if (equals_ignoring_case(name, "content-disposition")) file_name_ = disposition_file_name(value);
}

void HttpReplyHead::write(FlowFacts& facts) const {
  facts.http.status = status_;
  facts.http.content_type = content_type_;
  facts.http.content_length = content_length_;
  facts.http.file_name = file_name_;
}

std::string disposition_file_name(std::string_view value) {
  std::string_view rest = value;
  static_cast<void>(take_parameter(rest));  // inline, attachment
  std::string plain;
  std::string extended;
  while (!rest.empty()) {
    const Parameter parameter = take_parameter(rest);
    if (equals_ignoring_case(parameter.name, "filename") && plain.empty()) plain = parameter.value;
    if (equals_ignoring_case(parameter.name, "filename*") && extended.empty())
      extended = extended_value(parameter.value);
  }
  const std::string_view name = extended.empty() ? plain : extended;
  const std::size_t folder = name.find_last_of("/\\");
  return printable(folder == std::string_view::npos ? name : name.substr(folder + 1), kFileNameBytesMax);
}

void note_proxy(FlowFacts& facts, ProxyHop hop) {
  const bool same = !facts.proxies.empty() && facts.proxies.back().kind == hop.kind;
  if (same && (facts.proxies.back() == hop || hop.command == kRequestCommand)) facts.proxies.pop_back();
  if (facts.proxies.size() < kProxyHopsMax) facts.proxies.push_back(std::move(hop));
}

void note_http_proxy(FlowFacts& facts, std::string_view kind, std::string_view authority) {
  ProxyHop hop{.kind = kind, .command = "connect"};
  hop.target = canonical_host(authority).value_or(std::string{});
  const std::size_t colon = authority.rfind(':');
  const std::string_view digits = colon == std::string_view::npos ? "" : authority.substr(colon + 1);
  hop.port = digits.size() <= 5 ? static_cast<std::uint16_t>(decimal(digits).value_or(0)) : 0;
  if (kind == "http") {
    hop.command = kRequestCommand;
    if (hop.port == 0) hop.port = kHttpPort;
  }
  note_proxy(facts, std::move(hop));
}

}  // namespace weir::classifier
