// SPDX-License-Identifier: Apache-2.0
// The policy is asked about a flow: with which facts, when again, and what is kept of its answer.
#include <algorithm>
#include <array>
#include <utility>

#include "classifier/engine/about.h"
#include "classifier/engine/classifier.h"
#include "classifier/identity/encrypted_dns.h"
#include "policy/decide/client_group.h"
#include "policy/decide/decide.h"

namespace weir::classifier {

using channel::Request;

bool Classifier::lifting_ended(const FlowContext& flow) const {
  return flow.decision.lifted_until != 0 && clock_reached_ >= flow.decision.lifted_until;
}

bool Classifier::quota_turned(FlowContext& flow, const Request& request) {
  if (flow.decision.quotas.empty()) return false;
  const bool other_use = std::ranges::any_of(flow.decision.quotas, [&](const QuotaMet& met) {
    const QuotaFact* const known = quotas_.find(met.fact.rule, met.fact.subject, request.time);
    return known == nullptr ? met.fact.period_ends != 0 : *known != met.fact;
  });
  if (!other_use && !(flow.final && asks(request))) return false;
  const Action action = flow.decision.action;
  const RateLimit limit = flow.decision.limit;
  judge(flow, request.time);
  return flow.decision.action != action || flow.decision.limit != limit;
}

void Classifier::learn(const QuotaFact& fact) {
  if (!quotas_.learn(fact, clock_reached_)) ++counts_.quota_facts_lost;
  counts_.quota_facts = quotas_.size();
}

/// The search engine of the name that a question for addresses asks for, where it has a safe form.
const policy::SafeEngine* Classifier::safe_engine(const DnsFacts& dns) const {
  constexpr std::array<std::uint16_t, 6> kOfAddresses{1, 5, 28, 64, 65, 255};  // A CNAME AAAA SVCB HTTPS ANY
  const bool asks = dns.seen && !dns.response && std::ranges::count(kOfAddresses, dns.query_type) > 0;
  return asks && parts_.safe_search != nullptr ? parts_.safe_search->find(dns.query) : nullptr;
}

const policy::Policy& Classifier::policy_for(const FlowFacts& facts) const {
  const bool is_others =
      policy_.others && policy::group_name(policy_.others->parts(), facts) != policy_.canary;
  return is_others ? *policy_.others : *policy_.policy;
}

Decision Classifier::decide(const FlowFacts& facts, const DynamicFacts& dynamic, TimeNs now,
                            policy::Trace trace) const {
  const policy::Policy& policy = policy_for(facts);
  Decision decision = policy::decide(policy, facts, dynamic, now, trace);
  if (&policy == policy_.policy.get()) decision.revision = policy_.revision;
  return decision;
}

void Classifier::judge(FlowContext& flow, TimeNs now) {
  ++counts_.decisions;
  const DynamicFacts dynamic{.clock_reached = clock_reached_,
                             .quotas = &quotas_,
                             .clicked_through = parts_.identity.clicks.of(flow.client, clock_reached_)};
  flow.facts.encrypted_dns = encrypted_dns_of(flow.facts);
  const policy::SafeEngine* const engine = safe_engine(flow.facts.dns);
  flow.facts.dns.engine = engine != nullptr ? engine->engine : std::string{};
  static_cast<void>(parts_.software.identify(flow.facts, flow.traces));
  flow.decision = decide(flow.facts, dynamic, now, policy::Trace::kOff);
  // Evidence: the path with the facts that blocked, not later ones.
  if (blocks(flow.decision.action)) flow.decision = decide(flow.facts, dynamic, now, policy::Trace::kShort);
  flow.judged_under = policy_.revision;
  flow.decided_at = now;
  flow.news = true;
  for (const RuleHit& hit : flow.decision.hits) note_hit(flow, hit);
}

/// What is said with the next event, unless it was said.
void Classifier::note_hit(FlowContext& flow, const RuleHit& hit) {
  const auto known = [&hit](const std::vector<RuleHit>& hits) {
    return std::find(hits.begin(), hits.end(), hit) != hits.end();
  };
  if (known(flow.hits_said) || known(flow.hits_unsaid)) return;
  if (flow.hits_said.size() + flow.hits_unsaid.size() >= kHitsPerFlowMax) {
    ++counts_.hits_unsaid;
  } else {
    flow.hits_unsaid.push_back(hit);
    if (options_.keep_from && hit.severity >= *options_.keep_from) flow.worth_keeping = true;
  }
}

/// What a receiver reads that has the second copy of some bytes. It counts when it is blocked; else the first
/// reading stays the flow's.
void Classifier::judge_other(FlowContext& flow, TimeNs now) {
  FlowFacts& other = flow.inspector->other_facts();
  other.master = flow.facts.master;
  other.app = flow.facts.app;
  other.confidence = flow.facts.confidence;
  other.app_final = flow.facts.app_final;
  other.client_identity = flow.facts.client_identity;
  std::swap(flow.facts, other);
  judge(flow, now);
  if (blocks(flow.decision.action)) return;
  std::swap(flow.facts, other);
  judge(flow, now);
}

}  // namespace weir::classifier
