// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/meters.h"

#include <rte_cycles.h>

#include <algorithm>
#include <cstring>

#include "dataplane/pipeline/limits.h"

namespace weir::dataplane {
namespace {

/// rte_meter keeps time in cycles of the time stamp counter; a replay's time is none of the machine's.
std::uint64_t cycles_of(TimeNs now) noexcept {
  const auto ns = static_cast<std::uint64_t>(std::max<TimeNs>(now, 0));
  constexpr auto kNsPerSecond = static_cast<std::uint64_t>(kSecond);
  const std::uint64_t hz = rte_get_tsc_hz();
  return ns / kNsPerSecond * hz + ns % kNsPerSecond * hz / kNsPerSecond;
}

}  // namespace

std::uint32_t ClientHash::operator()(const ClientKey& key) const noexcept {
  std::uint64_t words[2];
  std::memcpy(words, key.address.data(), sizeof(words));
  std::uint64_t mixed = seed + 0x9e3779b97f4a7c15ULL;
  for (const std::uint64_t word : {words[0], words[1], (std::uint64_t{key.vlan} << 16U) | key.pair}) {
    mixed = (mixed ^ word) * 0xff51afd7ed558ccdULL;
    mixed ^= mixed >> 32U;
  }
  return static_cast<std::uint32_t>(mixed);
}

Meters::Meters(std::uint32_t meters, std::uint32_t flows, std::uint32_t hash_seed)
    : meters_(meters), by_slot_(flows), by_client_(meters, ClientHash{hash_seed}) {
  for (std::uint32_t i = meters; i-- > 0;) {
    meters_[i].next_free = free_;
    free_ = i;
  }
}

std::uint32_t Meters::take() noexcept {
  const std::uint32_t index = free_;
  if (index == kNoIndex) return kNoIndex;
  free_ = meters_[index].next_free;
  meters_[index] = Meter{};
  ++used_;
  return index;
}

void Meters::set_rate(Meter& meter, std::uint32_t bytes_s, TimeNs now) noexcept {
  if (meter.bytes_s == bytes_s) return;
  meter.bytes_s = bytes_s;
  rte_meter_srtcm_params params{};
  params.cir = bytes_s;
  params.cbs = std::max<std::uint64_t>(bytes_s / kMeterBurstsPerSecond, kMeterBurstBytesMin);
  static_cast<void>(rte_meter_srtcm_profile_config(&meter.profile, &params));
  static_cast<void>(rte_meter_srtcm_config(&meter.state, &meter.profile));
  meter.state.time = cycles_of(now);
}

bool Meters::limit(std::uint32_t slot, const ClientKey* client, std::uint32_t bytes_s, TimeNs now) noexcept {
  std::uint32_t index = client == nullptr ? kNoIndex : by_client_.find(*client);
  const std::uint32_t old = by_slot_.find(slot);
  if (old != kNoIndex && (client == nullptr ? !meters_[old].shared : old == index)) {
    set_rate(meters_[old], bytes_s, now);
    return true;
  }
  release(slot);
  const bool made = index == kNoIndex;
  if (made) index = take();
  if (index == kNoIndex) return false;
  Meter& meter = meters_[index];
  if (!by_slot_.insert(slot, index)) {
    if (made) {
      meter.next_free = free_;
      free_ = index;
      --used_;
    }
    return false;
  }
  ++meter.flows;
  if (made && client != nullptr) {
    meter.shared = true;
    meter.client = *client;
    static_cast<void>(by_client_.insert(*client, index));  // as large as the meters
  }
  set_rate(meter, bytes_s, now);
  return true;
}

void Meters::release(std::uint32_t slot) noexcept {
  const std::uint32_t index = by_slot_.find(slot);
  if (index == kNoIndex) return;
  by_slot_.erase(slot);
  Meter& meter = meters_[index];
  if (--meter.flows > 0) return;
  if (meter.shared) by_client_.erase(meter.client);
  meter.next_free = free_;
  free_ = index;
  --used_;
}

bool Meters::admits(std::uint32_t slot, std::uint32_t bytes, TimeNs now) noexcept {
  const std::uint32_t index = by_slot_.find(slot);
  if (index == kNoIndex) return true;
  Meter& meter = meters_[index];
  const std::uint64_t cycles = std::max(cycles_of(now), meter.state.time);
  return rte_meter_srtcm_color_blind_check(&meter.state, &meter.profile, cycles, bytes) != RTE_COLOR_RED;
}

void Meters::shift_time(TimeNs step) noexcept {
  const std::uint64_t cycles = cycles_of(step < 0 ? -step : step);
  for (Meter& meter : meters_) {
    meter.state.time =
        step < 0 ? meter.state.time - std::min(cycles, meter.state.time) : meter.state.time + cycles;
  }
}

std::size_t Meters::memory_bytes() const noexcept {
  return meters_.size() * sizeof(Meter) + by_slot_.memory_bytes() + by_client_.memory_bytes();
}

}  // namespace weir::dataplane
