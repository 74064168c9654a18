// SPDX-License-Identifier: Apache-2.0
// The bytes of a packet buffer: the one place of the packet path that looks into rte_mbuf for them.
#pragma once

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <span>

#include "policy/model/byte_reader.h"

namespace weir::dataplane {

/// A packet in one piece, from its Ethernet header on; of a bundle the whole datagram.
[[nodiscard]] inline Bytes frame_of(const rte_mbuf* packet) {
  return {static_cast<const std::uint8_t*>(packet->buf_addr) + packet->data_off, packet->data_len};
}

[[nodiscard]] inline std::span<std::uint8_t> writable_frame_of(rte_mbuf* packet) {
  return {static_cast<std::uint8_t*>(packet->buf_addr) + packet->data_off, packet->data_len};
}

/// How many frames it stands for: a bundle (fragments.h) for its fragments, any other packet for itself.
[[nodiscard]] inline std::uint16_t frame_count(const rte_mbuf* packet) {
  return static_cast<std::uint16_t>(packet->nb_segs - (packet->nb_segs > 1 ? 1 : 0));
}

inline void prefetch_frame(const rte_mbuf* packet) {
  rte_prefetch0(static_cast<const std::uint8_t*>(packet->buf_addr) + packet->data_off);
}

}  // namespace weir::dataplane
