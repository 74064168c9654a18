// SPDX-License-Identifier: Apache-2.0
#include "classifier/engine/classifier.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "classifier/engine/about.h"
#include "classifier/engine/facts_of.h"
#include "classifier/stream/tcp_stream.h"
#include "policy/categories/canonical_name.h"

namespace weir::classifier {

using channel::Answer;
using channel::AnswerType;
using channel::Direction;
using channel::Request;
using channel::RequestType;
using channel::VerdictAction;

Classifier::Classifier(ClassifierOptions options, ClassifierParts parts, PolicyInForce policy)
    : options_(std::move(options)), parts_(parts), policy_(std::move(policy)) {}

void Classifier::attach(std::uint32_t slots, std::uint64_t boot) {
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) end_former(slot, last_time_);
  parts_.builder.number_flows_by(boot);
  slots_.clear();
  slots_.resize(slots);
  answers_.clear();
  set_policy(policy_);
}

void Classifier::set_policy(PolicyInForce policy) {
  policy_ = std::move(policy);
  if (policy_.revision == 0) return;  // what was decided before stays decided
  Answer answer;
  answer.type = AnswerType::kPolicyRevision;
  answer.policy_revision = policy_.revision;
  answers_.push(answer);
  const auto any = [&](auto holds) {
    return holds(policy_.policy->parts()) || (policy_.others && holds(policy_.others->parts()));
  };
  may_refuse_ = any([](const policy::PolicyParts& parts) {
    return std::ranges::any_of(parts.rules[static_cast<std::size_t>(Section::kEmail)],
                               [](const policy::Rule& rule) { return rule.then == Action::kRefuse; });
  });
  names_clients_ = any([](const policy::PolicyParts& parts) { return parts.names_clients(); });
  looked_at_ = identity_state(last_time_);  // flows of other policies ask by themselves
  look_next_ = UINT32_MAX;
}

void Classifier::on_request(const Request& request) {
  ++counts_.requests;
  if (options_.simulation.hit(Fault::kCrash)) std::abort();
  last_time_ = request.time;
  clock_reached_ = std::max(clock_reached_, request.time);
  take(request);
  look_at_groups();
}

void Classifier::take(const Request& request) {
  switch (request.type) {
    case RequestType::kFlowOpened:
      on_opened(request);
      return settle(request.flow.slot);
    case RequestType::kPacket:
      on_packet(request);
      return settle(request.flow.slot);
    case RequestType::kFlowClosed:
      return on_closed(request);
    case RequestType::kPacketMore:
      return;  // the channel joins these to their kPacket
  }
}

void Classifier::on_opened(const Request& request) {
  if (request.flow.slot >= slots_.size()) return;
  end_former(request.flow.slot, request.time);  // its end was lost with a full channel
  ++counts_.opened;
  ++counts_.flows;
  FlowContext& flow = open(request.flow.slot);
  flow.generation = request.flow.generation;
  flow.number = request.opened.number;
  flow.pair = request.opened.pair;
  flow.midstream = request.opened.midstream != 0;
  flow.facts = facts_of(request.opened, request.time);
  const std::uint8_t protocol = flow.facts.tuple.protocol;
  flow.level = request.opened.level;
  flow.facts.app_final = flow.level >= channel::InspectedLevel::kNamesOnly;
  const bool has_names = protocol == kProtocolTcp || protocol == kProtocolUdp;
  if (has_names && flow.level <= channel::InspectedLevel::kNamesOnly) {
    flow.inspector.emplace(flow.facts.tuple, flow.midstream, options_.inspect);
  }
  flow.facts.names_final = !flow.inspector;
  GeoFacts place = parts_.geo.find(flow.facts.peer());
  flow.facts.country = std::move(place.country);
  flow.facts.asn = place.asn;
  flow.facts.as_org = std::move(place.as_org);
  recognise(flow, request.time);
  note_policy(flow);
  static_cast<void>(sign(flow, nullptr, true));
  judge(flow, request.time);  // rules about addresses can speak before any byte
  // A page is for who asks for one.
  if (flow.decision.action == Action::kBlock) answer_final(flow, request.flow, VerdictAction::kReset);
  say(flow, request.time);
}

