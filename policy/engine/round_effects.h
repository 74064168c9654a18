// SPDX-License-Identifier: Apache-2.0
// What the events of one round mean for the store, added up before the transaction: other engines wait
// for what is written and not for decoding. It holds as long as none of the events was applied before; where
// one was, it is gathered again without it.
#pragma once

#include <utility>
#include <vector>

#include "policy/engine/findings.h"
#include "policy/store/flow_sums.h"
#include "policy/store/sums.h"

namespace weir::policy {

struct RoundEffects {
  std::vector<EventKey> keys;  // of all events, those too that are left out
  std::vector<ViolationSighting> violations;
  std::vector<QuotaSighting> quota_uses;
  SoftwareSums software;
  std::vector<FlowRecord> flows;
  FlowSums sums;

  void add(Findings&& findings) {
    for (ViolationSighting& one : findings.violations) violations.push_back(std::move(one));
    for (QuotaSighting& one : findings.quota_uses) quota_uses.push_back(std::move(one));
    for (const SoftwareSighting& one : findings.software) software.add(one);
    if (findings.flow) flows.push_back(std::move(*findings.flow));
  }
};

}  // namespace weir::policy
