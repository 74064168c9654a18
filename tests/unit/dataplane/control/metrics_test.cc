// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/metrics.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace weir::dataplane {
namespace {

std::string operations_page() {
  std::ifstream in(std::string(WEIR_SOURCE_DIR) + "/docs/operations.md");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string some_text() {
  Settings settings;
  settings.pairs.emplace_back();
  std::vector<PortCounters> ports(kPortsMax);
  ports[1].received = 77;
  ports[0].dropped[static_cast<std::size_t>(DropReason::kRunt)] = 3;
  std::vector<WorkerView> workers(2);
  workers[1].counters.flows = 12;
  workers[1].heartbeat_age = kSecond / 2;
  workers[0].counters.exceptions[static_cast<std::size_t>(ExceptionCause::kFragment)][1] = 4;
  workers[0].counters.stages[0].add(640, 64);
  return metrics_text({.settings = settings,
                       .ports = {},
                       .port_counters = ports,
                       .workers = workers,
                       .uptime = 2 * kSecond,
                       .tsc_hertz = 3'000'000'000});
}

TEST(Metrics, SaysWhatWasCounted) {
  const std::string text = some_text();
  for (const char* line : {
           "weir_uptime_seconds 2\n",
           "weir_port_received_packets_total{pair=\"lan-wan\",side=\"outside\"} 77\n",
           "weir_port_dropped_packets_total{pair=\"lan-wan\",side=\"inside\",reason=\"runt\"} 3\n",
           "weir_flows{worker=\"1\"} 12\n",
           "weir_worker_heartbeat_age_seconds{worker=\"1\"} 0.5\n",
           "weir_exceptions_total{worker=\"0\",cause=\"fragment\",action=\"drop\"} 4\n",
           "weir_stage_packet_cycles_bucket{worker=\"0\",stage=\"parse\",le=\"8\"} 0\n",
           "weir_stage_packet_cycles_bucket{worker=\"0\",stage=\"parse\",le=\"16\"} 64\n",
           "weir_stage_packet_cycles_sum{worker=\"0\",stage=\"parse\"} 640\n",
           "weir_stage_packet_cycles_count{worker=\"0\",stage=\"parse\"} 64\n",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

/// Whether the text changes when one word of the counters does: what is counted and not told is found here.
template <typename Counters, typename Text>
void expect_every_word_is_told(std::size_t from, std::size_t to, Text text) {
  const std::string before = text(Counters{});
  for (std::size_t word = from; word < to; ++word) {
    std::array<std::uint64_t, sizeof(Counters) / sizeof(std::uint64_t)> words{};
    words.at(word) = 77'000'000'000;
    EXPECT_NE(text(std::bit_cast<Counters>(words)), before) << "word " << word << " of " << words.size();
  }
}

TEST(Metrics, NothingIsCountedAndNotTold) {
  Settings settings;
  settings.pairs.emplace_back();
  std::vector<PortCounters> ports(kPortsMax);
  std::vector<WorkerView> workers(1);
  const auto text = [&] {
    return metrics_text({.settings = settings, .ports = {}, .port_counters = ports, .workers = workers});
  };
  expect_every_word_is_told<PipelineCounters>(offsetof(PipelineCounters, exceptions) / sizeof(std::uint64_t),
                                              sizeof(PipelineCounters) / sizeof(std::uint64_t),
                                              [&](const PipelineCounters& counters) {
                                                workers[0].counters = counters;
                                                return text();
                                              });
  const auto port_text = [&](const PortCounters& counters) {
    ports[0] = counters;
    return text();
  };
  // Without the first drop reason, which is none, and rows of an ethertype table that is empty.
  const std::size_t dropped = offsetof(PortCounters, dropped) / sizeof(std::uint64_t);
  expect_every_word_is_told<PortCounters>(0, dropped, port_text);
  expect_every_word_is_told<PortCounters>(
      dropped + 1, offsetof(PortCounters, ethertypes) / sizeof(std::uint64_t), port_text);
}

/// The rules of Prometheus for names, as `promtool check metrics` has them.
TEST(Metrics, NamesAreAsPrometheusWantsThem) {
  const std::string text = some_text();
  const std::regex type_line("# TYPE (\\S+) (counter|gauge|histogram)\n");
  std::set<std::string> seen;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), type_line); at != std::sregex_iterator();
       ++at) {
    const std::string name = (*at)[1];
    EXPECT_TRUE(std::regex_match(name, std::regex("weir_[a-z_]+"))) << name;
    EXPECT_EQ(name.ends_with("_total"), (*at)[2] == "counter") << name;
    EXPECT_TRUE(seen.insert(name).second) << name << " is there twice";
    EXPECT_NE(text.find("# HELP " + name + " "), std::string::npos) << name;
  }
  EXPECT_GT(seen.size(), 30U);
}

TEST(Metrics, TheOperationsPageHasARowForEach) {
  const std::string page = operations_page();
  std::set<std::string_view> names;
  for (const MetricRow& metric : metric_rows()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    const std::string row = "| `" + std::string(metric.name) + "` | " + std::string(metric.help) + " |";
    EXPECT_NE(page.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace weir::dataplane
