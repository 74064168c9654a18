// SPDX-License-Identifier: Apache-2.0
// Quotas of rules: who shares one, how long it lasts, and whether it is used up.
#pragma once

#include <string>
#include <string_view>

#include "policy/lang/policy.h"
#include "policy/model/decision.h"
#include "policy/model/flow_facts.h"

namespace weir::policy {

struct QuotaPeriod {
  TimeNs begins = 0;
  TimeNs ends = 0;  // exclusive
};
/// The one that `now` lies in, by the clocks of the zone.
[[nodiscard]] QuotaPeriod period_of(QuotaEvery every, const TimeZone& zone, TimeNs now);

/// Of the rule of that name; nullptr: there is no such rule, or it has none.
[[nodiscard]] const Quota* quota_of(const Policy& policy, std::string_view rule);

/// "10.20.0.5", "anna@EXAMPLE.COM", "group staff", "all". `group` is the client's; nullptr: it has none, and
/// stands for itself.
[[nodiscard]] std::string subject_of(QuotaPer per, const FlowFacts& facts, const Group* group);

/// How the quota of a rule that matches stands, which it must have.
[[nodiscard]] QuotaMet meet(const Rule& rule, const FlowFacts& facts, const Group* group,
                            const DynamicFacts& dynamic, TimeNs now);
/// "45 of 45 min today", "1.2 of 2 GB this week": of each amount that has a limit.
[[nodiscard]] std::string words_of(const Quota& quota, const QuotaUse& used);

}  // namespace weir::policy
