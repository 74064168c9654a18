// SPDX-License-Identifier: Apache-2.0
#include "policy/store/log_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace weir::policy {
namespace {

/// Of sorted values, exactly.
double exact_percentile(const std::vector<std::uint64_t>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

TEST(LogHistogram, PercentilesAreWithinTheErrorWhateverTheSpread) {
  std::mt19937_64 random{3};
  for (const double spread : {0.1, 1.0, 3.0}) {
    std::lognormal_distribution<double> values(std::log(30'000.0), spread);
    LogHistogram histogram;
    std::vector<std::uint64_t> all;
    for (int i = 0; i < 20'000; ++i) {
      const auto value = static_cast<std::uint64_t>(
          std::clamp(values(random), 20.0, static_cast<double>(LogHistogram::kHighest)));
      histogram.add(value);
      all.push_back(value);
    }
    std::sort(all.begin(), all.end());
    for (const double share : {0.01, 0.5, 0.9, 0.99, 1.0}) {
      const double exact = exact_percentile(all, share);
      EXPECT_NEAR(static_cast<double>(histogram.percentile(share)), exact,
                  exact * LogHistogram::kErrorMax + 1)
          << spread << " " << share;
    }
  }
}

TEST(LogHistogram, MergedIsTheSameAsAddedAtOnce) {
  LogHistogram whole, first, second;
  for (std::uint64_t value = 1; value < 1'000'000; value = value * 3 / 2 + 1) {
    whole.add(value, value % 7);
    (value % 2 == 0 ? first : second).add(value, value % 7);
  }
  first.add(second);
  EXPECT_EQ(first, whole);
  EXPECT_EQ(LogHistogram::from_bytes(whole.bytes()), whole);
  EXPECT_LT(whole.bytes().size(), 100U);
}

TEST(LogHistogram, EndsOfTheRangeAndNothing) {
  LogHistogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0U);
  EXPECT_EQ(histogram.bytes(), "");
  histogram.add(0);
  EXPECT_EQ(histogram.percentile(1.0), 1U);
  histogram.add(UINT64_MAX, 9);
  EXPECT_EQ(histogram.count(), 10U);
  const auto highest = static_cast<double>(LogHistogram::kHighest);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(0.9)), highest, highest * LogHistogram::kErrorMax);
}

TEST(LogHistogram, DamagedBytesCountAsFarAsTheyCanBeRead) {
  LogHistogram histogram;
  for (std::uint64_t value : {10U, 1'000U, 100'000U}) histogram.add(value, 300);
  const std::string bytes = histogram.bytes();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_LE(LogHistogram::from_bytes(bytes.substr(0, cut)).count(), 900U);
  EXPECT_EQ(LogHistogram::from_bytes(std::string(20, '\xff')).count(), 0U);
  EXPECT_EQ(LogHistogram::from_bytes("\x7f\x05\x7f\x05").count(), 5U) << "the second range is none";
}

}  // namespace
}  // namespace weir::policy
