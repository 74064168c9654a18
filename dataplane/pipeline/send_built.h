// SPDX-License-Identifier: Apache-2.0
// Sends a packet that Weir builds itself.
#pragma once

#include <rte_mbuf.h>

#include <span>

#include "dataplane/pipeline/exceptions.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// Builds into a fresh buffer with `build(room) -> bytes` and sends it out of `egress`. False when nothing
/// was built (0 bytes) or there is no buffer.
template <typename Build>
bool send_built(Path& path, std::uint8_t egress, Build build, std::uint32_t slot = kNoSlot) noexcept {
  rte_mbuf* built = rte_pktmbuf_alloc(path.packets);
  if (built == nullptr) {  // whatever the table says: the verdict holds
    note_exception(path, ExceptionCause::kPacketsExhausted, ExceptionAction::kDrop, slot);
    ++path.counters.ports[egress].injected_lost;
    return false;
  }
  auto* room = static_cast<std::uint8_t*>(built->buf_addr) + built->data_off;
  const std::size_t bytes = build(std::span<std::uint8_t>(room, rte_pktmbuf_tailroom(built)));
  if (bytes == 0) {
    rte_pktmbuf_free(built);
    return false;
  }
  built->data_len = static_cast<std::uint16_t>(bytes);
  built->pkt_len = static_cast<std::uint32_t>(bytes);
  path.out.inject(egress, built);
  return true;
}

}  // namespace weir::dataplane
