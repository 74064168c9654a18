// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/bypassed.h"

#include <rte_mbuf.h>

#include <algorithm>

#include "dataplane/pipeline/closing.h"
#include "dataplane/pipeline/release.h"

namespace weir::dataplane {

void forward_unseen(Path& path, Batch& batch) noexcept {
  std::uint64_t bytes = 0;
  bool whole = true;
  for (std::size_t i = 0; i < batch.count; ++i) {
    bytes += batch.packets[i]->pkt_len;
    whole = whole && batch.packets[i]->nb_segs == 1;
  }
  PortCounters& counters = path.counters.ports[batch.port];
  counters.received += batch.count;
  counters.received_bytes += bytes;
  counters.bypassed += batch.count;
  if (whole) {
    path.out.forward_burst(batch.port, batch.packets.data(), batch.count, bytes);
  } else {
    for (std::size_t i = 0; i < batch.count; ++i) {
      if (rte_pktmbuf_linearize(batch.packets[i]) == 0) {
        path.out.forward(batch.port, batch.packets[i]);
      } else {
        path.out.drop(batch.port, batch.packets[i], DropReason::kOversize);
      }
    }
  }
  path.out.flush();
  batch.count = 0;
}

void set_bypass(Path& path, std::uint32_t pairs) noexcept {
  if (pairs == path.bypassed_pairs) return;
  const std::uint32_t begun = pairs & ~path.bypassed_pairs;
  path.bypassed_pairs = pairs;
  if (begun == 0) return;
  path.settle_cursor = 0;
  for (std::uint32_t index = path.parking.oldest(); index != kNoParked;) {
    const ParkedPacket& parked = path.parking.at(index);
    const std::uint32_t newer = parked.newer;
    if ((begun >> (parked.port / 2U) & 1U) != 0) release_packet(path, index);
    index = newer;
  }
  path.out.flush();
}

void settle_bypassed(Path& path, TimeNs now) noexcept {
  if (path.bypassed_pairs == 0 || path.settle_cursor >= path.flows.capacity()) return;
  const std::uint32_t end = std::min(path.settle_cursor + kSettleSlotsPerTurn, path.flows.capacity());
  for (; path.settle_cursor < end; ++path.settle_cursor) {
    FlowHot& hot = path.flows.hot(path.settle_cursor);
    if (hot.state == FlowState::kFree || !in_bypass(path, hot.key.pair)) continue;
    hot.level = channel::InspectedLevel::kBypass;
    // What was seen of its stream does not go on where the bypass ends.
    clear_flag(hot, kSequenceLow);
    clear_flag(hot, kSequenceHigh);
    if (hot.state == FlowState::kDecided) {
      hot.check = check_of(hot);  // the level is part of it
    } else {
      close_flow(path, path.settle_cursor, channel::EndReason::kEvicted, now);
    }
  }
}

}  // namespace weir::dataplane
