// SPDX-License-Identifier: Apache-2.0
// A request and its answer, as all of the console but the connections sees them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/ctl/output.h"
#include "policy/model/error.h"

namespace weir::console {

using ctl::Json;

inline constexpr std::size_t kHeaderBytesMax = 16U << 10U;
inline constexpr std::size_t kBodyBytesMax = 1U << 20U;

struct Request {
  std::string method;
  std::string target;  // path and query, as sent
  std::string body;
  std::string address;  // of the peer
  std::string host;
  std::string origin;
  std::string fetch_site;  // Sec-Fetch-Site
  std::string csrf;        // X-CSRF
  std::string content_type;
  std::string session;  // the value of the cookie
  std::string if_match;
  std::string last_event;  // Last-Event-ID
  std::string authorization;
  std::string key{};  // Idempotency-Key

  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] std::string_view query() const;
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};

  [[nodiscard]] std::string_view header(std::string_view name) const;  // empty: it has none
};

/// The values of a query by name; the last of one name counts.
using Query = std::map<std::string, std::string, std::less<>>;
/// nullopt: a % that no two hexadecimal digits follow, or a NUL.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);
[[nodiscard]] std::optional<Query> parse_query(std::string_view text);

[[nodiscard]] Response json_response(const Json& json, int status = 200);
/// RFC 9457. `code` is one of Problem.code of the API file.
[[nodiscard]] Response problem(int status, std::string_view code, std::string_view detail = {});
[[nodiscard]] Response problem_of(const Error& error);
/// The mistakes of a text, 422.
[[nodiscard]] Response problem_of(const std::vector<Error>& errors);
[[nodiscard]] Json mistakes_json(const std::vector<Error>& errors);
/// What every answer of the API carries besides its own headers, and what every page does.
[[nodiscard]] const std::vector<std::pair<std::string, std::string>>& security_headers();

}  // namespace weir::console
