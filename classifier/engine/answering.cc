// SPDX-License-Identifier: Apache-2.0
// The second half of Classifier: what goes back to the data plane, and what is said to the world.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "classifier/engine/about.h"
#include "classifier/engine/classifier.h"
#include "classifier/engine/facts_of.h"
#include "policy/decide/decide.h"

namespace weir::classifier {

using channel::Answer;
using channel::AnswerType;
using channel::LimitScope;
using channel::Request;
using channel::VerdictAction;

namespace {

constexpr TimeNs kForEver = INT64_MAX;

/// What was known of quotas when the decision was made.
QuotaTable quotas_of(const Decision& decision, TimeNs then) {
  QuotaTable table;
  for (const QuotaMet& met : decision.quotas) static_cast<void>(table.learn(met.fact, then));
  return table;
}

}  // namespace

void Classifier::answer(FlowContext& flow, const Request& request, const Inspected& seen) {
  const bool goes_on =
      flow.decision.action == Action::kRefuse && (seen.conflict || seen.ahead);  // without this packet
  if (blocks(flow.decision.action) && !goes_on) return answer_blocked(flow, request, seen);
  if (!flow.going_on.empty() && answer_click(flow, request)) return;
  if (flow.owed && (!flow.inspector || owed_too_late(flow, request)))
    return answer_final(flow, request.flow, VerdictAction::kReset);
  if (flow.exception_action != ExceptionAction::kPass) {
    const bool drop = flow.exception_action == ExceptionAction::kDrop;
    return answer_final(flow, request.flow, drop ? VerdictAction::kDrop : VerdictAction::kForward);
  }
  if (seen.conflict || seen.ahead) {
    ++(seen.conflict ? counts_.conflicts : counts_.ahead);
    Answer drop = about(request, AnswerType::kDropPacket);
    drop.ahead = seen.conflict ? 0 : 1;
    return push(flow, drop);
  }
  if (flow.owed && request.head.direction == flow.owed->client) return give_owed(flow, request);
  if (flow.facts.names_final && flow.facts.app_final && !flow.inspector) {
    return answer_final(flow, request.flow, VerdictAction::kForward);
  }
  answer_release(flow, request, seen);
}

/// Allowed so far: lets go what was judged and goes on looking.
void Classifier::answer_release(FlowContext& flow, const Request& request, const Inspected& seen) {
  const bool waits = flow.inspector && !seen.in_order;
  if (waits || (!seen.gap && holds_command(flow, request))) return;
  Answer release = about(request, AnswerType::kRelease);
  if (flow.inspector && seen.gap) {
    release.type = AnswerType::kReleasePacket;
  } else if (SkipRange& skip = flow.skips[static_cast<std::size_t>(request.head.direction)];
             skip.known && flow.facts.app_final) {
    // nDPI wanted to see the beginning of what our parsers skip; the rest of it may pass unseen.
    const auto shown = request.head.tcp_sequence + static_cast<std::uint32_t>(payload_of(request).size());
    const std::uint32_t from = is_after(shown, skip.from) ? shown : skip.from;
    skip.known = false;
    if (is_after(skip.end, from)) {
      const std::uint32_t most = counts_use(flow.decision) ? kQuotaSayBytes : UINT32_MAX;
      release.type = AnswerType::kSkip;
      release.skip_from_sequence = from;
      release.skip_bytes = std::min(skip.end - from, most);
      skip.known = release.skip_bytes < skip.end - from;
    }
  }
  if (request.head.parked != 0 || release.type == AnswerType::kSkip) push(flow, release);
}

/// Packets before this one, which contradicts them, never left: it takes their place.
void Classifier::drop_waiting(const FlowContext& flow, const Request& request) {
  ++counts_.conflicts;
  Answer drop = about(request, AnswerType::kDropPacket);
  drop.through = request.head.number - 1;
  drop.swallow = 1;
  push(flow, drop);
}

/// For a packet that cannot be judged the exception table speaks; the flow goes on.
void Classifier::answer_alone(FlowContext& flow, const Request& request, ExceptionCause cause) {
  static_cast<void>(exception(flow, cause));  // the data plane has the same table, and counts what it does
  Answer answer = about(request, AnswerType::kReleasePacket);
  answer.exception = static_cast<std::uint8_t>(1 + static_cast<unsigned>(cause));
  push(flow, answer);
}

void Classifier::answer_final(FlowContext& flow, channel::FlowRef ref, VerdictAction action) {
  if (!flow.final) {
    ++(action == VerdictAction::kForward ? counts_.forwarded
       : action == VerdictAction::kDrop  ? counts_.dropped
                                         : counts_.reset);
  }
  flow.final = true;
  flow.final_action = action;
  Answer answer;
  answer.type = AnswerType::kFinal;
  answer.action = action;
  answer.flow = ref;
  if (action == VerdictAction::kForward) answer.expires_s = seconds_left(flow);
  push(flow, answer);
  end_inspection(flow);
}

/// Until an exception or click-through ends that the flow's decision stands on, or its use has to be counted:
/// then the flow asks again. 0: it need not.
std::uint32_t Classifier::seconds_left(const FlowContext& flow) const {
  TimeNs left = counts_use(flow.decision) ? kQuotaSayEvery : kForEver;
  if (flow.decision.lifted_until != 0) left = std::min(left, flow.decision.lifted_until - clock_reached_);
  if (left == kForEver) return 0;
  return static_cast<std::uint32_t>(std::clamp<TimeNs>((left + kSecond - 1) / kSecond, 1, UINT32_MAX));
}

/// Nothing more will be learned of this flow: assembly and nDPI's state go.
void Classifier::end_inspection(FlowContext& flow) {
  flow.inspector.reset();
  static_cast<void>(end_label(flow));
  count_held(flow);
}

void Classifier::push(const FlowContext& flow, Answer answer, std::string payload) {
  answer.policy_revision = policy_.revision;
  if (answer.exception == 0 && !blocks(flow.decision.action)) answer.exception = flow.exception;
  if (flow.decision.action == Action::kLimit) {
    answer.limit_bytes_s = flow.decision.limit.bytes_s;
    answer.limit_scope = flow.decision.limit.per_client ? LimitScope::kClient : LimitScope::kFlow;
  }
  answers_.push(answer, std::move(payload));
  // A verdict with a hit leaves after its event, at the request's end: whoever kills this process in between
  // finds neither in force, or both said.
  if (answered_ && flow.hits_unsaid.empty()) answered_();
}

void Classifier::say(FlowContext& flow, TimeNs now) {
  const bool new_hits = !flow.hits_unsaid.empty();
  if (!flow.opened_said) {
    const bool labelled = flow.facts.app_final && flow.level == channel::InspectedLevel::kFull;
    if (!flow.final && !labelled && flow.facts.host.empty() && !new_hits) return;  // no real verdict yet
    flow.opened_said = true;
    return parts_.sink.accept(event_of(flow, event::KIND_OPENED, now));
  }
  const TimeNs silent = now - flow.last_said;
  const bool used = flow.account.is_due(flow.decision, flow.facts.mail.messages, silent);
  if (new_hits || used || (flow.news && silent >= kUpdateInterval)) {
    parts_.sink.accept(event_of(flow, event::KIND_UPDATE, now));
  }
}

/// A mail message that ended is said at once: the next one takes its place in the facts.
void Classifier::say_message(FlowContext& flow, TimeNs now) {
  const MailFacts& mail = flow.facts.mail;
  if (mail.message.empty() || !mail.message.front().done || flow.message_said == mail.messages_begun) return;
  flow.message_said = mail.messages_begun;
  if (flow.messages_said == kMessagesSaidMax) return;
  ++flow.messages_said;
  parts_.sink.accept(event_of(flow, flow.opened_said ? event::KIND_UPDATE : event::KIND_OPENED, now));
  flow.opened_said = true;
}

event::FlowEvent& Classifier::event_of(FlowContext& flow, event::Kind kind, TimeNs now) {
  renew_identity(flow, now);
  std::span<const DecisionStep> path = flow.decision.path;
  Decision traced;
  if (path.empty() && flow.decided_at != 0 && flow.judged_under == policy_.revision) {
    // An exception that did not hold then does not hold in its account.
    const QuotaTable quotas = quotas_of(flow.decision, flow.decided_at);
    const DynamicFacts then{.clock_reached = flow.decision.exception.empty() ? kForEver : 0,
                            .quotas = &quotas,
                            .clicked_through = flow.decision.clicked_through};
    traced = decide(flow.facts, then, flow.decided_at, policy::Trace::kShort);
    path = traced.path;
  }
  if (redis_away_ || options_.simulation.hit(ExceptionCause::kRedisAway)) {
    constexpr auto kIndex = static_cast<unsigned>(ExceptionCause::kRedisAway);
    if ((flow.exceptions >> kIndex & 1U) == 0) static_cast<void>(exception(flow, ExceptionCause::kRedisAway));
  }
  const FlowStory story{.facts = flow.facts,
                        .decision = flow.decision,
                        .number = flow.number,
                        .pair = flow.pair,
                        .icmp_type = flow.icmp_type,
                        .icmp_code = flow.icmp_code,
                        .exceptions = flow.exceptions,
                        .new_hits = flow.hits_unsaid,
                        .path = path};
  event::FlowEvent& event = parts_.builder.build(kind, now, story);
  flow.account.say(flow.decision, flow.facts.mail.messages, event);
  flow.dns.say(event);
  flow.hits_said.insert(flow.hits_said.end(), std::make_move_iterator(flow.hits_unsaid.begin()),
                        std::make_move_iterator(flow.hits_unsaid.end()));
  flow.hits_unsaid.clear();
  flow.last_said = now;
  flow.news = false;
  return event;
}

void Classifier::say_final(FlowContext& flow, const channel::FlowClosed* closed, TimeNs now) {
  if (closed != nullptr) {
    flow.exceptions |= closed->exceptions;
    flow.account.saw(closed->bytes);
  }
  event::FlowEvent& event = event_of(flow, event::KIND_FINAL, now);
  if (closed != nullptr) {
    EventBuilder::add_end(event, *closed);
    if (flow.responses.count() > 0) {
      auto* network = event.mutable_network();
      network->set_responses(flow.responses.count());
      network->set_response_mean_us(flow.responses.mean_us());
      network->set_response_max_us(flow.responses.max_us());
    }
  } else {  // the data plane went away without a word: no counters
    event.set_ended_ns(static_cast<std::uint64_t>(now));
    event.set_end_reason("shutdown");
  }
  parts_.sink.accept(event);
}

}  // namespace weir::classifier
