// SPDX-License-Identifier: Apache-2.0
// The bytes of a packet buffer: the one place of the packet path that looks into rte_mbuf for them.
#pragma once

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <span>

#include "policy/model/byte_reader.h"

namespace weir::dataplane {

/// A packet in one piece, from its Ethernet header on.
[[nodiscard]] inline Bytes frame_of(const rte_mbuf* packet) {
  return {static_cast<const std::uint8_t*>(packet->buf_addr) + packet->data_off, packet->data_len};
}

[[nodiscard]] inline std::span<std::uint8_t> writable_frame_of(rte_mbuf* packet) {
  return {static_cast<std::uint8_t*>(packet->buf_addr) + packet->data_off, packet->data_len};
}

inline void prefetch_frame(const rte_mbuf* packet) {
  rte_prefetch0(static_cast<const std::uint8_t*>(packet->buf_addr) + packet->data_off);
}

}  // namespace weir::dataplane
