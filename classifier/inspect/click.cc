// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/click.h"

#include <fmt/format.h>

namespace weir::classifier {
namespace {

constexpr std::string_view kRule = "/.well-known/weir-continue?rule=";
constexpr std::string_view kToken = "&token=";
constexpr std::string_view kPath = "&to=";  // the rest of the target, whatever is in it

}  // namespace

std::string click_target(const Click& click) {
  return fmt::format("{}{}{}{}{}{}", kRule, click.rule, kToken, click.token, kPath, click.path);
}

std::optional<Click> read_click(const HttpFacts& http) {
  const std::string_view target = http.path;
  if (http.method != "POST" || !target.starts_with(kRule)) return std::nullopt;
  const std::size_t token = target.find(kToken);
  const std::size_t path = target.find(kPath);
  if (token == std::string_view::npos || path == std::string_view::npos || path < token) return std::nullopt;
  Click click;
  click.rule = target.substr(kRule.size(), token - kRule.size());
  click.token = target.substr(token + kToken.size(), path - token - kToken.size());
  click.path = target.substr(path + kPath.size());
  if (!click.path.starts_with('/')) return std::nullopt;
  return click;
}

}  // namespace weir::classifier
