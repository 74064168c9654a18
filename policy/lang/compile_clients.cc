// SPDX-License-Identifier: Apache-2.0
// The time zone, groups of clients and schedules: what `who` and `when` of a rule refer to.
#include <fmt/format.h>

#include "policy/lang/builder.h"
#include "policy/lang/date_text.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

void add_network(Builder& builder, const Node& value, bool one_host, Group& group) {
  const auto subnet = Subnet::parse(value.text);
  if (subnet && (!one_host || subnet->prefix_bits == 128)) {
    group.subnets.push_back(*subnet);
  } else if (one_host) {
    builder.mistakes.add(value, fmt::format("{} is not an address", shown(value)),
                         "write 10.0.0.1 or fd00::1");
  } else {
    builder.mistakes.add(value, fmt::format("{} is not a subnet", shown(value)),
                         "write 10.0.0.0/8 or fd00::/48, with no bits set after the prefix");
  }
}

void add_vlan(Builder& builder, const Node& value, Group& group) {
  if (const auto id = builder.mistakes.integer(value, "a VLAN id", 1, 4'094))
    group.vlans.push_back(static_cast<std::uint16_t>(*id));
}

void add_mac(Builder& builder, const Node& value, Group& group) {
  if (const auto mac = MacAddress::parse(value.text)) return group.macs.push_back(*mac);
  builder.mistakes.add(value, fmt::format("{} is not a MAC address", shown(value)),
                       "write 02:00:00:00:00:01");
}

/// The words stand in the order of HostNameSource, of which the first is none.
void add_source(Builder& builder, const Node& value, Group& group) {
  if (const auto word = word_of(builder, value, KeyMap::kGroup, "names_from"))
    group.names_from = static_cast<std::uint8_t>(group.names_from | 2U << *word);
}

/// `given`: the policy names a mapping file; one that was not read was a mistake already.
void add_directory_group(Builder& builder, const Node& value, bool given, Group& group) {
  group.directory.push_back(value.text);
  if (!given) {
    builder.mistakes.add(value, fmt::format("{} without a mapping file", shown(value)),
                         "add directory: {file: groups.map}");
  }
  if (!builder.directory || builder.directory->find(value.text) != nullptr) return;
  std::vector<std::string_view> known;
  for (const DirectoryGroup& one : builder.directory->groups()) known.push_back(one.name);
  builder.mistakes.add(value, fmt::format("the mapping file has no group {}", shown(value)),
                       meant(value.text, known, "a group without users stands there too"));
}

void compile_group(Builder& builder, const Node& node, bool directory_given, Group& group) {
  check_keys(builder, node, KeyMap::kGroup);
  for (const Node::Entry& entry : node.entries) {
    if (find_key(KeyMap::kGroup, entry.key) == nullptr) continue;
    if (entry.key == "names") add_patterns(builder, entry, group.names);
    if (entry.key == "users") add_patterns(builder, entry, group.users);
    if (entry.key == "names" || entry.key == "users") continue;
    for (const Node* const value : values_of(builder, entry.value, entry.key)) {
      if (entry.key == "vlans") {
        add_vlan(builder, *value, group);
      } else if (entry.key == "macs") {
        add_mac(builder, *value, group);
      } else if (entry.key == "directory") {
        add_directory_group(builder, *value, directory_given, group);
      } else if (entry.key == "names_from") {
        add_source(builder, *value, group);
      } else {
        add_network(builder, *value, entry.key == "hosts", group);
      }
    }
  }
  if (group.names_from == 0) group.names_from = 1U << static_cast<unsigned>(HostNameSource::kDhcp);
  if (const Node* const from = node.find("names_from"); from != nullptr && node.find("names") == nullptr)
    builder.mistakes.add(*from, "names_from without names", "add names: [lab-pc-*]");
}

/// Who asks for a ticket may be anybody; what is granted, or acknowledged, is somebody.
constexpr std::uint8_t kUsersBelieved = [] {
  unsigned sources = 0;
  for (unsigned i = 0; i < kUserSources; ++i)
    if (is_vouched_for(static_cast<UserSource>(i))) sources |= 1U << i;
  return static_cast<std::uint8_t>(sources);
}();

void index_names(Builder& builder) {
  PolicyParts& parts = builder.parts;
  for (std::size_t i = 0; i < parts.groups.size(); ++i) {
    const Group& group = parts.groups[i];
    const auto number = static_cast<std::uint16_t>(i);
    for (const std::string& name : group.names) parts.client_names.add(name, number, group.names_from);
    for (const std::string& user : group.users) parts.users.add(user, number, kUsersBelieved);
    for (const std::string& name : group.directory) {
      const DirectoryGroup* const found = builder.directory ? builder.directory->find(name) : nullptr;
      if (found == nullptr) continue;
      for (const std::string& user : found->users) parts.users.add(user, number, kUsersBelieved);
    }
  }
  parts.client_names.finish();
  parts.users.finish();
}

/// "mon-fri", "sat", "daily" as bits.
std::optional<std::uint8_t> parse_days(std::string_view text) {
  if (text == "daily") return std::uint8_t{0x7f};
  const std::size_t dash = text.find('-');
  const auto first = parse_day(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_day(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  unsigned days = 0;
  for (int i = *first;; i = (i + 1) % 7) {
    days |= 1U << static_cast<unsigned>(i);
    if (i == *last) break;
  }
  return static_cast<std::uint8_t>(days);
}

std::optional<HourSpan> parse_span(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto begin = parse_minute(text.substr(0, dash));
  const auto end = parse_minute(text.substr(dash + 1));
  if (!begin || !end || *begin == *end || *begin == kDayMinutes) return std::nullopt;
  return HourSpan{*begin, *end == 0 ? kDayMinutes : *end};
}

void compile_schedule(Builder& builder, const Node& node, Schedule& schedule) {
  check_keys(builder, node, KeyMap::kSchedule);
  if (const Node* const days = node.find("days")) {
    schedule.days = 0;
    for (const Node* const value : values_of(builder, *days, "days")) {
      if (const auto bits = parse_days(value->text)) {
        schedule.days = static_cast<std::uint8_t>(schedule.days | *bits);
      } else {
        builder.mistakes.add(*value, fmt::format("{} are not days", shown(*value)),
                             "write mon-fri, sat or daily");
      }
    }
  }
  if (const Node* const hours = node.find("hours")) {
    for (const Node* const value : values_of(builder, *hours, "hours")) {
      if (const auto span = parse_span(value->text)) {
        schedule.hours.push_back(*span);
      } else {
        builder.mistakes.add(*value, fmt::format("{} are not hours", shown(*value)),
                             "write \"08:00-17:30\"; \"22:00-06:00\" passes midnight");
      }
    }
  } else {
    schedule.hours.push_back({0, kDayMinutes});
  }
}

/// Names, then `compile_one(node, name)`, of a map of named things, at most `most`.
template <typename CompileOne>
void each_named(Builder& builder, const Node& map, std::string_view what, std::size_t most,
                CompileOne compile_one) {
  if (!expect_map(builder, map, what)) return;
  if (map.entries.size() > most) {
    builder.mistakes.add(map, fmt::format("{} {}, more than {}", map.entries.size(), what, most));
    return;
  }
  for (const Node::Entry& entry : map.entries) {
    if (!is_name(entry.key)) {
      builder.mistakes.add(entry.line, entry.column, fmt::format("\"{}\" is not a name", entry.key),
                           kNameAdvice);
    }
    if (expect_map(builder, entry.value, entry.key)) compile_one(entry.value, entry.key);
  }
}

}  // namespace

void compile_zone(Builder& builder, const Node& root) {
  const Node* const zone = root.find("timezone");
  if (zone == nullptr) return;
  const std::string name = builder.mistakes.text(*zone, "timezone");
  if (name.empty()) return;
  auto loaded = TimeZone::load(name);
  if (!loaded) {
    builder.mistakes.add(*zone, loaded.error().what, loaded.error().advice);
    return;
  }
  builder.parts.zone_name = name;
  builder.parts.zone = std::move(*loaded);
}

void compile_directory(Builder& builder, const Node& directory) {
  if (!expect_map(builder, directory, "directory")) return;
  check_keys(builder, directory, KeyMap::kDirectory);
  const Node* const file = directory.find("file");
  if (file == nullptr)
    return builder.mistakes.add(directory, "the directory has no file", "add file: groups.map");
  const std::string written = builder.mistakes.text(*file, "file");
  if (written.empty()) return;
  auto map = DirectoryMap::load(full_path(builder, written));
  if (map) {
    builder.directory = std::move(*map);
    return;
  }
  for (const Error& error : map.error()) {
    if (error.at.line > 0) {
      builder.list_mistakes.push_back(error);
    } else {
      builder.mistakes.add(*file, fmt::format("{} {}", full_path(builder, written), error.what));
    }
  }
}

void compile_groups(Builder& builder, const Node& root, const Node& groups) {
  const bool directory_given = root.find("directory") != nullptr;
  each_named(builder, groups, "groups", kGroupsMax, [&](const Node& node, const std::string& name) {
    Group group;
    group.name = name;
    compile_group(builder, node, directory_given, group);
    builder.parts.groups.push_back(std::move(group));
  });
  index_names(builder);
}

void compile_schedules(Builder& builder, const Node& schedules) {
  each_named(builder, schedules, "schedules", kSchedulesMax, [&](const Node& node, const std::string& name) {
    Schedule schedule;
    schedule.name = name;
    compile_schedule(builder, node, schedule);
    builder.parts.schedules.push_back(std::move(schedule));
  });
}

}  // namespace weir::policy
