// SPDX-License-Identifier: Apache-2.0
// One row a key of the settings file: type, range, unit, default and help. The loader checks values by it and
// docs/configuration.md shows it, so neither can say something else than the other. Defaults are read from
// `Settings{}` itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/model/settings.h"

namespace weir {

inline constexpr std::uint32_t kWorkersMax = 64;
inline constexpr std::size_t kPairsMax = 32;
inline constexpr std::size_t kPairNameBytesMax = 32;
inline constexpr std::size_t kRunDirectoryBytesMax =
    80;  // sun_path has 108 bytes; "/classifier-63.sock" follows
inline constexpr std::size_t kDeviceBytesMax = 255;
inline constexpr std::size_t kNodesMax = 16;               // Redis servers that the settings name
inline constexpr std::size_t kNodeSocketsBytesMax = 59;    // "/[" 39 bytes of IPv6 "]:65535" follow
inline constexpr std::size_t kApplianceNameBytesMax = 32;  // of an appliance
inline constexpr std::size_t kAppliancesMax = 256;         // that the settings name

enum class SettingType : std::uint8_t {
  kCount,        // a whole number within [low, high]
  kPowerOfTwo,   // the same, and a power of two
  kName,         // [a-z0-9-], 1 to `high` bytes
  kPath,         // absolute, at most `high` bytes
  kPathOrNone,   // the same, or empty
  kPathOrUrl,    // the same as kPath, or a postgresql:// URL without a password
  kChoice,       // two words; the first stands for true
  kWord,         // one of the words in `yes`, which are separated by '|'; the first is the default
  kCores,        // "auto" or core numbers, one a worker
  kDevice,       // what DPDK calls a device
  kWords,        // printable ASCII with blanks
  kNodes,        // at most `high` ADDRESS:PORT, separated by commas, or empty
  kNames,        // "all" or [a-z0-9-] of at most 32 bytes each, at most `high`, separated by commas
  kDestination,  // where an output goes to (output_settings.h)
  kTypeList,     // record types of an output
};

struct SettingRow {
  std::string_view section;  // "" (top level), "pairs", "memory", ...
  std::string_view key;
  SettingType type;
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::string_view unit;  // "" where the value is a plain count or a word
  std::string_view help;
  std::uint32_t* (*number)(Settings&) = nullptr;  // where a kCount or kPowerOfTwo goes
  std::string* (*text)(Settings&) = nullptr;      // where a name, path or list of cores goes
  bool* (*choice)(Settings&) = nullptr;           // where a kChoice goes
  std::string_view yes;                           // kChoice: the word for true, and for false
  std::string_view no;
  std::string_view otherwise = {};  // the default of a key in a list, which has no place in Settings{}
};

/// kName: [a-z0-9-], 1 to `bytes_max` bytes.
[[nodiscard]] bool name_well_formed(std::string_view name, std::size_t bytes_max);
[[nodiscard]] std::span<const SettingRow> settings_table();
/// A row's default as a person writes it; "required" for what has none.
[[nodiscard]] std::string default_text(const SettingRow& row);
/// "16 to 1048576 records, a power of two": what may be written.
[[nodiscard]] std::string range_text(const SettingRow& row);
/// The tables of docs/configuration.md, in Markdown.
[[nodiscard]] std::string settings_reference();

}  // namespace weir
