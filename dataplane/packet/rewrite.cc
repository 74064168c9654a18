// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/rewrite.h"

#include <algorithm>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/tcp_options.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kIpv4ChecksumAt = 10;
constexpr std::size_t kTcpChecksumAt = 16;
constexpr std::size_t kSackBlockBytes = 8;
constexpr std::size_t kFrameBytesMin = 60;  // without the frame check sequence

/// `bytes` (at an even offset of what the checksum covers) are about to change from `before` to what they are
/// now: HC' = ~(~HC + ~m + m'), RFC 1624 section 3.
void follow_change(MutableBytes header, std::size_t checksum_at, std::uint64_t before, Bytes bytes) noexcept {
  const std::uint64_t old_sum = static_cast<std::uint16_t>(~network_order(field_u16(header, checksum_at)));
  const std::uint64_t sum =
      old_sum + static_cast<std::uint16_t>(~checksum_fold(before)) + checksum_add(0, bytes);
  set_u16(header, checksum_at, network_order(static_cast<std::uint16_t>(~checksum_fold(sum))));
}

void set_covered_u32(MutableBytes header, std::size_t checksum_at, std::size_t at,
                     std::uint32_t value) noexcept {
  const std::size_t even = at & ~std::size_t{1};
  const Bytes covering = part(header, even, at - even + (at % 2 == 0 ? 4 : 5));
  const std::uint64_t before = checksum_add(0, covering);
  set_u32(header, at, value);
  follow_change(header, checksum_at, before, covering);
}

}  // namespace

void set_dscp(MutableBytes frame, std::size_t ip_at, std::uint8_t dscp) noexcept {
  constexpr std::uint16_t kEcn = 0x3;
  if (ip_at + 20 > frame.size()) return;
  const MutableBytes ip = frame.subspan(ip_at);
  const std::uint16_t first = field_u16(ip, 0);
  if (first >> 12U == 6) {  // version 4 bits, traffic class 8, flow label (RFC 8200 section 3)
    const auto traffic_class = static_cast<std::uint16_t>((dscp << 2U) | ((first >> 4U) & kEcn));
    set_u16(ip, 0, static_cast<std::uint16_t>((first & 0xf00fU) | (traffic_class << 4U)));
  } else if (first >> 12U == 4) {
    const std::uint64_t before = checksum_add(0, Bytes{ip}.first(2));
    set_u16(ip, 0, static_cast<std::uint16_t>((first & 0xff00U) | (dscp << 2U) | (first & kEcn)));
    follow_change(ip, kIpv4ChecksumAt, before, Bytes{ip}.first(2));
  }
}

std::uint32_t StreamEdit::to_receiver(std::uint32_t sequence) const noexcept {
  if (sequence_before(sequence, at)) return sequence + before;
  if (sequence_before(sequence, at + removed)) return at + before + inserted;
  return sequence + after();
}

std::uint32_t StreamEdit::to_sender(std::uint32_t acknowledged) const noexcept {
  const std::uint32_t plain = acknowledged - before;
  if (sequence_before(plain, at)) return plain;
  if (sequence_before(acknowledged, at + before + inserted)) return at + removed;
  return acknowledged - after();
}

void renumber(MutableBytes frame, const PacketMeta& meta, const StreamEdit& sent,
              const StreamEdit& received) noexcept {
  if (meta.kind != PacketKind::kTcp || meta.l4_offset + kTcpHeaderBytesMin > frame.size()) return;
  const MutableBytes tcp = frame.subspan(meta.l4_offset);
  if (sent.changes()) set_covered_u32(tcp, kTcpChecksumAt, 4, sent.to_receiver(meta.tcp_sequence));
  if (!received.changes() || (meta.tcp_flags & kTcpAck) == 0) return;
  set_covered_u32(tcp, kTcpChecksumAt, 8, received.to_sender(meta.tcp_acknowledgement));
  const Bytes sack = tcp_option(frame, meta, kTcpSack);
  if (sack.empty()) return;
  const auto option_at = static_cast<std::size_t>(sack.data() - tcp.data());
  for (std::size_t at = 2; at + kSackBlockBytes <= sack.size(); at += kSackBlockBytes) {
    for (const std::size_t edge : {at, at + 4}) {
      set_covered_u32(tcp, kTcpChecksumAt, option_at + edge, received.to_sender(field_u32(sack, edge)));
    }
  }
}

