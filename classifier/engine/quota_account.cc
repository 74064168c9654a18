// SPDX-License-Identifier: Apache-2.0
#include "classifier/engine/quota_account.h"

namespace weir::classifier {

bool counts_use(const Decision& decision) {
  return std::any_of(decision.quotas.begin(), decision.quotas.end(),
                     [](const QuotaMet& met) { return met.counts; });
}

void QuotaAccount::say(const Decision& decision, std::uint32_t messages, event::FlowEvent& event) {
  for (const QuotaMet& met : decision.quotas) {
    if (!met.counts) continue;
    const bool counted = std::find(rules.begin(), rules.end(), met.fact.rule) != rules.end();
    if (counted && bytes == bytes_said && messages == messages_said) continue;
    if (!counted) rules.push_back(met.fact.rule);
    auto* use = event.add_quota_uses();
    use->set_rule(met.fact.rule);
    use->set_subject(met.fact.subject);
    use->set_bytes(bytes - bytes_said);
    use->set_flows(counted ? 0 : 1);
    use->set_messages(messages - messages_said);
  }
  if (!counts_use(decision)) return;
  ending = false;
  bytes_said = bytes;
  messages_said = messages;
}

}  // namespace weir::classifier
