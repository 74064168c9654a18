// SPDX-License-Identifier: Apache-2.0
// Which worker a frame belongs to: the one that owns the inside host, so that both directions of all its
// flows meet. A cheap look at the addresses alone; whether the frame is any good is the parse stage's to say.
//
// The bucket of an address is what a NIC computes that hashes (Toeplitz) this one address under kSteeringKey
// repeated, so that a port with such RSS and this function send a host to the same worker. A key that repeats
// every 16 bits gives the same sum wherever the address stands in a NIC's input: as source or as destination.
#pragma once

#include <array>
#include <cstdint>

#include "policy/model/byte_reader.h"

namespace weir::dataplane {

inline constexpr std::uint32_t kSteeringBuckets = 64;  // no more workers than these
inline constexpr std::uint16_t kSteeringKey = 0x6d5a;

/// `address`: 4 or 16 bytes.
[[nodiscard]] std::uint32_t steering_bucket(Bytes address) noexcept;

class Steering {
 public:
  /// `workers`: 1 to kSteeringBuckets.
  explicit Steering(std::uint32_t workers) noexcept;

  /// `port`: where it came in, 2 * pair + (0 inside, 1 outside). What has no inside address that can be read
  /// goes to one worker of the pair. Fragments and tunnels follow their outer address. Never reads outside
  /// `frame`.
  [[nodiscard]] std::uint32_t worker_of(Bytes frame, std::uint8_t port) const noexcept;
  /// For a NIC's table of queues.
  [[nodiscard]] std::uint32_t owner(std::uint32_t bucket) const noexcept { return owners_[bucket]; }
  [[nodiscard]] std::uint32_t workers() const noexcept { return workers_; }

 private:
  std::uint32_t workers_;
  std::array<std::uint8_t, kSteeringBuckets> owners_{};
};

}  // namespace weir::dataplane
