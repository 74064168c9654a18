// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/flow_list.h"

#include <algorithm>

#include "dataplane/pipeline/closing.h"

namespace weir::dataplane {
namespace {

bool matches(const FlowFilter& filter, const FlowHot& hot) {
  if (filter.address && hot.key.low_address != *filter.address && hot.key.high_address != *filter.address) {
    return false;
  }
  if (filter.port && hot.key.low_port != *filter.port && hot.key.high_port != *filter.port) return false;
  if (filter.levels != 0 && (filter.levels >> static_cast<unsigned>(hot.level) & 1U) == 0) return false;
  return !filter.decided || *filter.decided == (hot.state == FlowState::kDecided);
}

std::uint64_t weight(FlowOrder order, const std::array<std::uint32_t, 2>& packets,
                     const std::array<std::uint64_t, 2>& bytes) {
  return order == FlowOrder::kBytes ? bytes[0] + bytes[1] : std::uint64_t{packets[0]} + packets[1];
}

/// Makes room for a busier flow; false when there is none for this one. The least busy row is in front.
bool make_room(FlowListRequest& request, const FlowCold& cold) {
  const auto less_busy = [&request](const FlowRow& a, const FlowRow& b) {
    return weight(request.order, a.packets, a.bytes) > weight(request.order, b.packets, b.bytes);
  };
  std::vector<FlowRow>& rows = request.rows;
  // The row that was added last is not yet in its place.
  if (request.order != FlowOrder::kTable && !rows.empty())
    std::push_heap(rows.begin(), rows.end(), less_busy);
  if (rows.size() < std::min(request.limit, rows.capacity())) return true;
  if (request.order == FlowOrder::kTable || rows.empty()) return false;
  const FlowRow& least = rows.front();
  if (weight(request.order, least.packets, least.bytes) >= weight(request.order, cold.packets, cold.bytes)) {
    return false;
  }
  std::pop_heap(rows.begin(), rows.end(), less_busy);
  rows.pop_back();
  return true;
}

}  // namespace

bool list_flows(Path& path, FlowListRequest& request) noexcept {
  const std::uint32_t end = std::min(request.cursor + kFlowListSlotsPerTurn, path.flows.capacity());
  for (; request.cursor < end; ++request.cursor) {
    const std::uint32_t slot = request.cursor;
    const FlowHot& hot = path.flows.hot(slot);
    if (hot.state == FlowState::kFree || !matches(request.filter, hot)) continue;
    ++request.matched;
    const FlowCold& cold = path.flows.cold(slot);
    if (!make_room(request, cold)) continue;
    const FlowRest& rest = path.flows.rest(slot);
    const Inspection* judged = path.inspections.of(slot);
    request.rows.push_back({.flow = describe(path, slot),
                            .state = hot.state,
                            .verdict = hot.verdict,
                            .tcp_state = hot.tcp_state,
                            .policy_revision = hot.policy_revision,
                            .exceptions = rest.exceptions,
                            .parked = judged == nullptr ? std::uint16_t{0} : judged->parked_count,
                            .started = rest.started,
                            .last_seen = last_seen_of(path, slot),
                            .packets = cold.packets,
                            .bytes = cold.bytes,
                            .network = network_performance(path, slot)});
  }
  return request.cursor >= path.flows.capacity();
}

}  // namespace weir::dataplane
