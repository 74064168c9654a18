// SPDX-License-Identifier: Apache-2.0
#include "policy/export/json_writer.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "policy/export/text.h"

namespace weir::output {

void JsonWriter::begin(std::string_view key) {
  name(key);
  out_ += '{';
  open_.push_back('}');
}

void JsonWriter::begin_list(std::string_view key) {
  name(key);
  out_ += '[';
  open_.push_back(']');
}

void JsonWriter::end() {
  out_ += open_.back();
  open_.pop_back();
}

void JsonWriter::text(std::string_view key, std::string_view value) {
  if (value.empty()) return;
  name(key);
  quoted(value);
}

void JsonWriter::number(std::string_view key, std::uint64_t value) {
  name(key);
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::number(std::string_view key, std::int64_t value) {
  name(key);
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::flag(std::string_view key, bool value) {
  name(key);
  out_ += value ? "true" : "false";
}

void JsonWriter::item(std::string_view value) {
  name({});
  quoted(value);
}

void JsonWriter::item(std::uint64_t value) {
  name({});
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

std::string JsonWriter::take() {
  while (!open_.empty()) end();
  return std::move(out_);
}

// Keys are ours: they need no escape.
void JsonWriter::name(std::string_view key) {
  if (!out_.empty() && out_.back() != '{' && out_.back() != '[') out_ += ',';
  if (!key.empty()) fmt::format_to(std::back_inserter(out_), "\"{}\":", key);
}

void JsonWriter::quoted(std::string_view value) {
  out_ += '"';
  for (std::string_view left = cut(value); !left.empty();) {
    const char32_t character = take_character(left);
    if (character == '"' || character == '\\') {
      out_ += '\\';
      out_ += static_cast<char>(character);
    } else if (is_control(character)) {
      fmt::format_to(std::back_inserter(out_), "\\u{:04x}", static_cast<std::uint32_t>(character));
    } else {
      append_character(out_, character);
    }
  }
  out_ += '"';
}

}  // namespace weir::output
