// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/smtp_address.h"

#include "classifier/inspect/text.h"
#include "policy/categories/canonical_name.h"

namespace weir::classifier {

namespace {

/// An address without what stands around it; quoted text is kept as written, with its quotes.
struct Scanned {
  std::string text;
  std::size_t last_at = std::string::npos;  // outside quotes
  std::size_t route_end = 0;                // behind the colon of a source route
};

/// Reads up to `close` (or a blank when there is none) outside quotes and comments.
Scanned scan(std::string_view path, char close) {
  Scanned out;
  bool quoted = false;
  unsigned comment_depth = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '\\' && (quoted || comment_depth > 0) && i + 1 < path.size()) {
      ++i;
      if (comment_depth == 0) out.text.append({c, path[i]});
      continue;
    }
    if (c == '"' && comment_depth == 0) quoted = !quoted;
    if (!quoted && c == '(') ++comment_depth;
    if (!quoted && comment_depth > 0) {
      if (c == ')') --comment_depth;
      continue;
    }
    if (!quoted) {
      if (c == close) break;
      if (c == ' ' || c == '\t') {
        if (close == ' ') break;
        continue;
      }
      if (c == '@') out.last_at = out.text.size();
      if (c == ':' && !out.text.empty() && out.text.front() == '@') {
        out.route_end = out.text.size() + 1;
        out.last_at = std::string::npos;
      }
    }
    out.text += c;
  }
  return out;
}

}  // namespace

std::optional<std::string> parse_mail_path(std::string_view arguments, std::string_view keyword) {
  arguments = trim(arguments);
  if (!starts_ignoring_case(arguments, keyword)) return std::nullopt;
  arguments = trim(arguments.substr(keyword.size()));
  if (arguments.starts_with(':')) {
    arguments = trim(arguments.substr(1));
  } else if (!arguments.starts_with('<')) {
    return std::nullopt;
  }
  const bool bracketed = !arguments.empty() && arguments.front() == '<';
  const Scanned scanned = bracketed ? scan(arguments.substr(1), '>') : scan(arguments, ' ');
  if (scanned.last_at == std::string::npos) {
    return printable(std::string_view{scanned.text}.substr(scanned.route_end), kMailAddressBytesMax);
  }
  const std::string_view whole = scanned.text;
  const std::string_view domain = whole.substr(scanned.last_at + 1);
  std::string address =
      printable(whole.substr(scanned.route_end, scanned.last_at - scanned.route_end), 256) + '@';
  const auto canonical = policy::canonical_name(domain);
  return address + (canonical ? *canonical : lower_case(printable(domain, 255)));
}

std::vector<std::string> relayed_readings(std::string_view address) {
  std::vector<std::string> out;
  std::string local(address.substr(0, address.rfind('@')));  // without one a server routes all of it
  if (local.size() > 1 && local.front() == '"' && local.back() == '"')
    local = local.substr(1, local.size() - 2);
  while (out.size() < kRelayedReadingsMax) {
    const std::size_t mark = local.find_last_of("@%");
    const std::size_t bang = local.find('!');
    std::string user;
    std::string domain;
    if (mark != std::string::npos) {
      user = local.substr(0, mark);
      domain = local.substr(mark + 1);
    } else if (bang != std::string::npos) {
      user = local.substr(bang + 1);
      domain = local.substr(0, bang);
    }
    const auto canonical = policy::canonical_name(domain);
    if (user.empty() || !canonical || canonical->find('.') == std::string::npos) break;
    out.push_back(user + '@' + *canonical);
    local = std::move(user);
  }
  return out;
}

}  // namespace weir::classifier
