// SPDX-License-Identifier: Apache-2.0
#include "policy/model/document_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace weir {
namespace {

/// In double quotes, by the escapes that YAML 1.2 (section 5.7) shares with JSON.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Letters, digits and what never means anything in YAML may stand without.
bool needs_quotes(std::string_view text) {
  constexpr std::string_view kPlain = "_./@+()=;<>^$";
  const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto plain = [&](char c) { return letter(c) || kPlain.find(c) != std::string_view::npos; };
  if (text.empty() || text == "null" || text == "Null" || text == "NULL") return true;
  const bool word = letter(text.front()) || (text.size() > 1 && text.front() == '-' && letter(text[1]));
  return !word || !plain(text.back()) ||
         !std::ranges::all_of(text, [&](char c) { return plain(c) || c == '-' || c == ' '; });
}

std::string scalar(std::string_view text, bool as_text) {
  return as_text || needs_quotes(text) ? quoted(text) : std::string(text);
}

}  // namespace

std::string inline_text(const Node& node) {
  std::string text;
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kScalar:
      return scalar(node.text, node.quoted);
    case Node::Kind::kList:
      for (const Node& item : node.items) text += (text.empty() ? "" : ", ") + inline_text(item);
      return "[" + text + "]";
    case Node::Kind::kMap:
      for (const Node::Entry& entry : node.entries) {
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", scalar(entry.key, false),
                            inline_text(entry.value));
      }
      return "{" + text + "}";
  }
  return text;
}

std::string document_text(const Node& root) {
  std::string text;
  for (const Node::Entry& entry : root.entries) {
    const Node& value = entry.value;
    const bool leaf = value.items.empty() && value.entries.empty();
    text += fmt::format("{}:{}\n", scalar(entry.key, false), leaf ? " " + inline_text(value) : "");
    for (const Node& item : value.items) text += fmt::format("  - {}\n", inline_text(item));
    for (const Node::Entry& one : value.entries)
      text += fmt::format("  {}: {}\n", scalar(one.key, false), inline_text(one.value));
  }
  return text;
}

}  // namespace weir
