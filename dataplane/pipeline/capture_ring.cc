// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/capture_ring.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace weir::dataplane {
namespace {

static_assert(std::is_trivially_copyable_v<CapturedHead> && sizeof(CapturedHead) % 8 == 0);

constexpr std::size_t rounded(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

}  // namespace

CaptureRing::CaptureRing(std::size_t bytes)
    : size_(bytes / 8 * 8), memory_(size_ > 0 ? new std::uint8_t[size_]() : nullptr) {}

CapturedHead CaptureRing::head_at(std::uint64_t position) const noexcept {
  CapturedHead head;
  std::memcpy(&head, &memory_[position % size_], sizeof(head));
  return head;
}

/// With the padding to the end of the memory where a record did not fit any more.
std::uint64_t CaptureRing::record_bytes(std::uint64_t position) const noexcept {
  const std::size_t left = size_ - position % size_;
  if (left < sizeof(CapturedHead)) return left;
  const CapturedHead head = head_at(position);
  return head.pad != 0 ? left : sizeof(CapturedHead) + rounded(head.bytes);
}

void CaptureRing::make_room(std::uint64_t bytes) noexcept {
  while (end_ + bytes - oldest_ > size_) oldest_ += record_bytes(oldest_);
}

void CaptureRing::add(CapturedHead head, Bytes frame, std::uint16_t snap) noexcept {
  head.frame_bytes = static_cast<std::uint32_t>(frame.size());
  head.bytes = static_cast<std::uint16_t>(std::min<std::size_t>(frame.size(), snap));
  const std::size_t bytes = sizeof(head) + rounded(head.bytes);
  if (bytes > size_) return;
  if (const std::size_t left = size_ - end_ % size_; left < bytes) {
    make_room(left);
    if (left >= sizeof(head)) {
      CapturedHead pad;
      pad.pad = 1;
      std::memcpy(&memory_[end_ % size_], &pad, sizeof(pad));
    }
    end_ += left;
  }
  make_room(bytes);
  std::uint8_t* const to = &memory_[end_ % size_];
  std::memcpy(to, &head, sizeof(head));
  std::copy_n(frame.begin(), head.bytes, to + sizeof(head));
  end_ += bytes;
}

CaptureRing::Captured CaptureRing::at(std::uint64_t position) const noexcept {
  while (size_ - position % size_ < sizeof(CapturedHead) || head_at(position).pad != 0) {
    position += record_bytes(position);
  }
  Captured captured;
  captured.head = head_at(position);
  captured.bytes = {&memory_[position % size_ + sizeof(CapturedHead)], captured.head.bytes};
  captured.next = position + record_bytes(position);
  return captured;
}

}  // namespace weir::dataplane
