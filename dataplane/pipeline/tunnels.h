// SPDX-License-Identifier: Apache-2.0
// The tunnels whose inside one worker looks at, and the stacks of VLAN tags, each under a small index. The
// index takes the place of the VLAN in the flow key (kTunnelVlan + index), so that equal addresses in
// different tunnels are different flows at no cost to all the others. A tunnel in a tunnel has the outer
// one's index as its VLAN.
//
// An index is kept while a flow or a tunnel within holds it; those that nobody holds make room for new ones.
// Sized once.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/packet/tunnel.h"
#include "dataplane/pipeline/limits.h"

namespace weir::dataplane {

struct Path;

/// Who a tunnel is. The pair is in the flow key besides. Tags behind the first one: a tunnel of no type, its
/// id their inner_vlans_of.
struct TunnelName {
  channel::Tunnel tunnel;
  std::uint16_t vlan = 0;         // FlowKey::vlan of what carries it
  std::uint16_t inside_vlan = 0;  // of an Ethernet frame within, with a bit for that it is one
  bool operator==(const TunnelName&) const = default;
};

class TunnelTable {
 public:
  static constexpr std::uint16_t kNone = 0xffff;

  TunnelTable(std::uint16_t capacity, std::uint32_t hash_seed);

  /// Indices that are given out from now on stay valid until the next call, held or not.
  void begin_burst() noexcept { ++burst_; }
  /// kNone when it is new and every index is held, or was given out in this burst.
  [[nodiscard]] std::uint16_t find_or_add(const TunnelName& name) noexcept;

  /// A flow with this FlowKey::vlan came or went; nothing happens for a real VLAN.
  void hold(std::uint16_t key_vlan) noexcept;
  void release(std::uint16_t key_vlan) noexcept;

  /// The innermost tunnel behind a FlowKey::vlan; none for a real VLAN.
  [[nodiscard]] channel::Tunnel tunnel_of(std::uint16_t key_vlan) const noexcept;
  /// The outer VLAN of the frames, and inner_vlans_of the tags behind it.
  [[nodiscard]] std::uint16_t vlan_of(std::uint16_t key_vlan) const noexcept;
  [[nodiscard]] std::uint32_t inner_vlans_of(std::uint16_t key_vlan) const noexcept;

  [[nodiscard]] std::uint16_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Entry {
    TunnelName name;
    std::uint32_t holders = 0;
    std::uint32_t burst = 0;      // when it was given out last
    std::uint16_t next = kNone;   // in its chain
    std::uint16_t chain = kNone;  // kNone: free
  };
  [[nodiscard]] std::uint16_t chain_of(const TunnelName& name) const noexcept;
  [[nodiscard]] std::uint16_t take_free() noexcept;
  void unlink(std::uint16_t index) noexcept;

  std::vector<Entry> entries_;
  std::vector<std::uint16_t> chains_;
  std::uint32_t hash_seed_;
  std::uint32_t burst_ = 0;
  std::uint16_t hand_ = 0;  // where the search for an index goes on
  std::uint16_t size_ = 0;
};

/// Whether more than one header around it says whose packet it is.
[[nodiscard]] inline bool is_carried(const PacketMeta& meta) noexcept {
  return (meta.kind != PacketKind::kOther && meta.key.vlan >= kMoreTags) || may_hold_packet(meta);
}

/// Puts all VLAN tags into the flow key, and replaces `meta` by that of the packet that is judged: the
/// innermost one that can be looked through to. Anything but kNone: drop it.
[[nodiscard]] DropReason see_through(Path& path, Bytes frame, ParseOptions options,
                                     PacketMeta& meta) noexcept;

}  // namespace weir::dataplane
