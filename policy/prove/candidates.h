// SPDX-License-Identifier: Apache-2.0
// Values that a canary may take for what a rule asks of the ends of a flow and of the time: a few of each,
// those most likely to be right first. Whether one is right is for `decide` to say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/lang/policy.h"

namespace weir::prove {

inline constexpr std::size_t kClientsMax = 24;
inline constexpr std::size_t kDestinationsMax = 12;
inline constexpr std::size_t kPortsMax = 8;
inline constexpr std::size_t kNamesMax = 12;
inline constexpr std::size_t kInstantsMax = 6;
inline constexpr std::int64_t kMinutesAhead = 8 * 1'440;  // in which a schedule comes round

struct Client {
  IpAddress address;
  std::uint16_t vlan = 0;
  MacAddress mac;
};

/// Of the groups of `who`; where that names none, of no group first.
[[nodiscard]] std::vector<Client> clients(const policy::PolicyParts& policy, const policy::Condition& who);
[[nodiscard]] std::vector<IpAddress> destinations(const policy::Match& match);
/// `usual`: where the match names none.
[[nodiscard]] std::vector<std::uint16_t> ports(const policy::Match& match, std::uint16_t usual);
/// Names that a set holds, and names below them.
[[nodiscard]] std::vector<std::string> names(const policy::PolicyParts& policy,
                                             const std::vector<policy::NamedSet>& sets);
[[nodiscard]] std::vector<std::string> addresses(const policy::PolicyParts& policy,
                                                 const policy::AddressMatch& match);
/// A text that the pattern holds.
[[nodiscard]] std::string instance_of(std::string_view pattern);

/// Beginnings of minutes from now on, one for each set of schedules that holds at the same time.
class Instants {
 public:
  Instants(const policy::PolicyParts& policy, TimeNs now);
  /// Those at which `when` holds, the next first; empty: it never does.
  [[nodiscard]] std::vector<TimeNs> within(const policy::Condition& when) const;

 private:
  struct Instant {
    TimeNs at = 0;
    std::uint64_t schedules = 0;  // bit: index of the schedule
  };
  std::vector<Instant> instants_;
};

}  // namespace weir::prove
