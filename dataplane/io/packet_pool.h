// SPDX-License-Identifier: Apache-2.0
// The packet buffers of this process: made once, never grown. Every port receives into it, every packet that
// Weir builds comes from it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "policy/model/error.h"

struct rte_mempool;

namespace weir::dataplane {

inline constexpr std::uint32_t kPacketBufferBytes = 2'048;  // an Ethernet frame with two VLAN tags and spare
inline constexpr std::uint32_t kPacketBufferBytesMax = 65'400;  // DPDK counts buffer bytes in 16 bits

class PacketPool {
 public:
  /// `packets` buffers that hold frames of `frame_bytes` in one piece.
  [[nodiscard]] static Result<std::unique_ptr<PacketPool>> create(
      const std::string& name, std::uint32_t packets, std::uint32_t frame_bytes = kPacketBufferBytes);
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  [[nodiscard]] rte_mempool* get() const { return pool_; }
  [[nodiscard]] std::uint32_t in_use() const;  // control thread; slow
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  explicit PacketPool(rte_mempool* pool) : pool_(pool) {}
  rte_mempool* pool_;
};

}  // namespace weir::dataplane
