// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/counters.h"

#include <bit>
#include <numeric>

namespace weir::dataplane {

std::string_view to_string(FrameClass frame_class) {
  static constexpr std::array<std::string_view, kFrameClassCount> kNames = {
      "arp", "llc", "other-ethertype", "fragment", "ip-other", "tcp", "udp"};
  return kNames.at(static_cast<std::size_t>(frame_class));
}

std::string_view to_string(Stage stage) {
  static constexpr std::array<std::string_view, kStageCount> kNames = {
      "parse", "fragments", "lookup", "track", "inspect", "enforce", "transmit"};
  return kNames.at(static_cast<std::size_t>(stage));
}

std::uint64_t StageTime::packets_total() const {
  return std::accumulate(packets.begin(), packets.end(), std::uint64_t{0});
}

std::uint64_t PortCounters::dropped_total() const {
  return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
}

void PortCounters::add(const PortCounters& other) {
  using Words = std::array<std::uint64_t, sizeof(PortCounters) / sizeof(std::uint64_t)>;
  auto sum = std::bit_cast<Words>(*this);
  const auto more = std::bit_cast<Words>(other);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
  *this = std::bit_cast<PortCounters>(sum);
}

void CounterBoard::publish(const PipelineCounters& counters) noexcept {
  const auto words = std::bit_cast<std::array<std::uint64_t, kWords>>(counters);
  const std::uint64_t version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_relaxed);
  version_.store(version + 2, std::memory_order_release);
}

PipelineCounters CounterBoard::read() const noexcept {
  std::array<std::uint64_t, kWords> words{};
  while (true) {
    const std::uint64_t before = version_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && version_.load(std::memory_order_relaxed) == before) break;
  }
  return std::bit_cast<PipelineCounters>(words);
}

}  // namespace weir::dataplane
