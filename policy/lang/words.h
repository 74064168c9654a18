// SPDX-License-Identifier: Apache-2.0
// Small helpers that the loaders of the policy and of the catalogue share.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "policy/model/document.h"

namespace weir::policy {

inline constexpr std::size_t kNameBytesMax = 64;
inline constexpr const char* kNameAdvice = "write 1 to 64 of a-z, 0-9, - and _";

/// ASCII letters alone; other bytes stay.
[[nodiscard]] constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] inline std::string lower_case(std::string text) {
  for (char& c : text) c = lower(c);
  return text;
}

/// A name that a person gives to a rule, a group, a list, a product.
[[nodiscard]] inline bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}
[[nodiscard]] inline bool is_name(const Node& node) {
  return node.kind == Node::Kind::kScalar && is_name(std::string_view(node.text));
}

/// "did you mean staff?" where one of `known` is near, else `otherwise`.
[[nodiscard]] inline std::string meant(std::string_view word, const std::vector<std::string_view>& known,
                                       std::string_view otherwise) {
  const std::string_view near = did_you_mean(word, known);
  return near.empty() ? std::string(otherwise) : fmt::format("did you mean {}?", near);
}

}  // namespace weir::policy
