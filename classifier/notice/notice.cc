// SPDX-License-Identifier: Apache-2.0
#include "classifier/notice/notice.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::classifier {
namespace {

constexpr std::size_t kObjectBytesMax = 255;
constexpr std::size_t kSmtpTextBytesMax = 400;  // a reply line has 512 with its code and its end

std::string html_text(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return safe;
}

std::string ascii_text(std::string_view text) {
  std::string ascii{text.substr(0, kSmtpTextBytesMax)};
  const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
  std::ranges::replace_if(
      ascii, [&](char c) { return !printable(c); }, '?');
  return ascii;
}

}  // namespace

/// No other site may show a page with a button in a frame: it is for whoever sees what the page says.
std::string http_notice(const Notice& notice, bool head) {
  const std::string told =
      notice.tell_user.empty() ? "" : fmt::format("<p>{}</p>\n", html_text(notice.tell_user));
  const std::string button =
      notice.go_on.empty() ? ""
                           : fmt::format(
                                 "<form method=\"post\" action=\"{}\"><p>If you go on, that is recorded. "
                                 "<button>Continue anyway</button></p></form>\n",
                                 html_text(notice.go_on));
  const std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Blocked</title></head>\n"
      "<body><h1>This page is blocked</h1>\n<p>The policy of this network does not allow "
      "<strong>{}</strong>.</p>\n{}{}<p>Reference: <code>{}</code></p></body></html>\n",
      html_text(notice.object.substr(0, kObjectBytesMax)), told, button, notice.reference);
  return fmt::format(
      "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n"
      "Cache-Control: no-store\r\n{}Connection: close\r\n\r\n{}",
      page.size(), notice.go_on.empty() ? "" : "X-Frame-Options: DENY\r\n", head ? "" : page);
}

/// A path that begins with two slashes would name another host (RFC 3986 section 4.2), and so do browsers
/// read a backslash.
std::string http_go_on(std::string_view path) {
  const bool names_host = path.size() > 1 && (path[1] == '/' || path[1] == '\\');
  return fmt::format(
      "HTTP/1.1 303 See Other\r\nLocation: {}{}\r\nContent-Length: 0\r\n"
      "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
      names_host ? "/." : "", path);
}

std::string tls_notice() {
  constexpr std::string_view kAlert{"\x15\x03\x03\x00\x02\x02\x31", 7};  // fatal (2), access_denied (49)
  return std::string{kAlert};
}

std::string smtp_notice(const Notice& notice) {
  const std::string_view why =
      notice.tell_user.empty() ? "Refused by the policy of this network" : notice.tell_user;
  return fmt::format("550 5.7.1 {} (reference {})\r\n", ascii_text(why), notice.reference);
}

}  // namespace weir::classifier
