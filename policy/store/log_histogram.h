// SPDX-License-Identifier: Apache-2.0
// How a measure is spread, in little room: counts of values in ranges that grow by a tenth, so that a
// percentile is off by at most 5 % of itself, whatever was measured. Two of them add up exactly: those of
// minutes are that of their hour. (HDR histograms and DDSketch, Masson et al. 2019, rest on the same.)
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weir::policy {

class LogHistogram {
 public:
  static constexpr double kGrowth = 1.1;                  // of the ranges
  static constexpr double kErrorMax = 0.05;               // of a percentile, relative
  static constexpr std::uint64_t kHighest = 100'000'000;  // 100 s in microseconds; what is above counts as it
  static constexpr std::uint32_t kBuckets = 195;

  /// `value` in whole units, microseconds as a rule; 0 counts as 1.
  void add(std::uint64_t value, std::uint64_t count = 1);
  void add(const LogHistogram& more);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// The value that `share` (0 to 1) of all are not above; 0: there is none.
  [[nodiscard]] std::uint64_t percentile(double share) const;

  /// A few bytes for each range that is not empty.
  [[nodiscard]] std::string bytes() const;
  /// What is damaged counts as far as it can be read.
  [[nodiscard]] static LogHistogram from_bytes(std::string_view bytes);
  bool operator==(const LogHistogram&) const = default;

 private:
  std::map<std::uint32_t, std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
};

}  // namespace weir::policy
