// SPDX-License-Identifier: Apache-2.0
// Time as Weir passes it around: always an argument, never read inside a function that decides.
#pragma once

#include <cstdint>

namespace weir {

/// Nanoseconds since the Unix epoch (UTC). Live: CLOCK_REALTIME once per burst. Replay: the capture's stamp.
using TimeNs = std::int64_t;

inline constexpr TimeNs kMicrosecond = 1'000;
inline constexpr TimeNs kMillisecond = 1'000'000;
inline constexpr TimeNs kSecond = 1'000'000'000;

}  // namespace weir
