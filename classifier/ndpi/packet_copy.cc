// SPDX-License-Identifier: Apache-2.0
#include "classifier/ndpi/packet_copy.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::classifier {
namespace {

constexpr std::size_t kSlackBytes = 64;  // zeros after a copy without guard page
constexpr std::size_t kIpv4HeaderBytesMin = 20;
constexpr std::size_t kIpv6HeaderBytes = 40;

void store_be16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8U);
  at[1] = static_cast<std::uint8_t>(value & 0xffU);
}

bool rewrite_ip_length(std::uint8_t* packet, std::size_t bytes) {
  const unsigned version = packet[0] >> 4U;
  if (version == 4 && bytes >= kIpv4HeaderBytesMin) {
    const std::size_t header = (packet[0] & 0x0fU) * std::size_t{4};
    if (header < kIpv4HeaderBytesMin || header > bytes) return false;
    store_be16(packet + 2, bytes);
    return true;
  }
  if (version == 6 && bytes >= kIpv6HeaderBytes) {
    store_be16(packet + 4, bytes - kIpv6HeaderBytes);
    return true;
  }
  return false;
}

}  // namespace

Result<PacketCopy> PacketCopy::create(std::size_t bytes_max, bool guard) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  PacketCopy copy;
  copy.bytes_max_ = bytes_max;
  copy.guard_ = guard;
  copy.usable_bytes_ = (bytes_max + kSlackBytes + page - 1) / page * page;
  copy.mapping_bytes_ = copy.usable_bytes_ + page;
  void* mapping =
      mmap(nullptr, copy.mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return failure(ErrorCode::kSystem, "cannot map the packet copy");
  copy.mapping_ = static_cast<std::uint8_t*>(mapping);
  if (mprotect(copy.mapping_ + copy.usable_bytes_, page, PROT_NONE) != 0) {
    return failure(ErrorCode::kSystem, "cannot protect the page after the packet copy");
  }
  return copy;
}

PacketCopy::PacketCopy(PacketCopy&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      mapping_bytes_(other.mapping_bytes_),
      usable_bytes_(other.usable_bytes_),
      bytes_max_(other.bytes_max_),
      guard_(other.guard_) {}

PacketCopy::~PacketCopy() {
  if (mapping_ != nullptr) munmap(mapping_, mapping_bytes_);
}

std::span<const std::uint8_t> PacketCopy::hold(Bytes from_l3) {
  const std::size_t bytes = std::min(from_l3.size(), bytes_max_);
  if (bytes == 0) return {};
  std::uint8_t* start = guard_ ? mapping_ + usable_bytes_ - bytes : mapping_;
  std::memcpy(start, from_l3.data(), bytes);
  if (!guard_) std::memset(start + bytes, 0, kSlackBytes);
  if (!rewrite_ip_length(start, bytes)) return {};
  return {start, bytes};
}

std::vector<std::uint8_t> syn_of(const FiveTuple& tuple) {
  constexpr std::size_t kTcpBytes = 20;
  const bool v4 = tuple.initiator.is_v4();
  const std::size_t ip_bytes = v4 ? 20 : 40;
  const std::size_t addresses_at = v4 ? 12 : 8;
  const std::size_t address_bytes = v4 ? 4 : 16;
  std::vector<std::uint8_t> packet(ip_bytes + kTcpBytes);
  packet[0] = v4 ? 0x45 : 0x60;
  packet[v4 ? 3 : 5] = static_cast<std::uint8_t>(v4 ? packet.size() : kTcpBytes);
  packet[v4 ? 9 : 6] = kProtocolTcp;
  packet[v4 ? 8 : 7] = 64;
  std::size_t at = addresses_at;
  for (const IpAddress* address : {&tuple.initiator, &tuple.responder}) {
    const auto& bytes = address->bytes();
    for (std::size_t i = bytes.size() - address_bytes; i < bytes.size(); ++i) packet[at++] = bytes[i];
  }
  at = ip_bytes;
  for (const std::uint16_t port : {tuple.initiator_port, tuple.responder_port}) {
    packet[at++] = static_cast<std::uint8_t>(port >> 8U);
    packet[at++] = static_cast<std::uint8_t>(port & 0xffU);
  }
  packet[ip_bytes + 12] = 0x50;  // header of five words
  packet[ip_bytes + 13] = 0x02;  // SYN
  return packet;
}

std::size_t dtls_bytes_before_certificate(Bytes datagram) {
  constexpr std::uint8_t kHandshake = 0x16;
  constexpr std::uint8_t kDtlsMajor = 0xfe;
  constexpr std::uint8_t kCertificate = 0x0b;
  constexpr std::size_t kEpochAndSequenceBytes = 8;
  ByteReader reader{datagram};
  while (reader.left() > 0) {
    const std::size_t record_start = reader.offset();
    const std::uint8_t type = reader.u8();
    const std::uint8_t major = reader.u8();
    reader.skip(1 + kEpochAndSequenceBytes);
    const std::uint16_t length = reader.u16();
    if (!reader.ok() || major != kDtlsMajor) break;
    const Bytes rest = reader.rest();
    if (type == kHandshake && !rest.empty() && rest[0] == kCertificate) return record_start;
    reader.skip(length);
    if (!reader.ok()) break;
  }
  return datagram.size();
}

}  // namespace weir::classifier
