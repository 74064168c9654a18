// SPDX-License-Identifier: Apache-2.0
// How a client learns that it is refused. Where its protocol has a word for it and the word is the next thing
// that it expects, it gets that word: an HTTP page, a TLS alert, a DNS answer, an SMTP reply; else both ends
// are reset. A refused SMTP command is taken out of the stream and the session goes on:
//   1. what precedes it leaves, itself and what follows it do not (kCut); nothing further is read
//   2. its sender repeats it, as TCP does with what is lost
//   3. once every earlier command has its reply, the repetition is answered in the server's name (kInject)
#include <utility>

#include "classifier/engine/about.h"
#include "classifier/engine/classifier.h"
#include "classifier/engine/facts_of.h"
#include "classifier/notice/notice.h"
#include "classifier/stream/tcp_stream.h"

namespace weir::classifier {

using channel::Answer;
using channel::AnswerType;
using channel::InjectEnd;
using channel::Request;
using channel::VerdictAction;

static_assert(kNoticeBytesMax == channel::kInjectBytesMax);

namespace {

std::string_view object_of(const FlowFacts& facts, const std::string& address) {
  if (!facts.host.empty()) return facts.host;
  return address;
}

}  // namespace

void Classifier::answer_blocked(FlowContext& flow, const Request& request, const Inspected& seen) {
  if (!refuse_in_words(flow, request, seen)) answer_final(flow, request.flow, VerdictAction::kReset);
}

/// False: there are no words for it, or it is not the time for them.
bool Classifier::refuse_in_words(FlowContext& flow, const Request& request, const Inspected& seen) {
  // A command that was kept back with the one before it may be read when its client only acknowledges.
  const bool waits = request.head.parked != 0;
  if (!flow.inspector || (!waits && request.head.payload_bytes > 0)) return false;
  const Refusal refusal = flow.inspector->refusal(request.head.direction);
  if (flow.decision.action == Action::kRefuse && refusal.form == RefusalForm::kSmtpLater) {
    answer_release(flow, request, seen);
    return true;
  }
  if (flow.decision.action == Action::kRefuse && refusal.form == RefusalForm::kSmtpCommand && refusal.whole)
    return refuse_command(flow, request, refusal);
  if (!refusal.in_turn || !waits) return false;
  const std::string address = flow.facts.peer().to_string();
  const std::string reference = parts_.builder.flow_id(flow.number);
  const Notice notice{object_of(flow.facts, address), flow.decision.tell_user, reference};
  switch (refusal.form) {
    case RefusalForm::kHttpReply:
      inject(flow, request, InjectEnd::kClose, page_for(flow, notice, refusal.head));
      return true;
    case RefusalForm::kTlsAlert:
      inject(flow, request, InjectEnd::kClose, tls_notice());
      return true;
    case RefusalForm::kDnsAnswer: {
      if (flow.decision.action == Action::kSafeSearch) return answer_safely(flow, request, reference);
      auto answer = dns_notice(payload_of(request), notice);
      if (answer) inject(flow, request, InjectEnd::kContinue, std::move(*answer));
      return answer.has_value();
    }
    case RefusalForm::kSmtpCommand:
    case RefusalForm::kSmtpMessage:
    case RefusalForm::kSmtpLater:
      inject(flow, request, InjectEnd::kClose, smtp_notice(notice));
      return true;
    case RefusalForm::kNone:
      break;
  }
  return false;
}

/// The question for an engine's name is answered with its safe one; from then on the client's flows to those
/// addresses are known by the name that it asked for.
bool Classifier::answer_safely(FlowContext& flow, const Request& request, std::string_view reference) {
  DnsFacts& dns = flow.facts.dns;
  const policy::SafeEngine* const engine = safe_engine(dns);
  if (engine == nullptr) return false;
  const policy::SafeName& safe =
      flow.decision.moderate && engine->moderate ? *engine->moderate : engine->safe;
  auto answer = dns_alias(payload_of(request), safe.name, safe.addresses, reference);
  if (!answer) return false;
  ++counts_.made_safe;
  dns.safe_name = safe.name;
  DnsFacts told{.query = dns.query, .asked = true};
  for (const IpAddress& address : safe.addresses) told.answers.push_back({address, kAliasTtlS});
  parts_.identity.evidence.record(flow.client, flow.facts.client(), told, request.time);
  inject(flow, request, InjectEnd::kContinue, std::move(*answer));
  return true;
}

/// Answers the packet in the other end's name. With kClose the flow has its end.
void Classifier::inject(FlowContext& flow, const Request& request, InjectEnd end, std::string payload) {
  ++counts_.refused;
  Answer answer = about(request, AnswerType::kInject);
  answer.inject_end = end;
  if (end == InjectEnd::kContinue && flow.owed) {
    answer.swallow = 1;
    answer.skip_from_sequence = flow.owed->from;
    answer.skip_bytes = flow.owed->end - flow.owed->from;
  }
  push(flow, answer, std::move(payload));
  if (end == InjectEnd::kContinue) return;
  flow.final = true;
  flow.final_action = VerdictAction::kReset;
  ++counts_.reset;
  end_inspection(flow);
}

/// What was decided is said before the command is undone: afterwards the flow is as if it had not been sent.
bool Classifier::refuse_command(FlowContext& flow, const Request& request, const Refusal& refusal) {
  say(flow, request.time);
  const std::string reference = parts_.builder.flow_id(flow.number);
  flow.owed = OwedRefusal{.client = request.head.direction,
                          .from = refusal.from,
                          .end = refusal.end,
                          .reply = smtp_notice({{}, flow.decision.tell_user, reference})};
  flow.inspector->refuse_command(flow.facts);
  judge(flow, request.time);
  if (!blocks(flow.decision.action)) {
    give_owed(flow, request);
    return true;
  }
  // The rule is about the session, not about this command.
  if (!refusal.in_turn || request.head.parked == 0) return false;
  const std::string reply = std::exchange(flow.owed, std::nullopt)->reply;
  inject(flow, request, InjectEnd::kClose, reply);
  return true;
}

/// The command, or what follows it, is here again.
void Classifier::give_owed(FlowContext& flow, const Request& request) {
  if (request.head.parked == 0) return;  // carries no bytes, or left by the exception table
  OwedRefusal& owed = *flow.owed;
  if (!flow.inspector->refusal_due() || request.head.tcp_sequence != owed.from) {
    Answer cut = about(request, AnswerType::kCut);
    cut.skip_from_sequence = owed.from;
    return push(flow, cut);
  }
  flow.inspector->refusal_given();
  flow.renumbering.client = owed.client;
  flow.renumbering.said += static_cast<std::uint32_t>(owed.reply.size());
  flow.renumbering.taken_before = flow.renumbering.taken;
  flow.renumbering.taken += owed.end - owed.from;
  flow.renumbering.taken_at = owed.from;
  inject(flow, request, InjectEnd::kContinue, std::move(owed.reply));
  flow.owed.reset();
}

/// Of commands that come in a row the last one may not be whole yet: if it is refused, nothing of it may have
/// left. So the packet in which it begins waits for the next one; but not if its sender sends nothing else
/// before it has arrived.
bool Classifier::holds_command(FlowContext& flow, const Request& request) {
  const bool may_wait = may_refuse_ && flow.inspector && request.head.parked != 0;
  const std::size_t open = may_wait ? flow.inspector->command_bytes_open(request.head.direction) : 0;
  if (open == 0) return false;
  const std::uint32_t end = request.head.tcp_sequence + request.head.payload_bytes;
  if (flow.held_to && !is_after(end, *flow.held_to)) {
    flow.held_to.reset();
    flow.inspector->let_command_go();
    return false;
  }
  flow.held_to = end;
  if (open <= request.head.payload_bytes) {
    Answer earlier = about(request, AnswerType::kRelease);
    earlier.through = request.head.number - 1;
    push(flow, earlier);
  }
  return true;
}

/// What a segment acknowledges, in the numbers of who sent it.
std::optional<std::uint32_t> Classifier::acknowledged_by(const FlowContext& flow, const Request& request) {
  if ((request.head.tcp_flags & kTcpAck) == 0) return std::nullopt;
  const std::uint32_t number = request.head.tcp_acknowledgement;
  if (flow.renumbering.taken == 0) return number;
  return flow.renumbering.acknowledged_by(request.head.direction, number);
}

/// The refused command got to its server all the same, by a packet that could not wait.
bool Classifier::owed_too_late(const FlowContext& flow, const Request& request) {
  if (!flow.owed || request.head.direction == flow.owed->client) return false;
  const auto acknowledged = acknowledged_by(flow, request);
  return acknowledged && is_after(*acknowledged, flow.owed->from);
}

}  // namespace weir::classifier
