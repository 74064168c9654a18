// SPDX-License-Identifier: Apache-2.0
// Whether one rule matches whenever another does. Internal to policy/lang.
#pragma once

#include <bitset>

#include "policy/lang/builder.h"

namespace weir::policy {

[[nodiscard]] inline bool subnet_within(const Subnet& one, const Subnet& other) {
  return one.prefix_bits >= other.prefix_bits && other.contains(one.base);
}
[[nodiscard]] inline bool port_within(const PortRange& one, const PortRange& other) {
  return one.low >= other.low && one.high <= other.high;
}

class Coverage {
 public:
  explicit Coverage(const Builder& builder);

  /// At every flow and instant at which `inner` matches, `outer` does. Both are rules of one section.
  [[nodiscard]] bool covers(const Rule& outer, const Rule& inner) const;
  /// Of the section's rules those that could cover `inner`, and more. `index` is that of the section.
  [[nodiscard]] RuleIndex::Candidates may_cover(const RuleIndex& index, const Rule& inner) const;
  /// Earlier groups hold all clients of this one.
  [[nodiscard]] bool names_nobody(std::size_t group) const;
  /// All groups of `who` are such.
  [[nodiscard]] bool concerns_nobody(const Condition& who) const { return clients_of(who).none(); }

 private:
  /// Groups, and behind them the clients of none.
  using Clients = std::bitset<kGroupsMax + 1>;
  [[nodiscard]] bool names_held(std::size_t group) const;
  [[nodiscard]] Clients clients_of(const Condition& who) const;
  [[nodiscard]] bool who_covers(const Condition& outer, const Condition& inner) const;
  [[nodiscard]] bool domains_cover(const std::vector<NamedSet>& outer,
                                   const std::vector<NamedSet>& inner) const;
  [[nodiscard]] bool set_covered(const std::vector<NamedSet>& outer, DomainSet inner) const;
  [[nodiscard]] bool addresses_cover(const AddressMatch& outer, const AddressMatch& inner) const;
  void add_set(RuleIndex::Question& question, Dimension dimension, DomainSet inner) const;
  [[nodiscard]] bool match_covers(const Match& outer, const Match& inner) const;

  const Builder& builder_;
  Clients nobody_;  // groups that name no client
};

}  // namespace weir::policy
