// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/recorded_what_if.h"

#include <algorithm>
#include <numeric>

#include "policy/ctl/flow_row.h"
#include "policy/ctl/recorded_events.h"
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

Result<void> walk_recorded(policy::StreamBrowser& streams, const std::vector<std::string>& names,
                           RecordedWhatIf& recorded, const Progress::Tell& tell,
                           const std::function<bool()>& goes_on) {
  std::vector<std::uint64_t> entries;
  for (const std::string& name : names) {
    const auto length = streams.length(name);
    if (!length) return tl::unexpected(length.error());
    entries.push_back(*length);
  }
  Progress progress{std::accumulate(entries.begin(), entries.end(), std::uint64_t{0}), tell};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::uint64_t before = progress.done();
    const auto walked = walk_back(
        streams, names[i], UINT64_MAX,
        [&](const auto& event, TimeNs at) { return (!goes_on || goes_on()) && recorded.add(event, at); },
        [&](TimeNs at) { progress.step(recorded.events(), at); }, DecisionPath::kLeftOut);
    if (!walked) return walked;
    progress.skip(entries[i] -
                  std::min(entries[i], progress.done() - before));  // older than what was asked for
  }
  return {};
}

void RecordedWhatIf::finish() {
  for (const auto& [id, flow] : flows_) visit_(flow);
  flows_.clear();
}

}  // namespace weir::ctl
