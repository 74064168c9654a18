// SPDX-License-Identifier: Apache-2.0
#include "policy/model/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <set>
#include <utility>

#include "policy/model/document.h"
#include "policy/model/settings_files.h"
#include "policy/model/settings_table.h"
#include "policy/model/socket_address.h"

namespace weir {

bool name_well_formed(std::string_view name, std::size_t bytes_max) {
  return !name.empty() && name.size() <= bytes_max &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

namespace {

/// A value's place in `node` and what its row says about it.
struct Value {
  const Node& node;
  const SettingRow& row;
};

bool is_scalar(const Node& node) { return node.kind == Node::Kind::kScalar; }

std::optional<std::uint32_t> read_number(Value value, Mistakes& mistakes) {
  const std::string& text = value.node.text;
  std::int64_t number = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = is_scalar(value.node) && !value.node.quoted && error == std::errc{} &&
                     stopped == text.data() + text.size();
  const bool fits = whole && number >= value.row.low && number <= value.row.high;
  const bool power = value.row.type != SettingType::kPowerOfTwo ||
                     (fits && std::has_single_bit(static_cast<std::uint64_t>(number)));
  if (fits && power) return static_cast<std::uint32_t>(number);
  mistakes.add(value.node, fmt::format("{} is {}", value.row.key, shown(value.node)),
               fmt::format("write {}", range_text(value.row)));
  return std::nullopt;
}

bool cores_well_formed(std::string_view text) {
  if (text == "auto") return true;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view core = text.substr(0, comma);
    if (core.empty() || core.size() > 4 || core.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
  return false;
}

bool is_store_url_without_password(std::string_view text) {
  if (!is_store_url(text) || text.find_first_of(" \"'\\") != std::string_view::npos) return false;
  const std::string_view rest = text.substr(text.find("//") + 2);
  const std::string_view who = rest.substr(0, rest.find_first_of("/?"));
  const std::size_t at = who.rfind('@');
  return (at == std::string_view::npos || who.substr(0, at).find(':') == std::string_view::npos) &&
         text.find("password=") == std::string_view::npos;
}

template <typename WellFormed>
bool list_well_formed(std::string_view text, std::int64_t items_max, WellFormed well_formed) {
  const std::vector<std::string_view> items = comma_separated(text);
  return std::cmp_less_equal(items.size(), items_max) && std::ranges::all_of(items, well_formed);
}

bool text_well_formed(std::string_view text, const SettingRow& row) {
  const auto bytes = static_cast<std::int64_t>(text.size());
  switch (row.type) {
    case SettingType::kName:
      return name_well_formed(text, static_cast<std::size_t>(row.high));
    case SettingType::kPathOrNone:
      if (text.empty()) return true;
      [[fallthrough]];
    case SettingType::kPath:
      return bytes <= row.high && text.starts_with('/');
    case SettingType::kPathOrUrl:
      return bytes <= row.high && (text.starts_with('/') || is_store_url_without_password(text));
    case SettingType::kDevice:
      return bytes >= 1 && bytes <= row.high &&
             std::none_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; });
    case SettingType::kWords:
      return bytes >= 1 && bytes <= row.high &&
             std::none_of(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; });
    case SettingType::kNodes:
      return text.empty() || list_well_formed(text, row.high, [](std::string_view node) {
               return SocketAddress::parse(node).has_value();
             });
    case SettingType::kNames:
      return list_well_formed(text, row.high, [](std::string_view name) {
        return name_well_formed(name, kApplianceNameBytesMax);
      });
    case SettingType::kCores:
      return cores_well_formed(text);
    case SettingType::kWord:
      return text.find('|') == std::string_view::npos &&
             fmt::format("|{}|", row.yes).find(fmt::format("|{}|", text)) != std::string::npos;
    default:
      return false;
  }
}

std::optional<std::string> read_text(Value value, Mistakes& mistakes) {
  if (is_scalar(value.node) && text_well_formed(value.node.text, value.row)) return value.node.text;
  // What may hold a password is not repeated.
  const bool secret = value.row.type == SettingType::kPathOrUrl && is_scalar(value.node) &&
                      value.node.text.find("://") != std::string::npos;
  mistakes.add(value.node,
               fmt::format("{} is {}", value.row.key, secret ? "no URL of a store" : shown(value.node)),
               fmt::format("write {}", range_text(value.row)));
  return std::nullopt;
}

std::optional<bool> read_choice(Value value, Mistakes& mistakes) {
  if (is_scalar(value.node) && value.node.text == value.row.yes) return true;
  if (is_scalar(value.node) && value.node.text == value.row.no) return false;
  mistakes.add(value.node, fmt::format("{} is {}", value.row.key, shown(value.node)),
               fmt::format("write {}", range_text(value.row)));
  return std::nullopt;
}

std::vector<std::string_view> keys_of(std::string_view section) {
  std::vector<std::string_view> keys;
  for (const SettingRow& row : settings_table()) {
    if (row.section == section) keys.push_back(row.key);
  }
  return keys;
}

const SettingRow& row_of(std::string_view section, std::string_view key) {
  const auto rows = settings_table();
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const SettingRow& row) { return row.section == section && row.key == key; });
}

