// SPDX-License-Identifier: Apache-2.0
// What reports read: rows of a time, one after the other, so that a report of a large store needs no more
// memory than what it adds up.
#pragma once

#include <functional>

#include "policy/model/error.h"
#include "policy/model/time.h"
#include "policy/store/flow_sums.h"
#include "policy/store/store.h"

namespace weir::policy {

/// By id: those that were first seen before `end`, and were seen from `begin` on or are open.
[[nodiscard]] Result<void> each_violation(Store& store, TimeNs begin, TimeNs end,
                                          const std::function<void(const Violation&)>& take);
struct ViolationClosing {
  std::string rule;
  std::string subject;
  TimeNs at = 0;
};
/// In the order in which they were closed, from `begin` on and before `end`.
[[nodiscard]] Result<void> each_closing(Store& store, TimeNs begin, TimeNs end,
                                        const std::function<void(const ViolationClosing&)>& take);
/// By client, product, version: all of the inventory.
[[nodiscard]] Result<void> each_software(Store& store, const std::function<void(const Software&)>& take);
/// By id: the kept flows that ended from `begin` on and before `end`.
[[nodiscard]] Result<void> each_flow(Store& store, TimeNs begin, TimeNs end,
                                     const std::function<void(const FlowRecord&)>& take);

/// What all clients together used, in steps of `length` that begin from `begin` on and before `end`, in
/// order.
[[nodiscard]] Result<void> each_usage(Store& store, TimeNs begin, TimeNs end, TimeNs length,
                                      const std::function<void(const UsagePoint&)>& take);

}  // namespace weir::policy
