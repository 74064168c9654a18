// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/keys.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::policy {
namespace {

using enum KeyMap;
using enum KeyType;

std::vector<std::string_view> split(std::string_view words) {
  std::vector<std::string_view> all;
  while (!words.empty()) {
    const std::size_t bar = std::min(words.find('|'), words.size());
    all.push_back(words.substr(0, bar));
    words.remove_prefix(std::min(bar + 1, words.size()));
  }
  return all;
}

std::string words_text(const KeyRow& row) {
  std::vector<std::string> marked;
  for (const std::string_view word : split(row.words)) marked.push_back(fmt::format("`{}`", word));
  return or_text({marked.begin(), marked.end()});
}

std::string values_text(const KeyRow& row) {
  switch (row.type) {
    case kName:
      return "a name: a-z, 0-9, `-` and `_`, at most 64";
    case kText:
      if (row.high > 0) return fmt::format("text, at most {} bytes", row.high);
      return row.values.empty() ? "text" : std::string(row.values);
    case kApps:
      return "names, see below";
    case kBoolean:
      return "`true` or `false`";
    case kNumber:
    case kNumbers:
      return fmt::format("{} to {}", row.low, row.high);
    case kWord:
    case kWords:
      return words_text(row);
    case kCondition:
      return "a name, a list of names, or `{not: ...}` of either";
    case kMap:
      return row.of == kMatch ? "a map" : fmt::format("a map: {}", to_string(row.of));
    case kMaps:
      return fmt::format("a list of maps: {}", to_string(row.of));
    case kNamed:
      return fmt::format("names, each with a map: {}", to_string(row.of));
    case kNamedOrFolder:
      return fmt::format("names, each with a map: {}; or a folder", to_string(row.of));
    case kTexts:
    case kLater:
      break;
  }
  return std::string(row.values);
}

}  // namespace

std::span<const KeyRow> keys_of(KeyMap map) {
  const std::span<const KeyRow> rows = key_rows();
  const auto ours = [&](const KeyRow& row) { return row.map == map; };
  const auto begin = std::find_if(rows.begin(), rows.end(), ours);
  return {begin, std::find_if_not(begin, rows.end(), ours)};
}

const KeyRow* find_key(KeyMap map, std::string_view key) {
  const std::span<const KeyRow> rows = keys_of(map);
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const KeyRow& row) { return row.key == key; });
  return at == rows.end() ? nullptr : &*at;
}

bool is_later_key(KeyMap map, std::string_view key) {
  const std::span<const KeyRow> rows = keys_of(map);
  return std::any_of(rows.begin(), rows.end(), [&](const KeyRow& row) {
    const std::vector<std::string_view> keys = split(row.words);
    return row.type == kLater && std::find(keys.begin(), keys.end(), key) != keys.end();
  });
}

std::vector<std::string_view> words_of(KeyMap map, std::string_view key) {
  const KeyRow* const row = find_key(map, key);
  return row == nullptr ? std::vector<std::string_view>{} : split(row->words);
}

std::string or_text(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::string_view to_string(KeyMap map) {
  constexpr std::string_view kNames[] = {
      "policy",      "group",      "directory", "schedule",           "list or category",
      "rule",        "quota",      "not",       "network match",      "web match",
      "email match", "attachment", "software",  "authorised product", "unauthorised product",
      "exception",   "test",       "flow",      "assertion",          "ends",
      "match",       "detect",     "detector"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(kCount));
  return kNames[static_cast<std::size_t>(map)];
}

std::string key_table(KeyMap map) {
  std::string table =
      fmt::format("| key ({}) | what is written | meaning |\n|---|---|---|\n", to_string(map));
  for (const KeyRow& row : keys_of(map)) {
    if (row.type == kLater) continue;
    table += fmt::format("| `{}`{} | {} | {} |\n", row.key, row.required ? " (needed)" : "", values_text(row),
                         row.meaning);
  }
  return table;
}

}  // namespace weir::policy
