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

void SoftwareSum::add(const SoftwareSighting& sighting) {
  add_time(*this, sighting);
  if (sighting.state) state = sighting.state;
}

}  // namespace weir::policy
