// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/packet_pool.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>

#include <algorithm>

namespace weir::dataplane {
namespace {
constexpr std::uint32_t kCacheMax = 256;  // buffers each thread may keep for itself

bool devices_use_virtual_addresses() { return rte_eal_iova_mode() == RTE_IOVA_VA; }

void make_packet(rte_mempool* pool, void* argument, void* object, unsigned index) {
  rte_pktmbuf_init(pool, argument, object, index);
  auto* packet = static_cast<rte_mbuf*>(object);
  if (devices_use_virtual_addresses()) {
    rte_mbuf_iova_set(packet, reinterpret_cast<std::uintptr_t>(packet->buf_addr));
  }
}

/// As rte_pktmbuf_pool_create, but with the packets side by side wherever that can be: it would leave a gap
/// at each page's end, and AF_XDP's driver, which registers packets times size of memory, would then lose
/// those at the end of the pool, and with them in time all that it receives into.
rte_mempool* make_pool(const char* name, std::uint32_t packets, std::uint32_t cache, std::uint16_t room) {
  const unsigned flags = devices_use_virtual_addresses() ? RTE_MEMPOOL_F_NO_IOVA_CONTIG : 0;
  rte_mempool* pool =
      rte_mempool_create_empty(name, packets, static_cast<unsigned>(sizeof(rte_mbuf)) + room, cache,
                               sizeof(rte_pktmbuf_pool_private), static_cast<int>(rte_socket_id()), flags);
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_private shape{};
  shape.mbuf_data_room_size = room;
  rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), nullptr);
  rte_pktmbuf_pool_init(pool, &shape);
  if (const int made = rte_mempool_populate_default(pool); made < 0) {
    rte_mempool_free(pool);
    rte_errno = -made;
    return nullptr;
  }
  rte_mempool_obj_iter(pool, make_packet, nullptr);
  return pool;
}
}  // namespace

Result<std::unique_ptr<PacketPool>> PacketPool::create(const std::string& name, std::uint32_t packets,
                                                       std::uint32_t frame_bytes) {
  if (frame_bytes > kPacketBufferBytesMax) {
    return failure(ErrorCode::kInvalid, fmt::format("a packet buffer of {} bytes is too large", frame_bytes));
  }
  const std::uint32_t cache = std::min(kCacheMax, packets / 8);
  const auto room = static_cast<std::uint16_t>(frame_bytes + RTE_PKTMBUF_HEADROOM);
  rte_mempool* pool = make_pool(name.c_str(), packets, cache, room);
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
