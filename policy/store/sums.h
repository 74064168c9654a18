// SPDX-License-Identifier: Apache-2.0
// What was seen in one transaction, added up in memory, so that each row is written once however often it was
// seen. In which order sightings come, and how they are cut into transactions, makes no difference to counts,
// times and evidence. Pure; no SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
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
  /// Of sightings that came after those here.
  void add(SoftwareSum&& more);
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
  [[nodiscard]] std::vector<Sum> take() {
    places_.clear();
    return std::exchange(sums_, {});
  }

 private:
  std::vector<Sum> sums_;
  std::unordered_map<std::string, std::size_t> places_;
};

/// Sightings of software by client, product and version.
class SoftwareSums {
 public:
  void add(const SoftwareSighting& sighting) { of(sighting).add(sighting); }
  void add(SoftwareSum&& sum) {
    SoftwareSum& known = of(sum.latest);
    known.add(std::move(sum));
  }
  [[nodiscard]] const std::vector<SoftwareSum>& all() const { return sums_.all(); }
  [[nodiscard]] std::vector<SoftwareSum> take() { return sums_.take(); }

 private:
  SoftwareSum& of(const SoftwareSighting& sighting) {
    key_.assign(sighting.client).push_back('\0');
    key_.append(sighting.product).push_back('\0');
    return sums_.of(key_.append(sighting.version));
  }
  Sums<SoftwareSum> sums_;
  std::string key_;
};

}  // namespace weir::policy
