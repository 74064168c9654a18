// SPDX-License-Identifier: Apache-2.0
// Capture files through the whole packet path, in their own time, in lockstep with a classifier: a packet is
// offered only when the classifier has worked off the one before. Every exception passes and checksums are
// not verified: a capture shows what went over the wire, also what its own sender's card had not filled in
// yet.
#pragma once

#include <string>
#include <vector>

#include "policy/model/error.h"

namespace weir::dataplane {

inline constexpr int kReplayPatienceS = 10;  // for a classifier to come, and to work off one packet

struct ReplayOptions {
  std::string run_directory;  // channel-0.sock is made here
  std::vector<std::string> files;
  std::string out_directory;  // counters.json is written here; empty: nowhere
};

/// The process's exit code: 0, or 1 when a file could not be read or the classifier failed.
[[nodiscard]] Result<int> run_replay(const ReplayOptions& options);

}  // namespace weir::dataplane
