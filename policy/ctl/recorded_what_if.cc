// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/recorded_what_if.h"

#include <algorithm>

#include "policy/ctl/flow_row.h"
#include "policy/decide/decide.h"
#include "policy/engine/event_codec.h"
#include "policy/engine/recorded_facts.h"
#include "policy/lang/policy.h"

namespace weir::ctl {

void describe(JudgedFlow& flow, const event::FlowEvent& event) {
  flow.id = event.flow_id();
  flow.client = policy::client_of(event);
  flow.name = event.host().empty() ? policy::peer_of(event) : event.host();
  flow.app = app_text(event);
  flow.bytes = event.counters().bytes_from_initiator() + event.counters().bytes_from_responder();
}

bool RecordedWhatIf::add(const event::FlowEvent& event, TimeNs recorded) {
  if (recorded < since_) return false;
  oldest_ = std::min(oldest_, recorded);
  ++events_;
  const auto at = static_cast<TimeNs>(event.time_ns());
  const auto [place, first] = flows_.try_emplace(event.flow_id());
  JudgedFlow& flow = place->second;
  if (first) describe(flow, event);
  const FlowFacts facts = policy::recorded_facts(event);
  const QuotaTable quotas = policy::recorded_quotas(event);
  const std::vector<ClickThrough> clicks = policy::recorded_clicks(event);
  const DynamicFacts dynamic{.quotas = &quotas, .clicked_through = clicks};
  for (const auto& [policy, said] :
       {std::pair{&*running_, &flow.running}, std::pair{&*candidate_, &flow.candidate}}) {
    const Decision decision = policy::decide(*policy, facts, dynamic, at);
    said->add_earlier(decision.action, decision.rule);
  }
  if (event.kind() == event::KIND_OPENED) {
    visit_(flow);
    flows_.erase(place);
  }
  return true;
}

void RecordedWhatIf::finish() {
  for (const auto& [id, flow] : flows_) visit_(flow);
  flows_.clear();
}

}  // namespace weir::ctl
