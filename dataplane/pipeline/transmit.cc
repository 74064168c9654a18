// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/transmit.h"

#include <algorithm>

namespace weir::dataplane {

void TransmitStage::operator()(Batch& batch) noexcept {
  const auto all = batch.fates.begin() + batch.count;
  // What stands for several fragments cannot be sent as it lies there.
  if (batch.fragments == 0 &&
      std::all_of(batch.fates.begin(), all, [](Fate fate) { return fate == Fate::kForward; })) {
    path_.out.forward_burst(batch.port, batch.packets.data(), batch.count, batch.bytes);
    path_.out.flush();
    batch.count = 0;
    return;
  }
  for (std::size_t i = 0; i < batch.count; ++i) {
    switch (batch.fates[i]) {
      case Fate::kForward:
        path_.out.forward(batch.port, batch.packets[i]);
        break;
      case Fate::kDrop:
        path_.out.drop(batch.port, batch.packets[i], batch.reasons[i]);
        break;
      case Fate::kOpen:    // enforce leaves none open
      case Fate::kParked:  // the parking's now
        break;
    }
  }
  path_.out.flush();
  batch.count = 0;
}

}  // namespace weir::dataplane