/// Every key of one section that has its own place in Settings.
void read_section(const Node& map, std::string_view section, Settings& settings, Mistakes& mistakes) {
  for (const SettingRow& row : settings_table()) {
    if (row.section != section) continue;
    const Node* const node = map.find(row.key);
    if (node == nullptr) continue;
    if (row.number != nullptr) {
      if (const auto number = read_number({*node, row}, mistakes)) *row.number(settings) = *number;
    } else if (row.choice != nullptr) {
      if (const auto choice = read_choice({*node, row}, mistakes)) *row.choice(settings) = *choice;
    } else if (row.text != nullptr) {
      if (auto text = read_text({*node, row}, mistakes)) *row.text(settings) = std::move(*text);
    }
  }
}

std::optional<ExceptionAction> read_action(const Node& node, ExceptionCause cause, Mistakes& mistakes) {
  const std::string what = fmt::format("{} is {}", to_string(cause), shown(node));
  for (std::size_t i = 0; is_scalar(node) && i < kExceptionActions; ++i) {
    const auto action = static_cast<ExceptionAction>(i);
    if (node.text != to_string(action)) continue;
    if (!is_event_cause(cause) || action == ExceptionAction::kPass) return action;
    mistakes.add(node, what, "write pass: this cause delays events, it never touches a packet");
    return std::nullopt;
  }
  mistakes.add(node, what, is_event_cause(cause) ? "write pass" : "write pass, drop or bypass");
  return std::nullopt;
}

void read_exceptions(const Node& map, PairSettings& pair, Mistakes& mistakes) {
  if (map.kind != Node::Kind::kMap) {
    mistakes.add(map, fmt::format("exceptions must be a map, not {}", shown(map)),
                 "write {classifier-gone: pass}");
    return;
  }
  std::vector<std::string_view> causes;
  for (std::size_t i = 0; i < kExceptionCauses; ++i)
    causes.emplace_back(to_string(static_cast<ExceptionCause>(i)));
  mistakes.unknown_keys(map, causes);
  for (std::size_t i = 0; i < kExceptionCauses; ++i) {
    const Node* const node = map.find(causes[i]);
    if (node == nullptr) continue;
    if (const auto action = read_action(*node, static_cast<ExceptionCause>(i), mistakes)) {
      pair.exceptions[i] = *action;
    }
  }
}

