// SPDX-License-Identifier: Apache-2.0
// Where events of this worker wait for Redis: opened at the start, before the sandbox.
#pragma once

#include <memory>

#include "classifier/publish/event_ring.h"
#include "classifier/publish/spool.h"
#include "policy/model/settings.h"

namespace weir::classifier {

/// Of the event ring, for each event that may wait (classifier.event_queue).
inline constexpr std::size_t kRingBytesPerEvent = 256;

struct EventStores {
  EventRing ring;
  std::unique_ptr<Spool> spool;  // nullptr: none
};

/// Makes the worker's spool folder where it is missing, for the user that the classifier becomes. kLimit:
/// another classifier of this worker runs. A place that cannot be written is said, and done without.
[[nodiscard]] Result<EventStores> open_event_stores(const Settings& settings, unsigned worker);

}  // namespace weir::classifier
