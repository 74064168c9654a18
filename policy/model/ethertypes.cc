// SPDX-License-Identifier: Apache-2.0
#include "policy/model/ethertypes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace weir {
namespace {

// IEEE ethertype registry.
constexpr std::array kNames{
    EthertypeName{"llc", kEthertypeLlc, "LLC frames other than stp"},
    EthertypeName{"stp", kEthertypeStp, "spanning tree"},
    EthertypeName{"arp", 0x0806, "IPv4 stops when it is dropped"},
    EthertypeName{"wake-on-lan", 0x0842, ""},
    EthertypeName{"rarp", 0x8035, ""},
    EthertypeName{"appletalk", 0x809b, ""},
    EthertypeName{"ipx", 0x8137, ""},
    EthertypeName{"flow-control", 0x8808, "MAC control; a port usually keeps it to itself"},
    EthertypeName{"slow", 0x8809, "LACP, marker, OAM"},
    EthertypeName{"mpls", 0x8847, "MPLS that carries no IP"},
    EthertypeName{"mpls-upstream", 0x8848, "the same with upstream labels"},
    EthertypeName{"pppoe-discovery", 0x8863, ""},
    EthertypeName{"pppoe-session", 0x8864, "PPPoE that carries no IP: LCP, authentication"},
    EthertypeName{"eapol", 0x888e, "802.1X"},
    EthertypeName{"profinet", 0x8892, ""},
    EthertypeName{"aoe", 0x88a2, "ATA over Ethernet"},
    EthertypeName{"ethercat", 0x88a4, ""},
    EthertypeName{"lldp", 0x88cc, ""},
    EthertypeName{"homeplug", 0x88e1, ""},
    EthertypeName{"macsec", 0x88e5, "encrypted: nothing of it can be judged"},
    EthertypeName{"ptp", 0x88f7, "IEEE 1588"},
    EthertypeName{"cfm", 0x8902, "802.1ag, Y.1731"},
    EthertypeName{"fcoe", 0x8906, ""},
    EthertypeName{"loopback", 0x9000, ""},
};
constexpr std::uint16_t kEthertypeLowest = 0x0600;
// Looked through: IPv4, IPv6, the VLAN tags.
constexpr std::array<std::uint16_t, 5> kNotHere{0x0800, 0x86dd, 0x8100, 0x88a8, 0x9100};

std::optional<bool> read_action(const Node& node, std::string_view key, Mistakes& mistakes) {
  if (node.kind == Node::Kind::kScalar && node.text == "pass") return false;
  if (node.kind == Node::Kind::kScalar && node.text == "drop") return true;
  mistakes.add(node, fmt::format("{} is {}", key, shown(node)), "write pass or drop");
  return std::nullopt;
}

std::optional<std::uint16_t> type_of(const Node::Entry& entry, Mistakes& mistakes) {
  const auto named = std::find_if(kNames.begin(), kNames.end(),
                                  [&](const EthertypeName& name) { return name.name == entry.key; });
  if (named != kNames.end()) return named->type;
  const std::string_view key = entry.key;
  if (!key.starts_with("0x")) {
    std::vector<std::string_view> known{"default"};
    for (const EthertypeName& name : kNames) known.push_back(name.name);
    const std::string_view near = did_you_mean(key, known);
    mistakes.add(entry.line, entry.column, fmt::format("{} is no ethertype", key),
                 near.empty() ? "write a name of docs/configuration.md or a number such as 0x88cc"
                              : fmt::format("did you mean {}?", near));
    return std::nullopt;
  }
  std::uint32_t number = 0;
  const auto [stopped, error] = std::from_chars(key.data() + 2, key.data() + key.size(), number, 16);
  if (error != std::errc{} || stopped != key.data() + key.size() || number < kEthertypeLowest ||
      number > 0xffff) {
    mistakes.add(entry.line, entry.column, fmt::format("{} is no ethertype", key), "write 0x0600 to 0xffff");
    return std::nullopt;
  }
  const auto type = static_cast<std::uint16_t>(number);
  if (std::find(kNotHere.begin(), kNotHere.end(), type) != kNotHere.end()) {
    mistakes.add(entry.line, entry.column, fmt::format("{} is looked through", key),
                 "what it carries is judged by the policy, or by its own ethertype");
    return std::nullopt;
  }
  return type;
}

}  // namespace

std::span<const EthertypeName> ethertype_names() { return kNames; }

EthertypeTable read_ethertypes(const Node& map, Mistakes& mistakes) {
  EthertypeTable table;
  if (map.kind != Node::Kind::kMap) {
    mistakes.add(map, fmt::format("ethertypes must be a map, not {}", shown(map)),
                 "write {default: pass, lldp: drop}");
    return table;
  }
  for (const Node::Entry& entry : map.entries) {
    const std::optional<bool> drop = read_action(entry.value, entry.key, mistakes);
    if (entry.key == "default") {
      table.drop_other = drop.value_or(false);
      continue;
    }
    const std::optional<std::uint16_t> type = type_of(entry, mistakes);
    if (!type || !drop) continue;
    const auto same = [&](const EthertypeRow& row) { return row.type == *type; };
    const auto twice = std::find_if(table.rows.begin(), table.rows.end(), same);
    if (twice != table.rows.end()) {
      mistakes.add(entry.line, entry.column, fmt::format("{} is the same as {}", entry.key, twice->name),
                   "write it once");
      continue;
    }
    table.rows.push_back({entry.key, *type, *drop});
  }
  if (table.rows.size() > kEthertypeRowsMax) {
    mistakes.add(map, fmt::format("{} ethertypes, more than {}", table.rows.size(), kEthertypeRowsMax),
                 "the rest follow default");
    table.rows.resize(kEthertypeRowsMax);
  }
  // A pair that drops by default would cut IPv4 off unless ARP is named: dropped only when it is written.
  const auto arp = [](const EthertypeRow& row) { return row.type == 0x0806; };
  if (table.drop_other && std::none_of(table.rows.begin(), table.rows.end(), arp)) {
    mistakes.add(map, "default is drop and arp is not written",
                 "write arp: pass, or arp: drop to cut IPv4 off");
  }
  return table;
}

}  // namespace weir
