// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/tunnels.h"

#include <bit>

#include "dataplane/packet/ethernet.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

namespace {
constexpr int kDepthMax = kTunnelDepthMax + 1;  // tunnels, and the tags of the frame around them
}

static_assert(kTunnelVlan + kTunnelsMax <= kMoreTags);

TunnelTable::TunnelTable(std::uint16_t capacity, std::uint32_t hash_seed)
    : entries_(capacity), chains_(std::bit_ceil(std::size_t{2} * capacity), kNone), hash_seed_(hash_seed) {}

std::uint16_t TunnelTable::chain_of(const TunnelName& name) const noexcept {
  FlowKey key;
  key.low_address = name.tunnel.low_address;
  key.high_address = name.tunnel.high_address;
  key.low_port = static_cast<std::uint16_t>(name.tunnel.id >> 16U);
  key.high_port = static_cast<std::uint16_t>(name.tunnel.id);
  key.vlan = static_cast<std::uint16_t>(name.vlan ^ (name.inside_vlan << 4U));
  key.protocol = static_cast<std::uint8_t>(name.tunnel.type);
  return static_cast<std::uint16_t>(hash_of(key, hash_seed_) & (chains_.size() - 1));
}

std::uint16_t TunnelTable::find_or_add(const TunnelName& name) noexcept {
  const std::uint16_t chain = chain_of(name);
  for (std::uint16_t index = chains_[chain]; index != kNone; index = entries_[index].next) {
    if (entries_[index].name != name) continue;
    entries_[index].burst = burst_;
    return index;
  }
  const std::uint16_t index = take_free();
  if (index == kNone) return kNone;
  entries_[index] = {.name = name, .burst = burst_, .next = chains_[chain], .chain = chain};
  chains_[chain] = index;
  ++size_;
  hold(name.vlan);
  return index;
}

std::uint16_t TunnelTable::take_free() noexcept {
  for (std::size_t looks = 0; looks < kTunnelLooksMax; ++looks) {
    const std::uint16_t index = hand_;
    hand_ = static_cast<std::uint16_t>((hand_ + 1U) % entries_.size());
    const Entry& entry = entries_[index];
    if (entry.chain == kNone) return index;
    if (entry.holders > 0 || entry.burst == burst_) continue;
    unlink(index);
    return index;
  }
  return kNone;
}

void TunnelTable::unlink(std::uint16_t index) noexcept {
  Entry& entry = entries_[index];
  std::uint16_t* link = &chains_[entry.chain];
  while (*link != index) link = &entries_[*link].next;
  *link = entry.next;
  release(entry.name.vlan);
  entry.chain = kNone;
  --size_;
}

void TunnelTable::hold(std::uint16_t key_vlan) noexcept {
  if (key_vlan >= kTunnelVlan) ++entries_[key_vlan - kTunnelVlan].holders;
}

void TunnelTable::release(std::uint16_t key_vlan) noexcept {
  if (key_vlan >= kTunnelVlan) --entries_[key_vlan - kTunnelVlan].holders;
}

channel::Tunnel TunnelTable::tunnel_of(std::uint16_t key_vlan) const noexcept {
  if (key_vlan < kTunnelVlan) return {};
  const channel::Tunnel& tunnel = entries_[key_vlan - kTunnelVlan].name.tunnel;
  return tunnel.type == channel::TunnelType::kNone ? channel::Tunnel{} : tunnel;
}

std::uint16_t TunnelTable::vlan_of(std::uint16_t key_vlan) const noexcept {
  for (int depth = 0; depth < kDepthMax && key_vlan >= kTunnelVlan; ++depth) {
    key_vlan = entries_[key_vlan - kTunnelVlan].name.vlan;
  }
  return key_vlan;
}

std::uint32_t TunnelTable::inner_vlans_of(std::uint16_t key_vlan) const noexcept {
  for (int depth = 0; depth < kDepthMax && key_vlan >= kTunnelVlan; ++depth) {
    const TunnelName& name = entries_[key_vlan - kTunnelVlan].name;
    if (name.tunnel.type == channel::TunnelType::kNone) return name.tunnel.id;
    key_vlan = name.vlan;
  }
  return 0;
}

std::size_t TunnelTable::memory_bytes() const noexcept {
  return entries_.size() * sizeof(Entry) + chains_.size() * sizeof(std::uint16_t);
}

namespace {

/// Ethernet in a tunnel is not the IP of the same tunnel, tagged or not.
TunnelName name_of(const Inside& inside, std::uint16_t carrier_vlan) noexcept {
  constexpr std::uint16_t kEthernet = 0x1000;
  const auto vlan = static_cast<std::uint16_t>(inside.link == 0 ? 0 : inside.vlan | kEthernet);
  return {inside.tunnel, carrier_vlan, vlan};
}

/// Equal addresses behind different tags are different flows.
void take_inner_vlans(Path& path, Bytes frame, std::uint32_t hash_seed, PacketMeta& meta) noexcept {
  Link link;
  static_cast<void>(walk_link(frame, 0, link));  // parse_frame found no fault with it
  TunnelName name;
  name.vlan = link.vlan;
  name.tunnel.id = link.inner_vlans;
  const std::uint16_t index = path.tunnels.find_or_add(name);
  meta.key.vlan = index == TunnelTable::kNone ? link.vlan : static_cast<std::uint16_t>(kTunnelVlan + index);
  meta.hash = hash_of(meta.key, hash_seed);
  if (index == TunnelTable::kNone) ++path.counters.tunnels_full;
}

}  // namespace

DropReason see_through(Path& path, Bytes frame, ParseOptions options, PacketMeta& meta) noexcept {
  if (meta.key.vlan >= kMoreTags) take_inner_vlans(path, frame, options.hash_seed, meta);
  options.verify_ip_checksum = path.verify_checksums;  // a port looks at the outermost header alone
  for (int depth = 0; depth < kTunnelDepthMax && may_hold_packet(meta); ++depth) {
    Inside inside;
    DropReason reason = DropReason::kNone;
    const Found found = look_inside(frame, meta, options, inside, reason);
    if (found == Found::kEvasion) return reason;
    if (found == Found::kNothing) break;
    const std::uint16_t index = path.tunnels.find_or_add(name_of(inside, meta.key.vlan));
    if (index == TunnelTable::kNone) {
      ++path.counters.tunnels_full;
      break;
    }
    meta = inside.meta;
    meta.key.vlan = static_cast<std::uint16_t>(kTunnelVlan + index);
    meta.hash = hash_of(meta.key, options.hash_seed);
  }
  if (meta.outer_l3_offset != 0) ++path.counters.packets_in_tunnels;
  return DropReason::kNone;
}

}  // namespace weir::dataplane
