// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/quarantine.h"

#include <algorithm>

namespace weir::dataplane {

void Quarantine::note(const FlowKey& key, const std::array<std::uint8_t, 16>& initiator,
                      TimeNs now) noexcept {
  faults_[next_] = {key, initiator, now};
  next_ = (next_ + 1) % kFaultsRemembered;
  count_ = std::min(count_ + 1, kFaultsRemembered);
  until_ = now + kQuarantineFor;
}

bool Quarantine::finds(const FlowKey& key, const std::array<std::uint8_t, 16>& initiator,
                       TimeNs now) const noexcept {
  std::size_t of_source = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const Fault& fault = faults_[i];
    if (now - fault.at >= kQuarantineFor) continue;
    if (fault.key == key) return true;
    const bool same_place = fault.key.vlan == key.vlan && fault.key.pair == key.pair;
    if (same_place && fault.initiator == initiator) ++of_source;
  }
  return of_source >= kSourceFaultsMax;
}

void Quarantine::shift_time(TimeNs step) noexcept {
  for (std::size_t i = 0; i < count_; ++i) faults_[i].at += step;
  until_ += step;
}

}  // namespace weir::dataplane
