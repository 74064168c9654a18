// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/packet_pool.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <algorithm>

namespace weir::dataplane {
namespace {
constexpr std::uint32_t kCacheMax = 256;  // buffers each thread may keep for itself
}

Result<std::unique_ptr<PacketPool>> PacketPool::create(const std::string& name, std::uint32_t packets,
                                                       std::uint32_t frame_bytes) {
  if (frame_bytes > kPacketBufferBytesMax) {
    return failure(ErrorCode::kInvalid, fmt::format("a packet buffer of {} bytes is too large", frame_bytes));
  }
  const std::uint32_t cache = std::min(kCacheMax, packets / 8);
  const auto room = static_cast<std::uint16_t>(frame_bytes + RTE_PKTMBUF_HEADROOM);
  rte_mempool* pool =
      rte_pktmbuf_pool_create(name.c_str(), packets, cache, 0, room, static_cast<int>(rte_socket_id()));
  if (pool == nullptr) {
    return failure(ErrorCode::kLimit,
                   fmt::format("no memory for {} packets of {} bytes: {}", packets, frame_bytes,
                               rte_strerror(rte_errno)),
                   "raise memory.megabytes or lower memory.packets");
  }
  return std::unique_ptr<PacketPool>(new PacketPool(pool));
}

PacketPool::~PacketPool() { rte_mempool_free(pool_); }

std::uint32_t PacketPool::in_use() const { return rte_mempool_in_use_count(pool_); }

std::size_t PacketPool::memory_bytes() const {
  return static_cast<std::size_t>(pool_->size) * (pool_->elt_size + pool_->header_size + pool_->trailer_size);
}

}  // namespace weir::dataplane
