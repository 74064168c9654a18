// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/candidates.h"

#include <algorithm>
#include <unordered_set>

#include "policy/decide/schedule.h"

namespace weir::prove {
namespace {

static_assert(policy::kSchedulesMax <= 64, "a bit for each schedule");

constexpr MacAddress kCard{
    {0x02, 0x57, 0x45, 0x49, 0x52, 0x01}};   // of a client that no group knows by its card
constexpr std::size_t kSubnetsLookedAt = 8;  // of a group or a match

IpAddress address(std::string_view text) { return IpAddress::parse(text).value_or(IpAddress{}); }

/// Of a subnet: near its begin, in its middle and near its end, so that one is outside of what an earlier
/// rule or group takes out of it. A subnet of one address is that address.
std::vector<IpAddress> within(const Subnet& subnet) {
  const unsigned host_bits = 128U - subnet.prefix_bits;
  if (host_bits == 0) return {subnet.base};
  const auto with = [&](bool high, bool all_ones) {
    auto bytes = subnet.base.bytes();
    for (unsigned bit = 0; bit < host_bits; ++bit) {
      const bool is_high = bit + 1 == host_bits;
      const bool set = bit == 0 ? !all_ones : all_ones || (high && is_high);
      if (set) bytes[15 - bit / 8] = static_cast<std::uint8_t>(bytes[15 - bit / 8] | 1U << bit % 8);
    }
    return IpAddress::v6(bytes);
  };
  if (host_bits == 1) return {subnet.base, with(false, false)};
  return {with(true, false), with(false, false), with(false, true)};
}

void add_clients(const policy::Group& group, std::vector<Client>& out) {
  const auto add = [&](const Client& client) {
    if (out.size() < kClientsMax) out.push_back(client);
  };
  for (std::size_t i = 0; i < std::min(group.subnets.size(), kSubnetsLookedAt); ++i)
    for (const IpAddress& one : within(group.subnets[i])) add({one, 0, kCard});
  for (std::size_t i = 0; i < std::min(group.vlans.size(), kSubnetsLookedAt); ++i)
    add({address("198.18.7.7"), group.vlans[i], kCard});
  for (std::size_t i = 0; i < std::min(group.macs.size(), kSubnetsLookedAt); ++i)
    add({address("198.18.7.7"), 0, group.macs[i]});
}

}  // namespace

std::vector<Client> clients(const policy::PolicyParts& policy, const policy::Condition& who) {
  std::vector<Client> out;
  if (who.always || who.negated) {
    for (const char* text : {"198.18.7.7", "10.254.7.7", "192.168.254.7", "fd00:fefe::7", "2001:db8:7::7"})
      out.push_back({address(text), 0, kCard});
    for (const policy::Group& group : policy.groups) add_clients(group, out);
    return out;
  }
  for (const std::uint16_t group : who.any_of) add_clients(policy.groups[group], out);
  return out;
}

std::vector<IpAddress> destinations(const policy::Match& match) {
  std::vector<IpAddress> out;
  if (match.destinations.empty()) {
    for (const char* text : {"192.0.2.77", "2001:db8:77::7", "203.0.113.77", "10.253.7.7", "fd00:fdfd::7"})
      out.push_back(address(text));
    return out;
  }
  for (const Subnet& subnet : match.destinations) {
    for (const IpAddress& one : within(subnet))
      if (out.size() < kDestinationsMax) out.push_back(one);
  }
  return out;
}

std::vector<std::uint16_t> ports(const policy::Match& match, std::uint16_t usual) {
  constexpr std::uint16_t kOther = 9'998;
  if (match.ports.empty()) return {usual, kOther};
  std::vector<std::uint16_t> out;
  const auto holds = [&](std::uint16_t port) {
    return std::ranges::any_of(
        match.ports, [&](const policy::PortRange& range) { return port >= range.low && port <= range.high; });
  };
  const auto add = [&](std::uint16_t port) {
    if (out.size() < kPortsMax && std::ranges::find(out, port) == out.end()) out.push_back(port);
  };
  if (holds(usual)) add(usual);
  for (const policy::PortRange& range : match.ports) {
    add(range.low);
    add(range.high);
    add(static_cast<std::uint16_t>((range.low + range.high) / 2));
  }
  return out;
}

std::vector<std::string> names(const policy::PolicyParts& policy, const std::vector<policy::NamedSet>& sets) {
  std::vector<std::string> out;
  const std::size_t each = std::max<std::size_t>(1, kNamesMax / 2 / std::max<std::size_t>(1, sets.size()));
  for (const policy::NamedSet& set : sets) {
    for (std::string& name : policy.domains.examples(set.set, each))
      if (out.size() < kNamesMax / 2) out.push_back(std::move(name));
  }
  const std::size_t own = out.size();
  for (std::size_t i = 0; i < own; ++i) out.push_back("canary." + out[i]);
  return out;
}

std::vector<std::string> addresses(const policy::PolicyParts& policy, const policy::AddressMatch& match) {
  std::vector<std::string> out;
  for (const std::string& one : match.addresses)
    if (out.size() < kNamesMax) out.push_back(one);
  for (const std::string& name : names(policy, match.sets)) out.push_back("canary@" + name);
  return out;
}

std::string instance_of(std::string_view pattern) {
  std::string out;
  for (const char c : pattern) out += c == '*' ? 'c' : c;
  return out;
}

Instants::Instants(const policy::PolicyParts& policy, TimeNs now) {
  constexpr std::int64_t kMinuteS = 60;
  const std::int64_t first = now / kSecond / kMinuteS * kMinuteS;
  std::unordered_set<std::uint64_t> seen;
  const std::int64_t minutes = policy.schedules.empty() ? 1 : kMinutesAhead;
  for (std::int64_t minute = 0; minute < minutes; ++minute) {
    const std::int64_t at = first + minute * kMinuteS;
    const policy::LocalTime local = policy.zone.local(at);
    std::uint64_t holding = 0;
    for (std::size_t i = 0; i < policy.schedules.size(); ++i) {
      if (policy::holds_at(policy.schedules[i], local)) holding |= std::uint64_t{1} << i;
    }
    if (seen.insert(holding).second) instants_.push_back({at * kSecond, holding});
  }
}

std::vector<TimeNs> Instants::within(const policy::Condition& when) const {
  std::uint64_t asked = 0;
  for (const std::uint16_t schedule : when.any_of) asked |= std::uint64_t{1} << schedule;
  std::vector<TimeNs> out;
  for (const Instant& instant : instants_) {
    const bool inside = (instant.schedules & asked) != 0;
    if (!when.always && inside == when.negated) continue;
    if (out.size() < kInstantsMax) out.push_back(instant.at);
  }
  return out;
}

}  // namespace weir::prove
