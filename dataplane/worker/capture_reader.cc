// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/capture_reader.h"

#include <algorithm>

namespace weir::dataplane {

CaptureRequest::CaptureRequest() {
  packets.reserve(kCaptureRecordsMax);
  bytes.reserve(kCaptureBytesMax);
}

bool read_captured(PacketCapture& capture, CaptureRequest& request) noexcept {
  if (!request.taken) {
    request.taken = true;
    request.until = capture.ring.end();
    capture.filters = request.filters;
    capture.filter_count = request.filter_count;
  }
  std::size_t copied = 0;
  for (std::uint32_t looks = 0; looks < kCaptureLooksPerTurn && copied < kCaptureBytesPerTurn; ++looks) {
    if (const std::uint64_t oldest = capture.ring.oldest(); request.position < oldest) {
      if (request.position != 0) request.missed += oldest - request.position;
      request.position = oldest;
    }
    if (request.position >= request.until) return true;
    const CaptureRing::Captured captured = capture.ring.at(request.position);
    if (capture.wanted(captured.head.flow, captured.head.key)) {
      if (request.packets.size() == request.packets.capacity() ||
          request.bytes.size() + captured.bytes.size() > request.bytes.capacity()) {
        return true;
      }
      request.packets.push_back(
          {request.position, captured.head, static_cast<std::uint32_t>(request.bytes.size())});
      request.bytes.insert(request.bytes.end(), captured.bytes.begin(), captured.bytes.end());
      copied += captured.bytes.size();
    }
    request.position = captured.next;
  }
  return request.position >= request.until;
}

}  // namespace weir::dataplane