PairSettings read_pair(const Node& map, Mistakes& mistakes) {
  PairSettings pair;
  if (map.kind != Node::Kind::kMap) {
    mistakes.add(map, fmt::format("a pair must be a map, not {}", shown(map)),
                 "write name, inside and outside");
    return pair;
  }
  std::vector<std::string_view> known = keys_of("pairs");
  known.emplace_back("exceptions");
  known.emplace_back("ethertypes");
  mistakes.unknown_keys(map, known);
  const auto text = [&](std::string_view key, std::string& into) {
    const Node* const node = map.find(key);
    if (node == nullptr) {
      mistakes.add(map, fmt::format("the pair has no {}", key),
                   fmt::format("add {}: {}", key, row_of("pairs", key).help));
    } else if (auto value = read_text({*node, row_of("pairs", key)}, mistakes)) {
      into = std::move(*value);
    }
  };
  text("name", pair.name);
  text("inside", pair.inside.device);
  text("outside", pair.outside.device);
  if (const Node* const mode = map.find("mode")) {
    if (const auto strict = read_choice({*mode, row_of("pairs", "mode")}, mistakes)) pair.strict = *strict;
  }
  pair.fail_open = !pair.strict;
  if (const Node* const fail = map.find("fail")) {
    if (const auto closed = read_choice({*fail, row_of("pairs", "fail")}, mistakes))
      pair.fail_open = !*closed;
  }
  if (const Node* const bypass = map.find("bypass")) {
    if (const auto word = read_text({*bypass, row_of("pairs", "bypass")}, mistakes)) {
      for (std::size_t i = 0; i < kBypassKinds; ++i) {
        if (*word == to_string(static_cast<BypassKind>(i))) pair.bypass = static_cast<BypassKind>(i);
      }
    }
  }
  // The place of the word that `key` has in the row's words, which are those of an enumeration in its order.
  const auto place = [&](std::string_view key, const std::array<std::string_view, 3>& words) {
    const Node* const node = map.find(key);
    const auto word = node != nullptr ? read_text({*node, row_of("pairs", key)}, mistakes) : std::nullopt;
    const auto* const at = word ? std::find(words.begin(), words.end(), *word) : words.begin();
    return static_cast<std::uint8_t>(at - words.begin());
  };
  pair.urgent = static_cast<UrgentAction>(place("urgent", {"clear", "drop", "pass"}));
  pair.block = static_cast<BlockAction>(place("block", {"answer", "reset", "drop"}));
  for (std::size_t i = 0; i < kExceptionCauses; ++i) {
    pair.exceptions[i] = default_action(static_cast<ExceptionCause>(i), pair.strict);
  }
  if (const Node* const exceptions = map.find("exceptions")) read_exceptions(*exceptions, pair, mistakes);
  if (const Node* const ethertypes = map.find("ethertypes")) {
    pair.ethertypes = read_ethertypes(*ethertypes, mistakes);
  }
  return pair;
}

void read_pairs(const Node& list, Settings& settings, Mistakes& mistakes) {
  if (list.kind != Node::Kind::kList || list.items.empty()) {
    mistakes.add(list,
                 fmt::format("pairs must be a list of port pairs, not {}",
                             list.kind == Node::Kind::kList ? "an empty list" : shown(list)),
                 "write - {name: lan-wan, inside: DEVICE, outside: DEVICE}");
    return;
  }
  if (list.items.size() > kPairsMax) {
    mistakes.add(list, fmt::format("{} pairs, more than {}", list.items.size(), kPairsMax));
    return;
  }
  std::set<std::string> names;
  std::set<std::string> devices;
  for (const Node& item : list.items) {
    PairSettings pair = read_pair(item, mistakes);
    const Node* const name = item.find("name");
    if (name != nullptr && !names.insert(pair.name).second) {
      mistakes.add(*name, fmt::format("a pair is already called {}", pair.name),
                   "give each pair its own name");
    }
    for (const char* const side : {"inside", "outside"}) {
      const Node* const device = item.find(side);
      if (device != nullptr && is_scalar(*device) && !devices.insert(device->text).second) {
        mistakes.add(*device, fmt::format("the device {} is already in use", shown(*device)),
                     "a port belongs to one side of one pair");
      }
    }
    settings.pairs.push_back(std::move(pair));
  }
}

