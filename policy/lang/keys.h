// SPDX-License-Identifier: Apache-2.0
// One row a key of the policy file: the map in which it stands, what may be written, what it means. The
// loader knows the keys by it, and the JSON Schema for editors and the tables of docs/policy.md are made of
// it: a further key is a row here, beside the step that reads its value.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::policy {

/// The kinds of maps that a policy file has. kMatch: the match of whatever section the rule is in.
enum class KeyMap : std::uint8_t {
  kPolicy,
  kGroup,
  kDirectory,
  kSchedule,
  kDomains,  // a list, a category
  kRule,
  kQuota,
  kNot,
  kNetworkMatch,
  kWebMatch,
  kEmailMatch,
  kAttachment,
  kSoftware,
  kAuthorised,
  kUnauthorised,
  kException,
  kTest,
  kFlow,
  kAssertion,
  kEnds,
  kMatch,
  kDetect,
  kDetector,
  kCount
};

enum class KeyType : std::uint8_t {
  kLater,          // `words` are keys of the design, and refused in this version
  kName,           // 1 to 64 of a-z, 0-9, - and _
  kText,           // a scalar of `pattern`, at most `high` characters where that is not 0
  kTexts,          // one, or a list
  kApps,           // one or a list; editors know the names of nDPI
  kBoolean,        //
  kNumber,         // a whole number from `low` to `high`
  kNumbers,        // one, or a list
  kWord,           // one of `words`
  kWords,          // one, or a list
  kCondition,      // a name, a list of names, {not: ...} of either
  kMap,            // of the keys `of`
  kMaps,           // a list of them
  kNamed,          // names, each with a map of the keys `of`
  kNamedOrFolder,  // the same, or the name of a folder
};

struct KeyRow {
  KeyMap map{};
  std::string_view key;
  KeyType type = KeyType::kLater;
  std::string_view meaning{};  // Markdown; what the page says of it
  std::string_view values{};   // Markdown; what may be written, where the type does not say it
  std::string_view words{};    // separated by |
  std::string_view pattern{};  // a regular expression of JSON Schema; looser than the loader, never stricter
  std::int64_t low = 0;
  std::int64_t high = 0;  // numbers: the greatest; texts: characters; lists, named: entries; 0: no limit
  KeyMap of{};
  bool required = false;
  std::uint8_t one_of = 0;  // not 0: of the keys of the map with this number one is needed
};

/// All of them (key_rows.cc); those of one map stand together, in the order in which the page shows them.
[[nodiscard]] std::span<const KeyRow> key_rows();
[[nodiscard]] std::span<const KeyRow> keys_of(KeyMap map);
/// nullptr: the map has no such key in this version.
[[nodiscard]] const KeyRow* find_key(KeyMap map, std::string_view key);
/// The map will have the key in a later version.
[[nodiscard]] bool is_later_key(KeyMap map, std::string_view key);
/// The words of a key, in the order of the enumeration that they stand for.
[[nodiscard]] std::vector<std::string_view> words_of(KeyMap map, std::string_view key);
/// "allow, report or block".
[[nodiscard]] std::string or_text(const std::vector<std::string_view>& words);

/// "group", "network match": what the page and the schema call such a map.
[[nodiscard]] std::string_view to_string(KeyMap map);
/// The table of docs/policy.md for one map, in Markdown.
[[nodiscard]] std::string key_table(KeyMap map);

}  // namespace weir::policy
