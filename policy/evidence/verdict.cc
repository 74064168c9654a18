// SPDX-License-Identifier: Apache-2.0
#include "policy/evidence/verdict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/audit/signing.h"
#include "policy/decide/decide.h"
#include "policy/engine/recorded_facts.h"
#include "policy/lang/policy.h"

namespace weir::evidence {
namespace {

std::string hit_text(std::string_view rule, std::string_view action, bool would_block,
                     std::string_view object) {
  return fmt::format("{} {}{} {}", rule, would_block ? "would " : "", action, object);
}

}  // namespace

std::string to_text(const Verdict& verdict) {
  const std::string by = verdict.rule.empty() ? "" : " by " + verdict.rule;
  return fmt::format("{}{} ({})", verdict.action, by, fmt::join(verdict.hits, ", "));
}

std::string hash_of(const Verdict& verdict) {
  std::string hits;
  for (const std::string& hit : verdict.hits) hits += policy::hash_of({hit});
  return policy::hash_of({"weir-verdict-1", verdict.action, verdict.rule, hits});
}

Verdict verdict_of(const std::vector<event::FlowEvent>& events) {
  Verdict verdict;
  for (const event::FlowEvent& event : events) {
    verdict.action = event.action();
    verdict.rule = event.rule();
    for (const event::Hit& hit : event.hits())
      verdict.hits.insert(hit_text(hit.rule(), hit.action(), hit.would_block(), hit.object()));
  }
  return verdict;
}

Verdict verdict_by_facts(const policy::Policy& policy, const std::vector<event::FlowEvent>& events) {
  Verdict verdict;
  for (const event::FlowEvent& event : events) {
    const FlowFacts facts = policy::recorded_facts(event);
    const QuotaTable quotas = policy::recorded_quotas(event);
    const std::vector<ClickThrough> clicks = policy::recorded_clicks(event);
    const DynamicFacts dynamic{.quotas = &quotas, .clicked_through = clicks};
    const Decision decision = policy::decide(policy, facts, dynamic, static_cast<TimeNs>(event.time_ns()));
    verdict.action = to_string(decision.action);
    verdict.rule = decision.rule;
    for (const RuleHit& hit : decision.hits)
      verdict.hits.insert(hit_text(hit.rule, to_string(hit.action), hit.would_block, hit.object));
  }
  return verdict;
}

std::vector<std::string> facts_that_differ(const event::FlowEvent& recorded,
                                           const event::FlowEvent& replayed) {
  std::vector<std::string> lines;
  const auto compare = [&](const char* what, const std::string& then, const std::string& now) {
    if (then != now)
      lines.push_back(fmt::format("{}: {} when it was recorded, {} in the replay", what,
                                  then.empty() ? "none" : then, now.empty() ? "none" : now));
  };
  compare("host", recorded.host(), replayed.host());
  compare("app", recorded.app(), replayed.app());
  compare("group", recorded.group(), replayed.group());
  compare("name of the client", recorded.client().host_name(), replayed.client().host_name());
  compare("user", recorded.client().user(), replayed.client().user());
  compare("name asked for", recorded.dns_name(), replayed.dns_name());
  compare("country", recorded.country(), replayed.country());
  compare("exceptions", fmt::format("{}", fmt::join(recorded.exceptions(), " ")),
          fmt::format("{}", fmt::join(replayed.exceptions(), " ")));
  return lines;
}

}  // namespace weir::evidence
