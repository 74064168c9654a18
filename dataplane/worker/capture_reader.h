// SPDX-License-Identifier: Apache-2.0
// Captured packets for another thread, without a lock: that thread says which packets its captures want and
// from where on, the worker copies them out of its ring in small steps between bursts and hands the request
// back.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/pipeline/capture.h"

namespace weir::dataplane {

inline constexpr std::size_t kCaptureRecordsMax = 1'024;         // handed over at once
inline constexpr std::size_t kCaptureBytesMax = 1U << 20U;       // the same
inline constexpr std::uint32_t kCaptureLooksPerTurn = 256;       // packets of the ring looked at in one turn
inline constexpr std::size_t kCaptureBytesPerTurn = 64U << 10U;  // copied in one turn

struct CapturedPacket {
  std::uint64_t position = 0;  // in the ring
  CapturedHead head;
  std::uint32_t offset = 0;  // of its bytes in CaptureRequest::bytes
};

/// Written by the asking thread before it is handed over and after it came back, by the worker in between.
struct CaptureRequest {
  CaptureRequest();

  std::array<CaptureFilter, kCapturesMax> filters;  // from now on the worker looks for these; none: no more
  std::size_t filter_count = 0;
  std::uint64_t position = 0;  // from here on, 0: from the oldest; afterwards: what comes next
  std::uint64_t missed = 0;    // bytes of the ring that were written over before they were read
  std::vector<CapturedPacket> packets;
  std::vector<std::uint8_t> bytes;

  std::uint64_t until = 0;  // the worker's: where the ring ended when it took the request
  bool taken = false;
};

/// One step; true when everything there was is read, or the request is full.
[[nodiscard]] bool read_captured(PacketCapture& capture, CaptureRequest& request) noexcept;

}  // namespace weir::dataplane
