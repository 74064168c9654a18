// SPDX-License-Identifier: Apache-2.0
// The part of Classifier about clients whose group changes while their flows live, since the policy names
// groups by host name or user. A flow that is still looked at sees it at its next packet. Those that have
// their final answer are gone through a few at a time once something has changed, and get another answer.
#include <utility>

#include "classifier/engine/classifier.h"
#include "classifier/engine/facts_of.h"
#include "policy/decide/client_group.h"
#include "policy/lang/policy.h"

namespace weir::classifier {

using channel::VerdictAction;

namespace {

/// What is known ends without a word (ClientTable): so often all flows are looked at.
constexpr TimeNs kIdentityLook = 60 * kSecond;

}  // namespace

/// Another number whenever a client may be in another group than before.
std::uint64_t Classifier::identity_state(TimeNs now) const {
  return parts_.identity.clients.changes() + static_cast<std::uint64_t>(now / kIdentityLook);
}

/// What was learned of the client meanwhile belongs to what is said about the flow, unless the client is in
/// another group by it: what a decision was made of stays beside it.
void Classifier::renew_identity(FlowContext& flow, TimeNs now) {
  auto before = std::exchange(flow.facts.client_identity,
                              parts_.identity.clients.seen(place_of(flow.facts), now).facts);
  if (names_clients_ && belongs_elsewhere(flow)) flow.facts.client_identity = std::move(before);
}

/// The client is in another group than the flow's decision says; its identity is the new one then.
bool Classifier::regrouped(FlowContext& flow, TimeNs now) {
  if (!names_clients_) return false;
  const std::uint64_t state = identity_state(now);
  if (flow.identity_state == state) return false;
  flow.identity_state = state;
  flow.facts.client_identity = parts_.identity.clients.seen(place_of(flow.facts), now).facts;
  return belongs_elsewhere(flow);
}

/// By what is known of it now, the client is in another group than the decision says; or, by the group that a
/// canary is for, another policy decides.
bool Classifier::belongs_elsewhere(const FlowContext& flow) const {
  const policy::Policy& policy = policy_for(flow.facts);
  if (policy_.others && flow.judged_under == policy_.revision) {
    const bool by_canary = flow.decision.revision == policy_.revision;
    if (by_canary != (&policy == policy_.policy.get())) return true;
  }
  return policy::group_name(policy.parts(), flow.facts) != flow.decision.group;
}

bool Classifier::look_at_groups() {
  if (!names_clients_ || answers_.waiting() > kAnswersWaitingMax / 2) return false;
  if (look_next_ >= slots_.size()) {
    const std::uint64_t state = identity_state(last_time_);
    if (state == looked_at_) return false;
    looked_at_ = state;
    look_next_ = 0;
  }
  std::uint32_t flows = 0;
  for (std::uint32_t slots = 0; slots < kLookSlots && flows < kLookFlows && look_next_ < slots_.size();
       ++slots, ++look_next_) {
    if (slots_[look_next_].settled.empty()) continue;
    ++flows;
    look_again(look_next_);
  }
  return true;
}

/// At a flow that has its final answer. A connection that was cut stays so: nothing would bring it back, and
/// what is said of it at its end is why it was.
void Classifier::look_again(std::uint32_t slot) {
  FlowContext& flow = open(slot);
  const bool cut = flow.facts.tuple.protocol == kProtocolTcp && blocks(flow.decision.action);
  if (!cut && regrouped(flow, last_time_)) {
    ++counts_.regrouped;
    judge(flow, last_time_);
    const bool dropped = flow.exception_action == ExceptionAction::kDrop;
    flow.final = false;
    answer_final(flow, {slot, flow.generation},
                 blocks(flow.decision.action) ? VerdictAction::kReset
                 : dropped                    ? VerdictAction::kDrop
                                              : VerdictAction::kForward);
    say(flow, last_time_);
  }
  settle(slot);
}

}  // namespace weir::classifier
