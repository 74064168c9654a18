// SPDX-License-Identifier: Apache-2.0
// Everything that stands before the innermost IP header of a frame, repeated around a packet that Weir built:
// tags, labels, session and tunnel headers as they were, their lengths and checksums those of the new packet.
//
// What cannot be known is not guessed: no frame is built towards the sender through GTP-U (the endpoint ids
// of the two directions differ) or through GRE with sequence numbers. MPLS labels are repeated as they are.
#pragma once

#include <array>

#include "dataplane/packet/fields.h"
#include "dataplane/packet/tunnel.h"

namespace weir::dataplane {

class Encapsulation {
 public:
  /// Of the frame that `meta` is about; `back`: for a packet to its sender. False: it cannot be repeated.
  [[nodiscard]] bool read(Bytes frame, const PacketMeta& meta, bool back) noexcept;
  /// Into the start of `out`, for an inner packet that ends at `end`.
  void write(MutableBytes out, Bytes frame, std::size_t end) const noexcept;
  /// The checksums of the tunnels, once what they cover has been written.
  void seal(MutableBytes out, std::size_t end) const noexcept;

 private:
  /// One IP packet that carries the next one.
  struct Carrier {
    PacketMeta meta;
    channel::TunnelType type{};
    std::size_t link = 0;  // where an Ethernet frame within begins; 0: there is none
  };
  void set_carrier(MutableBytes out, Bytes frame, const Carrier& carrier, std::size_t end) const noexcept;

  std::array<Carrier, kTunnelDepthMax> carriers_{};  // the outermost first
  int count_ = 0;
  std::size_t l3_ = 0;  // of the innermost IP header
  bool back_ = false;
};

}  // namespace weir::dataplane
