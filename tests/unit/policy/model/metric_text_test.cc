// SPDX-License-Identifier: Apache-2.0
#include "policy/model/metric_text.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(MetricText, SaysHelpTypeAndSamples) {
  MetricText text;
  text.metric("weir_things_total", MetricType::kCounter, "Things.");
  text.sample({}, std::uint64_t{UINT64_MAX});
  text.sample({{"worker", "0"}, {"kind", "a"}}, 1.5);
  EXPECT_EQ(text.take(),
            "# HELP weir_things_total Things.\n# TYPE weir_things_total counter\n"
            "weir_things_total 18446744073709551615\nweir_things_total{worker=\"0\",kind=\"a\"} 1.5\n");
}

TEST(MetricText, EscapesWhatWouldEndALabelOrALine) {
  MetricText text;
  text.metric("m", MetricType::kGauge, "a\\b\n\"c\"");
  text.sample({{"device", "x\"y\\z\n"}}, std::uint64_t{1});
  EXPECT_EQ(text.take(), "# HELP m a\\\\b\\n\"c\"\n# TYPE m gauge\nm{device=\"x\\\"y\\\\z\\n\"} 1\n");
}

TEST(MetricText, BucketsOfAHistogramAddUp) {
  MetricText text;
  text.metric("h", MetricType::kHistogram, "H.");
  const std::array<std::uint64_t, 3> counts{2, 0, 3};
  const std::array<std::uint64_t, 2> bounds{4, 8};
  text.histogram({{"stage", "parse"}}, counts, bounds, 99);
  EXPECT_EQ(text.take(),
            "# HELP h H.\n# TYPE h histogram\nh_bucket{stage=\"parse\",le=\"4\"} 2\n"
            "h_bucket{stage=\"parse\",le=\"8\"} 2\nh_bucket{stage=\"parse\",le=\"+Inf\"} 5\n"
            "h_sum{stage=\"parse\"} 99\nh_count{stage=\"parse\"} 5\n");
}

}  // namespace
}  // namespace weir
