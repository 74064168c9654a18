// SPDX-License-Identifier: Apache-2.0
// One burst of packets that came in at one port, and what the stages learn about each. The batch owns its
// packets until a stage gives them away (parked, held) or the transmit stage ends them.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/flow/flow_table.h"
#include "dataplane/packet/drop_reason.h"
#include "dataplane/packet/packet_meta.h"
#include "dataplane/pipeline/limits.h"

struct rte_mbuf;

namespace weir::dataplane {

enum class Fate : std::uint8_t {
  kOpen,     // no stage has said yet
  kForward,  // to the other port of the pair
  kDrop,     // for `reasons`
  kParked,   // the parking owns it, or the fragment stage
};

struct Batch {
  std::uint8_t port = 0;  // where it came in: 2 * pair + (0 inside, 1 outside)
  std::uint16_t count = 0;
  std::uint16_t fragments = 0;  // among them
  std::uint16_t open = 0;       // packets that the parse stage left for those that follow
  std::uint32_t bytes = 0;      // of all packets
  // The stages between parse and transmit work on [first, last): all of it, unless track had to stop early.
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  std::array<rte_mbuf*, kBatchMax> packets{};
  std::array<PacketMeta, kBatchMax> metas{};
  std::array<std::uint32_t, kBatchMax> slots{};
  std::array<Direction, kBatchMax> directions{};
  std::array<Fate, kBatchMax> fates{};
  std::array<DropReason, kBatchMax> reasons{};

  [[nodiscard]] std::uint8_t pair() const { return port / 2; }
  void end(std::size_t i, Fate fate, DropReason reason = DropReason::kNone) {
    fates[i] = fate;
    reasons[i] = reason;
  }
};

}  // namespace weir::dataplane