void Classifier::on_packet(const Request& request) {
  ++counts_.packets;
  FlowContext* flow = find(request.flow);
  if (flow == nullptr) {
    ++counts_.stale;
    return;
  }
  flow->account.saw(request.head.flow_bytes);
  flow->account.ending |= (request.head.tcp_flags & (kTcpFin | kTcpRst)) != 0;
  // A reload came between, asked about or not, what lifted a rule ended, more is known of the client, or a
  // quota is used up.
  const bool other_group = regrouped(*flow, request.time);
  const bool again = other_group || flow->judged_under != policy_.revision || lifting_ended(*flow) ||
                     quota_turned(*flow, request);
  if (flow->final && !again) {  // it crossed the answer on its way
    // A verdict may expire before its reason does: then only to be given again.
    if (asks(request)) answer_final(*flow, request.flow, flow->final_action);
    return say(*flow, request.time);
  }
  // Of a final flow all facts are there: none is looked for in the packet that asks again.
  if (!flow->final && is_later_fragment(request, flow->facts.tuple.protocol)) {
    return answer_alone(*flow, request, ExceptionCause::kFragment);
  }
  flow->final = false;
  if (again) note_policy(*flow);
  if (request.head.payload_bytes > 0) flow->responses.note(request.head.direction, request.time);

  Inspected seen = inspect(*flow, request);  // bytes -> names
  if (seen.drops_waiting) drop_waiting(*flow, request);
  learn(*flow, request, seen);  // names -> what is known of clients
  if (seen.facts_changed) flow->dns.saw(flow->facts.dns, suffixes_);
  bool labelled = !seen.conflict && label(*flow, request, seen.facts_changed);  // -> application
  seen.undecidable |= options_.simulation.hit(ExceptionCause::kStreamUndecidable);
  seen.parser_error |= options_.simulation.hit(ExceptionCause::kParserError);
  if (seen.undecidable || seen.parser_error) give_up(*flow, seen);  // the exception table speaks
  if (seen.broken) return answer_alone(*flow, request, ExceptionCause::kParserError);
  const bool named = name_by_evidence(*flow);
  labelled |= sign(*flow, &request, seen.facts_changed || named);
  if (seen.facts_changed) take_click(*flow);
  if (seen.facts_changed || labelled || named || again) judge(*flow, request.time);
  while (seen.more && flow->inspector && !blocks(flow->decision.action)) {
    say_message(*flow, request.time);
    seen = flow->inspector->next(request.head.direction, flow->facts);
    learn(*flow, request, seen);
    if (seen.facts_changed) flow->dns.saw(flow->facts.dns, suffixes_);
    note_skip(*flow, request, seen);
    if (seen.undecidable || seen.parser_error) give_up(*flow, seen);
    if (seen.facts_changed && seen.other_reading) {
      judge_other(*flow, request.time);
      continue;
    }
    const bool news = name_by_evidence(*flow) || seen.facts_changed;
    if (seen.facts_changed) take_click(*flow);
    if (sign(*flow, nullptr, news) || news) judge(*flow, request.time);
  }
  count_held(*flow);
  answer(*flow, request, seen);
  say_message(*flow, request.time);
  say(*flow, request.time);
}

void Classifier::on_closed(const Request& request) {
  ++counts_.closed;
  FlowContext* flow = find(request.flow);
  if (flow == nullptr) {
    ++counts_.closed_unknown;
    FlowContext unknown;
    unknown.number = request.closed.flow.number;
    unknown.pair = request.closed.flow.pair;
    unknown.facts = facts_of(request.closed.flow, request.closed.started_ns);
    unknown.decision.revision = request.closed.policy_revision;
    if (request.closed.reason == channel::EndReason::kBlocked) unknown.decision.action = Action::kBlock;
    say_final(unknown, &request.closed, request.time);
    return;
  }
  if (end_label(*flow)) {
    // What is learned at the end can be reported; it was not enforced any more.
    const Action enforced = flow->decision.action;
    judge(*flow, request.time);
    if (blocks(flow->decision.action) && !blocks(enforced)) {
      flow->decision.action = enforced;
      for (RuleHit& hit : flow->hits_unsaid) hit.would_block = hit.action > Action::kReport;
    }
  }
  say_final(*flow, &request.closed, request.time);
  forget(request.flow.slot);
}

