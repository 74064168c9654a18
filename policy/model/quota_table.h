// SPDX-License-Identifier: Apache-2.0
// What the engine said of quotas, as one classifier keeps it. One owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "policy/model/quota.h"

namespace weir {

inline constexpr std::size_t kQuotaFactsMax = 100'000;  // that are kept; one takes some 200 B

class QuotaTable {
 public:
  explicit QuotaTable(std::size_t facts_max = kQuotaFactsMax) : facts_max_(facts_max) {}

  /// In place of an earlier fact of the same rule and subject. False: there is no room, even without those
  /// whose period has ended by `now`.
  [[nodiscard]] bool learn(const QuotaFact& fact, TimeNs now);
  /// nullptr: nothing is known, or the period has ended.
  [[nodiscard]] const QuotaFact* find(std::string_view rule, std::string_view subject, TimeNs now) const;
  [[nodiscard]] std::size_t size() const { return facts_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <typename Value>
  using Named = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  void drop_ended(TimeNs now);

  Named<Named<QuotaFact>> rules_;  // by rule, then by subject
  std::size_t facts_max_;
  std::size_t facts_ = 0;
};

}  // namespace weir
