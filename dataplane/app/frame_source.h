// SPDX-License-Identifier: Apache-2.0
// Packet buffers filled from captured bytes: ordinary ones, and a few large ones for the frames that captures
// of segmentation offload hold.
#pragma once

#include <memory>

#include "dataplane/io/packet_pool.h"
#include "policy/model/byte_reader.h"

struct rte_mbuf;

namespace weir::dataplane {

class FrameSource {
 public:
  [[nodiscard]] static Result<std::unique_ptr<FrameSource>> create();

  /// nullptr when no buffer holds the frame; counted.
  [[nodiscard]] rte_mbuf* make(Bytes frame) noexcept;
  [[nodiscard]] rte_mempool* pool() const { return small_->get(); }
  [[nodiscard]] rte_mempool* large_pool() const { return large_->get(); }
  /// Buffers that are not back; slow.
  [[nodiscard]] std::uint32_t in_use() const { return small_->in_use() + large_->in_use(); }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  FrameSource(std::unique_ptr<PacketPool> small, std::unique_ptr<PacketPool> large)
      : small_(std::move(small)), large_(std::move(large)) {}
  std::unique_ptr<PacketPool> small_;
  std::unique_ptr<PacketPool> large_;
  std::uint64_t skipped_ = 0;
};

}  // namespace weir::dataplane