FlowContext* Classifier::find(channel::FlowRef ref) {
  if (ref.slot >= slots_.size()) return nullptr;
  const FlowSlot& slot = slots_[ref.slot];
  const bool there = slot.open != nullptr || !slot.settled.empty();
  const std::uint32_t generation = slot.open != nullptr ? slot.open->generation : slot.settled.generation();
  return there && generation == ref.generation ? &open(ref.slot) : nullptr;
}

/// The slot's flow to work with; a new one where there is none.
FlowContext& Classifier::open(std::uint32_t slot) {
  FlowSlot& at = slots_[slot];
  if (at.open != nullptr) return *at.open;
  at.open = std::make_unique<FlowContext>();
  ++counts_.flows_undecided;
  if (at.settled.empty()) return *at.open;
  counts_.settled_bytes -= at.settled.bytes().size();
  at.settled.unpack_into(*at.open);
  return *at.open;
}

/// A flow that has its final answer is kept packed.
void Classifier::settle(std::uint32_t slot) {
  if (slot >= slots_.size()) return;
  FlowSlot& at = slots_[slot];
  if (at.open == nullptr || !at.open->final) return;
  if (!names_clients_) at.open->facts.client_identity = nullptr;  // looked up whenever an event is built
  at.settled = SettledFlow::pack(*at.open);
  counts_.settled_bytes += at.settled.bytes().size();
  at.open.reset();
  --counts_.flows_undecided;
}

/// A flow whose end nobody told.
void Classifier::end_former(std::uint32_t slot, TimeNs now) {
  if (slots_[slot].open == nullptr && slots_[slot].settled.empty()) return;
  say_final(open(slot), nullptr, now);
  forget(slot);
}

/// Of an open flow.
void Classifier::forget(std::uint32_t slot) {
  counts_.bytes_held -= slots_[slot].open->bytes_held;
  slots_[slot].open.reset();
  --counts_.flows;
  --counts_.flows_undecided;
}

Inspected Classifier::inspect(FlowContext& flow, const Request& request) {
  Inspected seen;
  if (!flow.inspector) {
    note_icmp(flow, request);
    return seen;
  }
  const Bytes payload = payload_of(request);
  if (flow.facts.tuple.protocol == kProtocolTcp) {
    // When all flows together hold much, each is held to what one may always have.
    if (counts_.bytes_held > options_.stream_bytes_total_max / 2)
      flow.inspector->keep_unacknowledged(options_.inspect.stream_bytes_max);
    seen = flow.inspector->on_segment(request.head.direction, request.head.tcp_sequence,
                                      request.head.tcp_flags, payload, flow.facts,
                                      acknowledged_by(flow, request), request.head.parked != 0);
  } else {
    seen = flow.inspector->on_datagram(request.head.direction, payload, flow.facts);
  }
  count_held(flow);
  if (counts_.bytes_held > options_.stream_bytes_total_max && flow.bytes_held > 0) seen.undecidable = true;
  note_skip(flow, request, seen);
  return seen;
}

void Classifier::note_skip(FlowContext& flow, const Request& request, const Inspected& seen) {
  if (seen.skip_bytes == 0) return;
  flow.skips[static_cast<std::size_t>(request.head.direction)] = {
      .known = true, .from = seen.skip_from_sequence, .end = seen.skip_from_sequence + seen.skip_bytes};
}

