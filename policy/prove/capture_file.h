// SPDX-License-Identifier: Apache-2.0
// Captures of Ethernet frames in the classic pcap format with nanoseconds, as the data plane's replay reads
// and writes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::prove {

inline constexpr std::size_t kCaptureBytesMax = 256U << 20U;  // of a capture that is read back

struct TimedFrame {
  TimeNs time = 0;  // Unix time, not negative
  std::string bytes;
};

/// Replaces the file. kSystem: it cannot be written.
[[nodiscard]] Result<void> write_capture(const std::string& path, const std::vector<TimedFrame>& frames);
/// The frames of such a file's bytes. kCorrupt: not such a capture, or it ends in the middle of a frame.
[[nodiscard]] Result<std::vector<TimedFrame>> frames_of(std::string_view capture);
/// The same of a file. kSystem: it cannot be read; kLimit.
[[nodiscard]] Result<std::vector<TimedFrame>> read_capture(const std::string& path);

}  // namespace weir::prove
