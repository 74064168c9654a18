// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/retention.h"

#include "policy/store/people.h"

namespace weir::policy {

Result<bool> Retention::look(Store& store, TimeNs now) {
  // A clock that was set back far must not stop it for as long.
  if (now < next_ && next_ - now <= kRetentionEvery) return false;
  auto batch = store.begin();
  if (!batch) return tl::unexpected(batch.error());
  const auto gone = trim_by_age(*batch, keep_, now, kExpiredAtOnce);
  if (!gone) return tl::unexpected(gone.error());
  bool more = false;
  for (const auto& [name, rows] : *gone) {
    more = more || rows >= kExpiredAtOnce;
    if (auto counted = batch->count(name + "_expired", static_cast<std::int64_t>(rows)); !counted)
      return tl::unexpected(counted.error());
  }
  if (auto done = batch->commit(); !done) return tl::unexpected(done.error());
  if (!more) next_ = now + kRetentionEvery;
  return more;
}

}  // namespace weir::policy