/// Keeps the total of assembly bytes right and lets the inspector go when it has nothing more to say.
void Classifier::count_held(FlowContext& flow) {
  if (flow.inspector && flow.inspector->settled()) flow.inspector.reset();
  if (!flow.inspector) flow.facts.names_final = true;
  const std::size_t held = flow.inspector ? flow.inspector->bytes_held() : 0;
  counts_.bytes_held += held - flow.bytes_held;
  flow.bytes_held = held;
}

bool Classifier::label(FlowContext& flow, const Request& request, bool named) {
  if (flow.facts.app_final) return false;
  if (auto known = named ? parts_.labeler.label_of_name(flow.facts) : std::nullopt) {
    flow.ndpi = {};
    return take_label(flow, std::move(*known));
  }
  NdpiLabel label = parts_.labeler.feed(flow.ndpi,
                                        {.from_l3 = request.packet,
                                         .l4_offset = request.head.l4_offset,
                                         .payload_offset = request.head.payload_offset,
                                         .payload_bytes = request.head.payload_bytes,
                                         .protocol = flow.facts.tuple.protocol,
                                         .tcp_flags = request.head.tcp_flags,
                                         .direction = request.head.direction},
                                        request.time);
  return take_label(flow, std::move(label));
}

/// nDPI's last word, if it was not said yet. True: it says something new.
bool Classifier::end_label(FlowContext& flow) {
  if (flow.facts.app_final) return false;
  const bool shown = flow.ndpi.active();
  if (!shown && flow.facts.tuple.protocol != kProtocolTcp) {
    flow.facts.app_final = true;
    return false;
  }
  return take_label(flow, shown ? parts_.labeler.finish(flow.ndpi) : parts_.labeler.guess(flow.facts.tuple));
}

bool Classifier::take_label(FlowContext& flow, NdpiLabel&& label) const {
  FlowFacts& facts = flow.facts;
  const bool changed = facts.master != label.master || facts.app != label.app ||
                       facts.confidence != label.confidence || facts.app_final != label.final;
  facts.master = std::move(label.master);
  facts.app = std::move(label.app);
  facts.confidence = label.confidence;
  facts.app_final = label.final;
  if (label.final && facts.host.empty() && facts.master == "QUIC") {
    if (auto name = policy::canonical_name(flow.ndpi.host())) {
      facts.host = std::move(*name);
      facts.host_source = NameSource::kNdpi;
    }
  }
  return changed;
}

/// The parsers cannot go on with this flow: what the exception table says is remembered, and names are final.
/// Bytes from the middle of a stream claim no protocol, whatever they look like: their row is `midstream`.
void Classifier::give_up(FlowContext& flow, const Inspected& seen) {
  if (!(seen.parser_error && flow.midstream))
    except(flow, seen.parser_error ? ExceptionCause::kParserError : ExceptionCause::kStreamUndecidable);
  flow.inspector.reset();
  count_held(flow);
}

/// Without a policy in force the table speaks for the flow, until there is one.
void Classifier::note_policy(FlowContext& flow) {
  constexpr auto kMissing = 1 + static_cast<std::uint8_t>(ExceptionCause::kPolicyMissing);
  const bool missing = policy_.revision == 0 || options_.simulation.hit(ExceptionCause::kPolicyMissing);
  if (missing && flow.exception == 0) except(flow, ExceptionCause::kPolicyMissing);
  if (missing || flow.exception != kMissing) return;
  flow.exception = 0;
  flow.exception_action = ExceptionAction::kPass;
}

void Classifier::except(FlowContext& flow, ExceptionCause cause) {
  flow.exception = static_cast<std::uint8_t>(1 + static_cast<unsigned>(cause));
  flow.exception_action = exception(flow, cause);
}

/// Counts a row of the exception table for this flow; what it says.
ExceptionAction Classifier::exception(FlowContext& flow, ExceptionCause cause) {
  const auto index = static_cast<std::size_t>(cause);
  ++counts_.exceptions[index];
  flow.exceptions |= 1U << index;
  return flow.pair >= options_.pairs.size() ? ExceptionAction::kPass
                                            : options_.pairs[flow.pair].exceptions[index];
}

}  // namespace weir::classifier
