// SPDX-License-Identifier: Apache-2.0
// Sightings of one batch, those of the same rule, subject and object merged, until they are written many rows
// at a time. What it writes does not depend on the order in which sightings came, as far as no limit is met.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/store/records.h"

namespace weir::policy {

/// The suppressions that may be in force, looked up by what they name.
struct SuppressionSet {
  struct One {
    std::int64_t id = 0;
    TimeNs ends = 0;
  };
  std::int64_t revision = -1;                    // of the table when it was read
  std::unordered_map<std::string, One> by_name;  // rule, subject and object; the one that ends last of each
  /// The suppression that takes it; 0: none.
  [[nodiscard]] std::int64_t taker(const ViolationSighting& sighting) const;
  [[nodiscard]] static std::string name_of(const std::string& rule, const std::string& subject,
                                           const std::string& object);
};

class ViolationQueue {
 public:
  struct Merged {
    ViolationSighting newest;
    std::int64_t count = 0;  // 0: what is counted already goes on
    TimeNs first = 0;
    TimeNs last = 0;
    Severity severity = Severity::kInfo;                  // the highest
    std::vector<std::pair<TimeNs, std::string>> flows{};  // any order
    std::vector<std::string> once{};  // of `count`, the flows that count once, the last to come last
  };
  using Key = std::tuple<std::string, std::string, std::string>;  // rule, subject, object

  /// `sighting` has storable texts.
  void add(ViolationSighting sighting, std::size_t flows_max);
  void add_suppressed(std::int64_t suppression, TimeNs at);
  [[nodiscard]] bool empty() const { return merged_.empty() && suppressed_.empty(); }
  [[nodiscard]] std::size_t size() const { return merged_.size(); }
  [[nodiscard]] std::map<Key, Merged> take() { return std::exchange(merged_, {}); }
  [[nodiscard]] std::map<std::int64_t, std::pair<std::int64_t, TimeNs>> take_suppressed() {
    return std::exchange(suppressed_, {});
  }
  /// Two become one; both count whatever their flows are.
  static void merge(Merged& into, Merged&& more, std::size_t flows_max);
  /// Each flow once, the newest first, at most `flows_max`.
  static void keep_newest(std::vector<std::pair<TimeNs, std::string>>& flows, std::size_t flows_max);

 private:
  std::map<Key, Merged> merged_;
  std::map<std::int64_t, std::pair<std::int64_t, TimeNs>> suppressed_;  // count, last
};

}  // namespace weir::policy
