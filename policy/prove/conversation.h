// SPDX-License-Identifier: Apache-2.0
// Canaries as frames that come in at the two ports of a pair, one flow after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/prove/canary.h"
#include "policy/prove/capture_file.h"

namespace weir::prove {

inline constexpr std::size_t kCanariesMax = 6'000;  // of one replay
inline constexpr std::uint16_t kFirstClientPort = 20'000;
static_assert(kFirstClientPort + kCanariesMax < 65'536, "a client's port of its own for each canary");

/// A canary and how it is told from the others.
struct Played {
  Canary canary;
  std::uint16_t client_port = 0;  // or the echo's identifier
  TimeNs started = 0;             // stamp of its first frame
};

struct PortFrames {
  std::vector<TimedFrame> inside;
  std::vector<TimedFrame> outside;
};

/// At most kCanariesMax. In the order of their times; each begins within the minute of its own.
[[nodiscard]] std::vector<Played> play(std::vector<Canary> canaries, PortFrames& frames);

}  // namespace weir::prove
