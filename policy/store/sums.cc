// SPDX-License-Identifier: Apache-2.0
#include "policy/store/sums.h"

#include <algorithm>

namespace weir::policy {
namespace {

template <typename Sum, typename Sighting>
void add_time(Sum& sum, const Sighting& sighting) {
  sum.first_seen = sum.count == 0 ? sighting.at : std::min(sum.first_seen, sighting.at);
  if (sum.count == 0 || sighting.at >= sum.latest.at) sum.latest = sighting;
  ++sum.count;
}

}  // namespace

void ViolationSum::add(const ViolationSighting& sighting) {
  add_time(*this, sighting);
  highest = std::max(highest, sighting.severity);
  if (sighting.flow_id.empty()) return;
  TimeNs& seen = flows[sighting.flow_id];
  seen = std::max(seen, sighting.at);
}

std::vector<std::pair<std::string, TimeNs>> ViolationSum::newest_flows(std::size_t most) const {
  std::vector<std::pair<std::string, TimeNs>> all{flows.begin(), flows.end()};
  const auto newer = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first > b.first;
  };
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::partial_sort(all.begin(), end, all.end(), newer);
  all.erase(end, all.end());
  return all;
}

void SoftwareSum::add(const SoftwareSighting& sighting) {
  add_time(*this, sighting);
  if (sighting.state) state = sighting.state;
}

}  // namespace weir::policy
