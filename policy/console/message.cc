// SPDX-License-Identifier: Apache-2.0
#include "policy/console/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/audit/signing.h"

namespace weir::console {
namespace {

constexpr std::string_view kProblemName = "urn:weir:problem:";
constexpr std::size_t kProblemIdBytes = 6;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view title_of(std::string_view code) {
  static const std::map<std::string_view, std::string_view> kTitles{
      {"bad-request", "The request is not understood"},
      {"unauthenticated", "Log in first"},
      {"forbidden", "Your role may not do this"},
      {"must-change", "Choose a password of your own first"},
      {"csrf", "The request does not come from the console's pages"},
      {"not-found", "There is no such thing"},
      {"method-not-allowed", "This cannot be done to it"},
      {"conflict", "Something else stands in the way"},
      {"stale", "It was changed by somebody else meanwhile"},
      {"invalid", "What was sent has mistakes"},
      {"too-large", "The request is too large"},
      {"too-many", "Too many attempts"},
      {"unavailable", "A part of Weir does not answer"},
      {"internal", "The console failed"}};
  const auto found = kTitles.find(code);
  return found == kTitles.end() ? "The console failed" : found->second;
}

Json problem_json(int status, std::string_view code, std::string_view detail) {
  return {{"type", fmt::format("{}{}", kProblemName, code)},
          {"title", title_of(code)},
          {"status", status},
          {"detail", ctl::printable(detail)},
          {"code", code},
          {"id", policy::hex(policy::random_bytes(kProblemIdBytes))}};
}

Response problem_response(int status, const Json& json) {
  Response response = json_response(json, status);
  response.type = "application/problem+json";
  return response;
}

}  // namespace

std::string_view Request::path() const { return std::string_view{target}.substr(0, target.find('?')); }

std::string_view Request::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view{target}.substr(mark + 1);
}

std::string_view Response::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const auto& one) { return one.first == name; });
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const int high = digit_of(text[at + 1]);
    const int low = digit_of(text[at + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return decoded;
}

std::optional<Query> parse_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t equals = pair.find('=');
    std::string spaced{equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1)};
    std::ranges::replace(spaced, '+', ' ');
    const auto name = percent_decoded(pair.substr(0, equals));
    auto value = percent_decoded(spaced);
    if (!name || !value) return std::nullopt;
    query[*name] = std::move(*value);
  }
  return query;
}

Response json_response(const Json& json, int status) {
  Response response;
  response.status = status;
  response.body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

Response problem(int status, std::string_view code, std::string_view detail) {
  return problem_response(status, problem_json(status, code, detail));
}

Response problem_of(const Error& error) {
  const std::string detail = error.advice.empty() ? error.what : error.what + " (" + error.advice + ")";
  switch (error.code) {
    case ErrorCode::kInvalid:
      return problem(422, "invalid", detail);
    case ErrorCode::kNotFound:
      return problem(404, "not-found", detail);
    case ErrorCode::kBusy:
    case ErrorCode::kLimit:
      return problem(409, "conflict", detail);
    case ErrorCode::kUnavailable:
      return problem(503, "unavailable", detail);
    default:
      return problem(500, "internal", detail);
  }
}

Json mistakes_json(const std::vector<Error>& errors) {
  Json all = Json::array();
  for (const Error& error : errors) {
    all.push_back({{"line", error.at.line},
                   {"column", error.at.column},
                   {"what", error.what},
                   {"advice", error.advice}});
  }
  return all;
}

Response problem_of(const std::vector<Error>& errors) {
  if (errors.size() == 1 && errors.front().code != ErrorCode::kInvalid) return problem_of(errors.front());
  Json json = problem_json(422, "invalid", fmt::format("{} mistakes", errors.size()));
  json["errors"] = mistakes_json(errors);
  return problem_response(422, json);
}

const std::vector<std::pair<std::string, std::string>>& security_headers() {
  static const std::vector<std::pair<std::string, std::string>> kHeaders{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
       "font-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
       "require-trusted-types-for 'script'"},
      {"Strict-Transport-Security", "max-age=31536000"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  return kHeaders;
}

}  // namespace weir::console
