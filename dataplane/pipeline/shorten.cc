// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/shorten.h"

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/rewrite.h"
#include "dataplane/pipeline/frame.h"

namespace weir::dataplane {

bool can_be_shortened(const rte_mbuf* packet, const PacketMeta& meta) noexcept {
  return packet->nb_segs == 1 && meta.outer_l3_offset == 0;
}

void shorten(rte_mbuf* packet, PacketMeta& meta, std::uint16_t payload_bytes) noexcept {
  const auto frame = writable_frame_of(packet);
  const std::size_t bytes = cut_payload(frame, meta, payload_bytes);
  set_link_length(frame, 0, std::size_t{meta.payload_offset} + payload_bytes);
  packet->data_len = static_cast<std::uint16_t>(bytes);
  packet->pkt_len = static_cast<std::uint32_t>(bytes);
  meta.l3_bytes = static_cast<std::uint16_t>(meta.l3_bytes - (meta.payload_bytes - payload_bytes));
  meta.payload_bytes = payload_bytes;
  meta.tcp_flags &= static_cast<std::uint8_t>(~kTcpFin);
}

}  // namespace weir::dataplane
