// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/flow_list.h"

#include <set>

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

std::set<std::uint64_t> listed(PipelineBench& bench, FlowOrder order, std::size_t limit) {
  FlowListRequest request;
  request.order = order;
  request.limit = limit;
  request.rows.reserve(limit);
  while (!list_flows(bench.pipeline->path(), request)) {
  }
  EXPECT_EQ(request.matched, 20U);
  std::set<std::uint64_t> numbers;
  for (const FlowRow& row : request.rows) numbers.insert(row.flow.number);
  EXPECT_EQ(numbers.size(), std::min<std::size_t>(limit, 20));
  return numbers;
}

TEST(FlowList, TheBusiestAreListedWhereThereAreMoreThanTheLimit) {
  PipelineBench bench({.flows = 128, .parked = 64, .requests = 1'024});
  // Flow n sends n bytes, and those with an even number two packets.
  for (std::uint16_t n = 1; n <= 20; ++n) {
    const auto packet =
        ipv4(kClient, kServer).udp(static_cast<std::uint16_t>(2'000 + n), 53).payload(std::string(n, 'x'));
    bench.run(kInsidePort, packet);
    if (n % 2 == 0) bench.run(kInsidePort, packet);
  }
  EXPECT_EQ(listed(bench, FlowOrder::kBytes, 3), (std::set<std::uint64_t>{16, 18, 20}));
  EXPECT_EQ(listed(bench, FlowOrder::kPackets, 10),
            (std::set<std::uint64_t>{2, 4, 6, 8, 10, 12, 14, 16, 18, 20}));
  static_cast<void>(listed(bench, FlowOrder::kTable, 5));
  static_cast<void>(listed(bench, FlowOrder::kBytes, 100));
}

}  // namespace
}  // namespace weir::dataplane
