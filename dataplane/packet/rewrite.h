// SPDX-License-Identifier: Apache-2.0
// Changes of a packet that leaves: DSCP, and the sequence numbers of a TCP stream into which Weir put bytes
// or from which it took some. Checksums follow by RFC 1624, so that one that was wrong stays wrong and
// hardware need not be asked. No state; `meta` is what parse_frame said of this frame.
#pragma once

#include <cstdint>

#include "dataplane/packet/fields.h"
#include "dataplane/packet/packet_meta.h"

namespace weir::dataplane {

/// Sets DSCP (RFC 2474; 0 to 63) of the IP header that starts at `ip_at` and leaves ECN (RFC 3168) as it is.
/// Nothing happens when no IP header is there.
void set_dscp(MutableBytes frame, std::size_t ip_at, std::uint8_t dscp) noexcept;

/// One direction's numbers as they are for its sender and for its receiver. Before `at` they differ by
/// `before`; the sender's `removed` bytes from there on never get to the receiver, which has `inserted` bytes
/// of Weir's there; from then on they differ by before + inserted - removed. All modulo 2^32.
struct StreamEdit {
  std::uint32_t at = 0;  // in the sender's numbers
  std::uint32_t before = 0;
  std::uint32_t removed = 0;
  std::uint32_t inserted = 0;

  [[nodiscard]] std::uint32_t after() const noexcept { return before + inserted - removed; }
  /// The number of the receiver for one of the sender's.
  [[nodiscard]] std::uint32_t to_receiver(std::uint32_t sequence) const noexcept;
  /// The number of the sender for what the receiver acknowledges. What Weir put in was never sent, what it
  /// took out is acknowledged with the byte before it.
  [[nodiscard]] std::uint32_t to_sender(std::uint32_t acknowledged) const noexcept;
  /// Once the receiver has acknowledged past the edit, nothing before it matters any more: the difference is
  /// the same everywhere, and holds however far the stream goes on.
  void settle() noexcept { *this = {.at = at, .before = after()}; }
  [[nodiscard]] bool changes() const noexcept { return before != 0 || removed != 0 || inserted != 0; }
};

/// Of a TCP packet: its sequence number by `sent`, its acknowledgement and SACK blocks (RFC 2018) by
/// `received`.
void renumber(MutableBytes frame, const PacketMeta& meta, const StreamEdit& sent,
              const StreamEdit& received) noexcept;

/// Takes the URG flag and the urgent pointer out of a TCP packet: its receiver reads every byte in its place.
void clear_urgent(MutableBytes frame, const PacketMeta& meta) noexcept;

/// Cuts a TCP packet's payload down to `payload_bytes` (fewer than it has) and takes its FIN away. Returns
/// the bytes of the frame that is left.
[[nodiscard]] std::size_t cut_payload(MutableBytes frame, const PacketMeta& meta,
                                      std::uint16_t payload_bytes) noexcept;

}  // namespace weir::dataplane