void clear_urgent(MutableBytes frame, const PacketMeta& meta) noexcept {
  constexpr std::size_t kUrgentPointerAt = 18;
  if (meta.kind != PacketKind::kTcp || meta.l4_offset + kTcpHeaderBytesMin > frame.size()) return;
  const MutableBytes tcp = frame.subspan(meta.l4_offset);
  const Bytes flags = Bytes{tcp}.subspan(12, 2);
  const std::uint64_t before = checksum_add(0, flags);
  set_u8(tcp, 13, static_cast<std::uint8_t>(field_u8(tcp, 13) & ~kTcpUrg));
  follow_change(tcp, kTcpChecksumAt, before, flags);
  const Bytes pointer = Bytes{tcp}.subspan(kUrgentPointerAt, 2);
  const std::uint64_t pointed = checksum_add(0, pointer);
  set_u16(tcp, kUrgentPointerAt, 0);
  follow_change(tcp, kTcpChecksumAt, pointed, pointer);
}

std::size_t cut_payload(MutableBytes frame, const PacketMeta& meta, std::uint16_t payload_bytes) noexcept {
  const std::size_t total = std::size_t{meta.payload_offset} + payload_bytes;
  if (payload_bytes >= meta.payload_bytes || total > frame.size()) return frame.size();
  const std::uint16_t cut = meta.payload_bytes - payload_bytes;
  const MutableBytes tcp = frame.subspan(meta.l4_offset);
  const MutableBytes ip = frame.subspan(meta.l3_offset);
  // The pseudo header's length stands nowhere in the packet: its change is accounted for as that of a word.
  const std::uint64_t lost = checksum_add(0, Bytes{frame}.subspan(total, cut));
  const bool odd = (total - meta.l4_offset) % 2 != 0;
  std::uint16_t gone = checksum_fold(lost);
  if (odd) gone = static_cast<std::uint16_t>((gone << 8U) | (gone >> 8U));
  const std::uint16_t length_before = network_order(static_cast<std::uint16_t>(meta.l3_bytes));
  const std::uint16_t length_after = network_order(static_cast<std::uint16_t>(meta.l3_bytes - cut));
  const std::uint64_t flags_before = checksum_add(0, Bytes{tcp}.subspan(12, 2));
  set_u8(tcp, 13, static_cast<std::uint8_t>(field_u8(tcp, 13) & ~kTcpFin));
  const std::uint64_t old_sum = static_cast<std::uint16_t>(~network_order(field_u16(tcp, kTcpChecksumAt)));
  const std::uint64_t sum = old_sum + static_cast<std::uint16_t>(~gone) +
                            static_cast<std::uint16_t>(~length_before) + length_after +
                            static_cast<std::uint16_t>(~checksum_fold(flags_before)) +
                            checksum_add(0, Bytes{tcp}.subspan(12, 2));
  set_u16(tcp, kTcpChecksumAt, network_order(static_cast<std::uint16_t>(~checksum_fold(sum))));
  if (meta.ipv6) {
    set_u16(ip, 4, static_cast<std::uint16_t>(field_u16(ip, 4) - cut));
  } else {
    const std::uint64_t before = checksum_add(0, Bytes{ip}.subspan(2, 2));
    set_u16(ip, 2, static_cast<std::uint16_t>(field_u16(ip, 2) - cut));
    follow_change(ip, kIpv4ChecksumAt, before, Bytes{ip}.subspan(2, 2));
  }
  const std::size_t left = std::max(total, std::min(frame.size(), kFrameBytesMin));
  std::fill(frame.begin() + static_cast<std::ptrdiff_t>(total),
            frame.begin() + static_cast<std::ptrdiff_t>(left), std::uint8_t{0});
  return left;
}

}  // namespace weir::dataplane
