// SPDX-License-Identifier: Apache-2.0
// What each stage of the packet path costs, in cycles of the CPU's time stamp counter: a sum and a histogram
// of cycles a packet. Only some bursts are timed (stage_laps.h); the numbers are of those alone.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace weir::dataplane {

enum class Stage : std::uint8_t {
  kParse,
  kFragments,
  kLookup,
  kTrack,
  kInspect,
  kEnforce,
  kTransmit,
  kCount
};
inline constexpr std::size_t kStageCount = static_cast<std::size_t>(Stage::kCount);
[[nodiscard]] std::string_view to_string(Stage stage);

// Bucket n holds what took less than 2^(n + kStageBucketFirst) cycles a packet, the last one all the rest.
inline constexpr std::size_t kStageBuckets = 16;
inline constexpr unsigned kStageBucketFirst = 2;  // the first bucket: less than 4 cycles

struct StageTime {
  std::uint64_t cycles = 0;
  std::array<std::uint64_t, kStageBuckets> packets{};  // by what the packets of their burst took on average

  void add(std::uint64_t burst_cycles, std::uint16_t burst_packets) noexcept;
  [[nodiscard]] std::uint64_t packets_total() const;
};
using StageTimes = std::array<StageTime, kStageCount>;

/// Of one worker: counts down to the burst that is timed.
struct StageTurn {
  std::uint32_t left = 1;
};

[[nodiscard]] constexpr std::size_t stage_bucket(std::uint64_t cycles_per_packet) noexcept {
  const std::size_t width = std::bit_width(cycles_per_packet);
  return std::min(width < kStageBucketFirst ? 0 : width - kStageBucketFirst, kStageBuckets - 1);
}

inline void StageTime::add(std::uint64_t burst_cycles, std::uint16_t burst_packets) noexcept {
  cycles += burst_cycles;
  packets[stage_bucket(burst_cycles / burst_packets)] += burst_packets;
}

}  // namespace weir::dataplane
