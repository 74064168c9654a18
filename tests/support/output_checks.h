// SPDX-License-Identifier: Apache-2.0
// What holds of records of weir-export whatever the event was: they can be read back by the rules of their
// format. Each check gives why not, or nothing.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "policy/export/text.h"

namespace weir::test {

/// Valid UTF-8 on one line, without a control byte.
inline std::string why_no_line(std::string_view text) {
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = output::take_character(text);
    if (character == output::kReplacement && !before.starts_with("\xEF\xBF\xBD")) return "not UTF-8";
    if (output::is_control(character)) return "a control character";
  }
  return {};
}

inline std::string why_no_json(const std::string& body) {
  if (const std::string why = why_no_line(body); !why.empty()) return why;
  const auto value = nlohmann::json::parse(body, nullptr, false);
  return value.is_object() ? "" : "not a JSON object: " + body;
}

/// Seven `|` that are not escaped, and an extension in which each `=` behind a value is.
inline std::string why_no_cef(std::string_view body) {
  if (const std::string why = why_no_line(body); !why.empty()) return why;
  if (!body.starts_with("CEF:0|Weir|Weir|")) return "no head";
  int bars = 0;
  std::size_t at = 0;
  for (; at < body.size() && bars < 7; ++at) {
    if (body[at] == '\\' && ++at < body.size() && body[at] != '|' && body[at] != '\\')
      return "a wrong escape in the header";
    if (at < body.size() && body[at] == '|' && body[at - 1] != '\\') ++bars;
  }
  if (bars != 7) return "not seven bars";
  for (; at < body.size(); ++at) {
    if (body[at] != '\\') continue;
    if (++at == body.size() || std::string_view{"=\\nr"}.find(body[at]) == std::string_view::npos)
      return "a wrong escape in the extension";
  }
  return {};
}

/// [ID NAME="VALUE" ...], with nothing behind it.
inline std::string why_no_structured_data(std::string_view text) {
  if (const std::string why = why_no_line(text); !why.empty()) return why;
  if (!text.starts_with("[weir@32473") || !text.ends_with(']')) return "no element";
  text = text.substr(11, text.size() - 12);
  while (!text.empty()) {
    const std::size_t equals = text.find("=\"");
    if (!text.starts_with(' ') || equals == std::string_view::npos || equals < 2) return "no parameter";
    text.remove_prefix(equals + 2);
    while (!text.empty() && text.front() != '"') {
      if (text.front() == ']') return "a bracket that is not escaped";
      const bool escape = text.front() == '\\';
      if (escape && (text.size() < 2 || std::string_view{"\"\\]"}.find(text[1]) == std::string_view::npos))
        return "a wrong escape";
      text.remove_prefix(escape ? 2 : 1);
    }
    if (text.empty()) return "a value without its end";
    text.remove_prefix(1);
  }
  return {};
}

/// A collector of RFC 7011 that knows what it was told: values of data records by element, `reverse` ones by
/// 65536 + id.
class Collector {
 public:
  using Row = std::map<std::uint32_t, std::string>;

  /// Why the message cannot be read; rows() has what it said.
  std::string take(std::string_view message) {
    if (message.size() < 16 || number(message, 0, 2) != 10) return "no header";
    if (number(message, 2, 2) != message.size()) return "another length than its own";
    sequence_ = static_cast<std::uint32_t>(number(message, 8, 4));
    domain_ = static_cast<std::uint32_t>(number(message, 12, 4));
    message.remove_prefix(16);
    while (!message.empty()) {
      if (message.size() < 4) return "a cut set";
      const auto set = static_cast<std::uint16_t>(number(message, 0, 2));
      const std::size_t length = number(message, 2, 2);
      if (length < 4 || length > message.size()) return "a set of a wrong length";
      const std::string_view body = message.substr(4, length - 4);
      const std::string why = set == 2 ? take_templates(body) : take_data(set, body);
      if (!why.empty()) return why;
      message.remove_prefix(length);
    }
    return {};
  }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  [[nodiscard]] std::uint32_t sequence() const { return sequence_; }
  [[nodiscard]] std::uint32_t domain() const { return domain_; }
  [[nodiscard]] int templates_taken() const { return templates_taken_; }
  static std::uint64_t number(std::string_view text, std::size_t at, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8U | static_cast<unsigned char>(text[at + i]);
    return value;
  }

 private:
  struct Element {
    std::uint32_t id;
    std::size_t bytes;
  };
  std::string take_templates(std::string_view body) {
    while (body.size() >= 4) {
      const auto set = static_cast<std::uint16_t>(number(body, 0, 2));
      std::vector<Element> elements;
      std::size_t left = number(body, 2, 2);
      body.remove_prefix(4);
      for (; left > 0; --left) {
        if (body.size() < 4) return "a cut template";
        const auto id = static_cast<std::uint32_t>(number(body, 0, 2));
        const bool enterprise = (id & 0x8000U) != 0;
        if (enterprise && (body.size() < 8 || number(body, 4, 4) != 29'305)) return "an unknown enterprise";
        elements.push_back({enterprise ? 65'536 + (id & 0x7FFFU) : id, number(body, 2, 2)});
        body.remove_prefix(enterprise ? 8 : 4);
      }
      templates_[set] = std::move(elements);
      ++templates_taken_;
    }
    return body.empty() ? "" : "bytes behind the templates";
  }
  std::string take_data(std::uint16_t set, std::string_view body) {
    const auto known = templates_.find(set);
    if (known == templates_.end()) return "a template that was not told";
    while (!body.empty()) {
      Row row;
      for (const Element& element : known->second) {
        std::size_t bytes = element.bytes;
        if (bytes == 65'535) {
          if (body.empty()) return "a cut record";
          bytes = number(body, 0, 1);
          body.remove_prefix(1);
        }
        if (body.size() < bytes) return "a cut record";
        row[element.id] = body.substr(0, bytes);
        body.remove_prefix(bytes);
      }
      rows_.push_back(std::move(row));
    }
    return {};
  }

  std::map<std::uint16_t, std::vector<Element>> templates_;
  std::vector<Row> rows_;
  std::uint32_t sequence_ = 0;
  std::uint32_t domain_ = 0;
  int templates_taken_ = 0;
};

}  // namespace weir::test
