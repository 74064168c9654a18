// SPDX-License-Identifier: Apache-2.0
#include "dataplane/app/frame_source.h"

#include <rte_mbuf.h>

#include <cstring>

namespace weir::dataplane {
namespace {
constexpr std::uint32_t kSmallFrames = 8'192;
constexpr std::uint32_t kLargeFrames = 1'024;
}  // namespace

Result<std::unique_ptr<FrameSource>> FrameSource::create() {
  auto small = PacketPool::create("frames", kSmallFrames);
  if (!small) return tl::unexpected(small.error());
  auto large = PacketPool::create("large-frames", kLargeFrames, kPacketBufferBytesMax);
  if (!large) return tl::unexpected(large.error());
  return std::unique_ptr<FrameSource>(new FrameSource(std::move(*small), std::move(*large)));
}

rte_mbuf* FrameSource::make(Bytes frame) noexcept {
  rte_mbuf* packet = nullptr;
  if (frame.size() <= kPacketBufferBytesMax) {
    packet = rte_pktmbuf_alloc((frame.size() <= kPacketBufferBytes ? small_ : large_)->get());
  }
  if (packet == nullptr) {
    ++skipped_;
    return nullptr;
  }
  std::memcpy(static_cast<std::uint8_t*>(packet->buf_addr) + packet->data_off, frame.data(), frame.size());
  packet->data_len = static_cast<std::uint16_t>(frame.size());
  packet->pkt_len = static_cast<std::uint32_t>(frame.size());
  return packet;
}

}  // namespace weir::dataplane
