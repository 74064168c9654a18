// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/encapsulation.h"

#include "dataplane/packet/checksum.h"
#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

constexpr std::uint8_t kTtl = 64;
constexpr std::uint16_t kGreChecksum = 0x8000;
constexpr std::uint16_t kGreSequence = 0x1000;

void swap_halves(MutableBytes out, Bytes frame, std::size_t at, std::size_t half) noexcept {
  set_bytes(out, at, part(frame, at + half, half));
  set_bytes(out, at + half, part(frame, at, half));
}

void set_sum(MutableBytes out, std::size_t at, std::uint64_t sum) noexcept {
  const auto inverse = static_cast<std::uint16_t>(~checksum_fold(sum));
  set_u16(out, at, network_order(inverse == 0 ? std::uint16_t{0xffff} : inverse));
}

bool can_be_answered(Bytes frame, const PacketMeta& outer, channel::TunnelType type) noexcept {
  if (type == channel::TunnelType::kGtpU) return false;
  return type != channel::TunnelType::kGre || (field_u16(frame, outer.payload_offset) & kGreSequence) == 0;
}

}  // namespace

bool Encapsulation::read(Bytes frame, const PacketMeta& meta, bool back) noexcept {
  l3_ = meta.l3_offset;
  back_ = back;
  count_ = 0;
  if (meta.outer_l3_offset == 0) return true;
  const ParseOptions trusting{.verify_ip_checksum = false, .verify_l4_checksum = false};
  PacketMeta outer;
  if (parse_any_frame(frame, trusting, outer) != DropReason::kNone) return false;
  while (count_ < kTunnelDepthMax) {
    Inside inside;
    DropReason ignored{};
    if (look_inside(frame, outer, trusting, inside, ignored) != Found::kPacket) return false;
    if (back && !can_be_answered(frame, outer, inside.tunnel.type)) return false;
    carriers_[static_cast<std::size_t>(count_++)] = {outer, inside.tunnel.type, inside.link};
    if (inside.meta.l3_offset == meta.l3_offset) return true;
    outer = inside.meta;
  }
  return false;
}

void Encapsulation::write(MutableBytes out, Bytes frame, std::size_t end) const noexcept {
  set_bytes(out, 0, part(frame, 0, l3_));
  if (back_) swap_halves(out, frame, 0, kMacBytes);
  set_link_length(out, 0, end);
  for (int i = 0; i < count_; ++i) set_carrier(out, frame, carriers_[static_cast<std::size_t>(i)], end);
}

void Encapsulation::set_carrier(MutableBytes out, Bytes frame, const Carrier& carrier,
                                std::size_t end) const noexcept {
  const PacketMeta& meta = carrier.meta;
  const std::size_t ip = meta.l3_offset;
  if (meta.ipv6) {
    set_u16(out, ip + 4, static_cast<std::uint16_t>(end - ip - kIpv6Bytes));
    set_u8(out, ip + 7, kTtl);
    if (back_) swap_halves(out, frame, ip + 8, 16);
  } else {
    set_u16(out, ip + 2, static_cast<std::uint16_t>(end - ip));
    set_u8(out, ip + 8, kTtl);
    if (back_) swap_halves(out, frame, ip + 12, 4);
    set_u16(out, ip + 10, 0);
    const std::size_t header = std::size_t{field_u8(frame, ip)} % 16 * 4;
    set_sum(out, ip + 10, checksum_add(0, part(out, ip, header)));
  }
  if (meta.kind == PacketKind::kUdp) {
    set_u16(out, meta.l4_offset + std::size_t{4}, static_cast<std::uint16_t>(end - meta.l4_offset));
    const bool answered_from_there = carrier.type == channel::TunnelType::kTeredo;
    if (back_ && answered_from_there) swap_halves(out, frame, meta.l4_offset, 2);
  }
  if (carrier.type == channel::TunnelType::kGtpU) {
    set_u16(out, meta.payload_offset + std::size_t{2},
            static_cast<std::uint16_t>(end - meta.payload_offset - 8));
  }
  if (carrier.link != 0) {
    if (back_) swap_halves(out, frame, carrier.link, kMacBytes);
    set_link_length(out, carrier.link, end);
  }
}

void Encapsulation::seal(MutableBytes out, std::size_t end) const noexcept {
  for (int i = count_ - 1; i >= 0; --i) {
    const Carrier& carrier = carriers_[static_cast<std::size_t>(i)];
    const PacketMeta& meta = carrier.meta;
    const Bytes body = part(out, meta.l4_offset, end - meta.l4_offset);
    if (meta.kind == PacketKind::kUdp && field_u16(body, 6) != 0) {
      set_u16(out, meta.l4_offset + std::size_t{6}, 0);
      const Bytes addresses = meta.ipv6 ? part(out, meta.l3_offset + std::size_t{8}, 32)
                                        : part(out, meta.l3_offset + std::size_t{12}, 8);
      set_sum(out, meta.l4_offset + std::size_t{6},
              checksum_add(pseudo_header_sum(addresses, kProtocolUdp, body.size()), body));
    }
    if (carrier.type == channel::TunnelType::kGre && (field_u16(body, 0) & kGreChecksum) != 0) {
      set_u16(out, meta.l4_offset + std::size_t{4}, 0);
      set_sum(out, meta.l4_offset + std::size_t{4}, checksum_add(0, body));
    }
  }
}

}  // namespace weir::dataplane
