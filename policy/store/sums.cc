// SPDX-License-Identifier: Apache-2.0
#include "policy/store/sums.h"

#include <algorithm>

namespace weir::policy {

void SoftwareSum::add(const SoftwareSighting& sighting) {
  first_seen = count == 0 ? sighting.at : std::min(first_seen, sighting.at);
  if (count == 0 || sighting.at >= latest.at) latest = sighting;
  ++count;
  if (sighting.state) state = sighting.state;
}

void SoftwareSum::add(SoftwareSum&& more) {
  first_seen = count == 0 ? more.first_seen : std::min(first_seen, more.first_seen);
  if (count == 0 || more.latest.at >= latest.at) latest = std::move(more.latest);
  count += more.count;
  if (more.state) state = more.state;
}

}  // namespace weir::policy
