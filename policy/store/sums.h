// SPDX-License-Identifier: Apache-2.0
// What was seen in one transaction, added up in memory, so that each row is written once however often it was
// seen. In which order sightings come, and how they are cut into transactions, makes no difference to counts,
// times and evidence. Pure; no SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/store/records.h"

namespace weir::policy {

/// Sightings of one version of a product at one client.
struct SoftwareSum {
  SoftwareSighting latest;             // by its time
  std::optional<SoftwareState> state;  // the last that was judged
  std::uint64_t count = 0;
  TimeNs first_seen = 0;

  void add(const SoftwareSighting& sighting);
};

/// Sums by a key, in the order in which the keys were first seen.
template <typename Sum>
class Sums {
 public:
  Sum& of(const std::string& key) {
    const auto [place, first] = places_.try_emplace(key, sums_.size());
    if (first) sums_.emplace_back();
    return sums_[place->second];
  }
  [[nodiscard]] const std::vector<Sum>& all() const { return sums_; }

 private:
  std::vector<Sum> sums_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace weir::policy