/// What no single key can say.
void check_together(const Node& root, const Settings& settings, Mistakes& mistakes) {
  const auto place = [&](std::string_view section, std::string_view key) -> const Node& {
    const Node* const map = section.empty() ? &root : root.find(section);
    const Node* const node = map != nullptr ? map->find(key) : nullptr;
    return node != nullptr ? *node : root;
  };
  const MemorySettings& memory = settings.memory;
  if (memory.parked_per_flow > memory.parked) {
    mistakes.add(place("memory", "parked_per_flow"),
                 fmt::format("parked_per_flow is {} packets, more than parked, which is {} packets",
                             memory.parked_per_flow, memory.parked),
                 "lower parked_per_flow or raise parked");
  }
  if (std::uint64_t{memory.parked} * settings.workers > memory.packets / 2) {
    mistakes.add(
        place("memory", "parked"),
        fmt::format("parked is {} packets for each of {} workers, more than half of packets, which is {}",
                    memory.parked, settings.workers, memory.packets),
        "lower parked or raise packets, or waiting packets would take every buffer");
  }
  // Two fragments for each datagram (dataplane/pipeline/limits.h).
  if (std::uint64_t{memory.fragments} * 2 * settings.workers > memory.packets / 4) {
    mistakes.add(
        place("memory", "fragments"),
        fmt::format("fragments is {} datagrams for each of {} workers, more than an eighth of packets, "
                    "which is {}",
                    memory.fragments, settings.workers, memory.packets),
        "lower fragments or raise packets, or fragments that wait would take every buffer");
  }
  const OverloadSettings& overload = settings.overload;
  if (overload.names_only_at >= overload.l4_at || overload.l4_at >= overload.bypass_at) {
    mistakes.add(place("overload", "names_only_at"),
                 fmt::format("names_only_at is {} %, l4_at {} % and bypass_at {} %", overload.names_only_at,
                             overload.l4_at, overload.bypass_at),
                 "each level needs a higher fill than the one before");
  }
  if (!settings.redis.node_sockets.empty() && settings.redis.nodes.empty()) {
    mistakes.add(place("redis", "node_sockets"), "node_sockets leads to nodes, and none is named",
                 "name some of them as nodes, or leave node_sockets out");
  }
  const auto cores = 1 + std::count(settings.cores.begin(), settings.cores.end(), ',');
  if (settings.cores != "auto" && cores != static_cast<std::ptrdiff_t>(settings.workers)) {
    mistakes.add(place("", "cores"),
                 fmt::format("cores names {} cores for {} workers", cores, settings.workers),
                 "name one core for each worker, or write auto");
  }
}

bool check_version(const Node& root, Mistakes& mistakes) {
  const Node* const version = root.find("weir");
  if (version == nullptr) {
    mistakes.add(1, 1, "the settings do not say their version", "begin the file with the line weir: 1");
    return false;
  }
  if (!is_scalar(*version) || version->text != "1") {
    mistakes.add(*version, fmt::format("settings version {} is not known", shown(*version)), "write weir: 1");
    return false;
  }
  return true;
}

}  // namespace

ResultAll<Settings> settings_of(const Node& root, const std::string& file) {
  Mistakes mistakes{file};
  if (root.kind != Node::Kind::kMap) {
    mistakes.add(1, 1, fmt::format("the settings must be a map, not {}", shown(root)), "begin with weir: 1");
    return tl::unexpected(mistakes.take());
  }
  if (!check_version(root, mistakes)) return tl::unexpected(mistakes.take());

  constexpr std::array<std::string_view, 14> kSections{
      "memory", "timeouts", "overload", "redis",  "classifier", "engine",    "capture",
      "export", "notify",   "console",  "report", "privacy",    "retention", "evidence"};
  std::vector<std::string_view> known = keys_of("");
  known.insert(known.end(), {"weir", "pairs", "outputs", "notifications"});
  known.insert(known.end(), kSections.begin(), kSections.end());
  mistakes.unknown_keys(root, known);

  Settings settings;
  read_section(root, "", settings, mistakes);
  if (const Node* const pairs = root.find("pairs")) read_pairs(*pairs, settings, mistakes);
  if (const Node* const outputs = root.find("outputs")) settings.outputs = read_outputs(*outputs, mistakes);
  if (const Node* const list = root.find("notifications"))
    settings.notifications = read_receivers(*list, mistakes);
  for (const std::string_view section : kSections) {
    const Node* const map = root.find(section);
    if (map == nullptr) continue;
    if (map->kind != Node::Kind::kMap) {
      mistakes.add(*map, fmt::format("{} must be a map, not {}", section, shown(*map)));
      continue;
    }
    mistakes.unknown_keys(*map, keys_of(section));
    read_section(*map, section, settings, mistakes);
  }
  if (mistakes.empty()) check_together(root, settings, mistakes);
  if (!mistakes.empty()) return tl::unexpected(mistakes.take());
  return settings;
}

ResultAll<Settings> parse_settings(std::string_view text, const std::string& file) {
  const auto root = parse_document(text, file);
  if (!root) return tl::unexpected(root.error());
  return settings_of(*root, file);
}

}  // namespace weir
