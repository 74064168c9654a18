// SPDX-License-Identifier: Apache-2.0
// The copy of one packet that nDPI may read: cut to a limit, IP lengths rewritten to the copy, and either
// zeros after its end or, in QA, an unmapped page.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "policy/model/byte_reader.h"
#include "policy/model/error.h"
#include "policy/model/ip_address.h"

namespace weir::classifier {

class PacketCopy {
 public:
  /// `bytes_max` is the longest copy; with `guard` the byte after each copy is unmapped.
  [[nodiscard]] static Result<PacketCopy> create(std::size_t bytes_max, bool guard);
  PacketCopy(PacketCopy&& other) noexcept;
  PacketCopy& operator=(PacketCopy&& other) = delete;
  ~PacketCopy();

  /// Copies at most the limit and makes the IP header say so. Empty when `from_l3` is no IPv4 or IPv6 packet
  /// whose header fits. The view is valid until the next call.
  [[nodiscard]] std::span<const std::uint8_t> hold(Bytes from_l3);

 private:
  PacketCopy() = default;
  std::uint8_t* mapping_ = nullptr;
  std::size_t mapping_bytes_ = 0;
  std::size_t usable_bytes_ = 0;
  std::size_t bytes_max_ = 0;
  bool guard_ = false;
};

/// The first packet of a TCP connection from its IP header on, without options or checksums: all that is
/// known of a connection over which nothing was said.
[[nodiscard]] std::vector<std::uint8_t> syn_of(const FiveTuple& tuple);

/// How many bytes of a DTLS datagram come before the first handshake record that holds a Certificate (RFC
/// 6347 section 4.1); all of them when there is none or it is no DTLS.
[[nodiscard]] std::size_t dtls_bytes_before_certificate(Bytes datagram);

}  // namespace weir::classifier
