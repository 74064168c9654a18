// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/enforce.h"

#include "dataplane/pipeline/inject.h"
#include "dataplane/pipeline/refuse.h"
#include "dataplane/pipeline/release.h"
#include "dataplane/pipeline/treat.h"

namespace weir::dataplane {

void EnforceStage::operator()(Batch& batch) noexcept {
  for (std::size_t i = batch.first; i < batch.last; ++i) {
    if (batch.fates[i] != Fate::kOpen) continue;
    const std::uint32_t slot = batch.slots[i];
    const FlowHot& hot = path_.flows.hot(slot);
    switch (hot.verdict) {
      case VerdictAction::kForward:
        batch.end(i, Fate::kForward);
        if ((hot.flags & kTreated) != 0) treat_decided(path_, batch, i);
        break;
      case VerdictAction::kDrop:
        batch.end(i, Fate::kDrop, drop_reason_of(hot));
        if ((hot.flags & kAnswered) != 0) {
          end_conversation(path_, batch, i);
          batch.end(i, Fate::kDrop, DropReason::kAnswered);
        }
        break;
      case VerdictAction::kReset:
        refuse(path_, slot, batch.packets[i], batch.metas[i], batch.port, batch.directions[i]);
        batch.end(i, Fate::kDrop, DropReason::kPolicyReset);
        break;
    }
  }
}

}  // namespace weir::dataplane
