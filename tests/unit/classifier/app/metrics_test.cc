// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/metrics.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace weir::classifier {
namespace {

TEST(ClassifierMetrics, SaysWhatWasCounted) {
  ClassifierCounts counts;
  counts.dropped = 5;
  counts.exceptions[static_cast<std::size_t>(ExceptionCause::kParserError)] = 2;
  EventCounts events;
  events.waiting = 9;
  events.lost.queue_full = 4;
  const std::string text = metrics_text({.counts = counts, .events = events, .worker = 3, .attached = true});
  for (const char* line : {"weir_classifier_attached{worker=\"3\"} 1\n",
                           "weir_classifier_verdicts_total{worker=\"3\",action=\"drop\"} 5\n",
                           "weir_classifier_exceptions_total{worker=\"3\",cause=\"parser-error\"} 2\n",
                           "weir_events_lost_total{worker=\"3\",reason=\"queue-full\"} 4\n",
                           "weir_events_queued{worker=\"3\"} 9\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST(ClassifierMetrics, TheOperationsPageHasARowForEach) {
  std::ifstream in(std::string(WEIR_SOURCE_DIR) + "/docs/operations.md");
  const std::string page{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::set<std::string_view> names;
  for (const MetricRow& metric : metric_rows()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    const std::string row = "| `" + std::string(metric.name) + "` | " + std::string(metric.help) + " |";
    EXPECT_NE(page.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace weir::classifier
