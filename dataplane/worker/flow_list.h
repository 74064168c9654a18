// SPDX-License-Identifier: Apache-2.0
// A look at the live flows for another thread, without a lock: the asking thread fills a request and hands it
// over, the worker walks its table in small steps between bursts and hands it back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

inline constexpr std::size_t kFlowRowsMax = 1'000;
inline constexpr std::uint32_t kFlowListSlotsPerTurn = 512;

struct FlowFilter {
  std::optional<std::array<std::uint8_t, 16>> address;  // either end; IPv4 mapped
  std::optional<std::uint16_t> port;                    // either end, host order
  std::optional<bool> decided;
  std::uint8_t levels = 0;  // bit n: channel::InspectedLevel n; 0: any
};

/// Which flows are listed when there are more than the limit: the first of the table, or the busiest so far.
enum class FlowOrder : std::uint8_t { kTable, kBytes, kPackets };

struct FlowRow {
  channel::FlowOpened flow;
  FlowState state{};
  VerdictAction verdict{};
  channel::TcpState tcp_state{};
  std::uint32_t policy_revision = 0;
  std::uint32_t exceptions = 0;
  std::uint16_t parked = 0;
  TimeNs started = 0;
  TimeNs last_seen = 0;
  std::array<std::uint32_t, 2> packets{};
  std::array<std::uint64_t, 2> bytes{};
  channel::NetworkPerformance network;
};

/// Written by the asking thread before it is handed over and after it came back, by the worker in between.
struct FlowListRequest {
  FlowFilter filter;
  FlowOrder order = FlowOrder::kTable;
  std::size_t limit = kFlowRowsMax;
  // Has room for `limit` before it is handed over. By kTable in that order, else in none (a heap).
  std::vector<FlowRow> rows;
  std::uint32_t cursor = 0;
  std::uint32_t matched = 0;  // also those beyond the limit
};

/// One step; true when the whole table was seen.
[[nodiscard]] bool list_flows(Path& path, FlowListRequest& request) noexcept;

}  // namespace weir::dataplane
