// SPDX-License-Identifier: Apache-2.0
// Words of an explanation, formatted only when somebody asked for them. Internal to policy/decide.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

namespace weir::policy {

/// Where the words go; without a text nothing is formatted.
struct Why {
  std::string* text = nullptr;
};

template <typename... Args>
void say(Why why, fmt::format_string<Args...> format, Args&&... args) {
  if (why.text == nullptr) return;
  if (!why.text->empty()) *why.text += "; ";
  fmt::format_to(std::back_inserter(*why.text), format, std::forward<Args>(args)...);
}

/// Says what was found and passes on whether it is what the rule asks for.
template <typename... Args>
bool expect(Why why, bool holds, fmt::format_string<Args...> format, Args&&... args) {
  say(why, format, std::forward<Args>(args)...);
  return holds;
}

}  // namespace weir::policy
