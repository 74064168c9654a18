// SPDX-License-Identifier: Apache-2.0
// What one event means for the store. Pure: the same event and the same judge give the same findings.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/flow_event.pb.h"
#include "policy/model/quota.h"
#include "policy/store/records.h"

namespace weir::policy {

/// What the policy in force says of a product; nullopt: there is no policy to ask.
using SoftwareJudge =
    std::function<std::optional<SoftwareState>(const std::string& product, const std::string& version)>;

/// One QuotaUse of an event. Amounts are at most kQuotaAmountMax.
struct QuotaSighting {
  std::string rule;
  std::string subject;
  QuotaUse used;  // without seconds
  std::string flow_id;
  std::uint32_t revision = 0;  // of the policy under which it was counted
  TimeNs at = 0;
};

struct Findings {
  std::vector<ViolationSighting> violations;  // one a hit
  std::vector<SoftwareSighting> software;     // one a product
  std::vector<QuotaSighting> quota_uses;      // one a rule and subject
  std::optional<FlowRecord> flow;             // of a final event
};

/// `event` has passed decode_event, out of `bytes`; empty: they are not at hand.
[[nodiscard]] Findings evaluate(const event::FlowEvent& event, const SoftwareJudge& judge,
                                std::string_view bytes = {});

}  // namespace weir::policy
