// SPDX-License-Identifier: Apache-2.0
// The loop of one flow: assemble, find or feed the session, say what that means for the packet. Finding the
// session is in flow_detection.cc, datagrams are in flow_datagrams.cc.
#include "classifier/inspect/flow_inspector.h"

#include <iterator>
#include <utility>

#include "classifier/inspect/flow_state.h"
#include "classifier/inspect/mail_visibility.h"

namespace weir::classifier {

namespace {

StreamLimits stream_limits(const InspectLimits& limits) {
  return {limits.stream_bytes_max, limits.segments_held_max};
}

std::size_t held_by(const Session& session) {
  return std::visit(
      [](const auto& parser) -> std::size_t {
        if constexpr (std::is_same_v<std::decay_t<decltype(parser)>, std::monostate>) {
          return 0;
        } else {
          return parser.bytes_held();
        }
      },
      session);
}

}  // namespace

FlowInspector::Impl::Impl(const FiveTuple& five_tuple, bool picked_up, const InspectLimits& inspect_limits)
    : tuple(five_tuple),
      midstream(picked_up),
      limits(inspect_limits),
      lanes{Lane{stream_limits(inspect_limits)}, Lane{stream_limits(inspect_limits)}} {}

Inspected FlowInspector::Impl::take(const Segment& shown, FlowFacts& facts) {
  if (!shown.payload.empty()) {
    answered |= spoken && shown.direction != client;
    spoken |= shown.direction == client;
  }
  Inspected result;
  if (final) {
    const Accepted accepted = lane(shown.direction).stream.add(shown.sequence, shown.flags, shown.payload);
    result.conflict = accepted == Accepted::kConflict;
    result.ahead = accepted == Accepted::kAhead;
  } else {
    result = segment(shown, facts);
  }
  more = result.more;
  return result;
}

Inspected FlowInspector::Impl::segment(const Segment& shown, FlowFacts& facts) {
  const auto [direction, sequence, flags, payload, waits] = shown;
  Inspected result;
  Lane& here = lane(direction);
  if (here.ignored) {
    result.skip_bytes = static_cast<std::uint32_t>(kSkipBytesMax);
    result.skip_from_sequence = sequence + static_cast<std::uint32_t>(payload.size());
    return result;
  }
  if ((flags & kTcpUrg) != 0 && !payload.empty() && is_client(direction)) {
    // One byte of it may reach the application out of band: what it reads is not what we would read.
    result.conflict = true;
    return result;
  }
  Accepted accepted = here.stream.add(sequence, flags, payload);
  if (accepted == Accepted::kContradictsWaiting && is_client(direction)) {
    here.stream.give_way(sequence, payload);
    result.drops_waiting = true;
    accepted = here.stream.add(sequence, flags, payload);
  }
  switch (accepted) {
    case Accepted::kConflict:
    case Accepted::kContradictsWaiting:
      result.conflict = true;
      return result;
    case Accepted::kAhead:
      if (waits) {
        result.ahead = true;
        return result;
      }
      [[fallthrough]];
    case Accepted::kLimit:
      if (is_client(direction)) {
        result.undecidable = true;
        finish();
      } else {
        here.ignored = true;
        here.stream.release();
        if (named) finish();  // it was only waited for to report it
      }
      return result;
    case Accepted::kWaiting:
      // What a known server says names nothing: it need not wait for us.
      result.in_order = !is_client(direction);
      break;
    case Accepted::kInOrder:
      run(direction, facts, result);
      break;
  }
  if (lanes[0].stream.finished() && lanes[1].stream.finished() && !result.more) finish();
  if (!final) result.gap = here.stream.gap() && is_client(direction);
  return result;
}

void FlowInspector::Impl::run(Direction direction, FlowFacts& facts, Inspected& result) {
  while (!final && !result.more &&
         (claimed() || owes_replies(direction) ? feed(direction, facts, result)
                                               : detect(direction, facts, result))) {
  }
  if (final) result.more = false;
}

/// Gives the session what waits; true when the loop should go on.
bool FlowInspector::Impl::feed(Direction direction, FlowFacts& facts, Inspected& result) {
  Lane& here = lane(direction);
  const Bytes ready = here.stream.ready();
  if (here.ignored || (ready.empty() && !here.again)) return false;
  const bool reply = owes_replies(direction);
  const ParseStep step = std::visit(
      [&](auto& parser) -> ParseStep {
        if constexpr (std::is_same_v<std::decay_t<decltype(parser)>, std::monostate>) {
          return {};
        } else {
          return direction == client && !reply ? parser.from_client(ready, facts)
                                               : parser.from_server(ready, facts);
        }
      },
      reply ? answering.front() : session);
  if (step.outcome != Outcome::kMore && std::holds_alternative<TlsSession>(session)) {
    note_mail_over_tls(facts,
                       client == Direction::kFromInitiator ? tuple.responder_port : tuple.initiator_port);
  }
  here.stream.consume(step.consumed);
  here.again = step.again;
  apply(step, direction, facts, result);
  return step.consumed > 0 || step.outcome == Outcome::kRestart || step.outcome == Outcome::kHttp2 ||
         step.outcome == Outcome::kTls;
}

void FlowInspector::Impl::apply(const ParseStep& step, Direction direction, FlowFacts& facts,
                                Inspected& result) {
  Lane& here = lane(direction);
  result.dns_answer |= step.answered;
  result.facts_changed |= step.changed || step.outcome == Outcome::kName || step.outcome == Outcome::kNamed ||
                          step.outcome == Outcome::kFinal;
  if (step.skip > 0) {
    result.skip_bytes = static_cast<std::uint32_t>(step.skip);
    result.skip_from_sequence = here.stream.next_sequence();
    here.stream.skip(step.skip);
  }
  switch (step.outcome) {
    case Outcome::kMore:
      break;
    case Outcome::kNamed:
      named = true;
      [[fallthrough]];
    case Outcome::kName:
      result.more = step.again || !here.stream.ready().empty();
      break;
    case Outcome::kError:
      result.parser_error = true;
      finish();
      break;
    case Outcome::kLimit:
      result.undecidable = true;
      finish();
      break;
    case Outcome::kFinal:
      finish();
      break;
    case Outcome::kIgnore:
      here.ignored = true;
      result.skip_bytes = static_cast<std::uint32_t>(kSkipBytesMax);
      result.skip_from_sequence = here.stream.next_sequence();
      here.stream.release();
      break;
    case Outcome::kRestart:
    case Outcome::kHttp2:
    case Outcome::kTls:
      restart(step.outcome, direction, facts, result);
      break;
  }
}

/// A new conversation begins with the next byte: of both directions, or only of the client, which did not
/// wait for the replies that the conversation before still has to bring.
void FlowInspector::Impl::restart(Outcome how, Direction direction, FlowFacts& facts, Inspected& result) {
  lane(direction).begin();
  if (owes_replies(direction)) {  // the client has gone on already
    answering.erase(answering.begin());
    return;
  }
  if (++nested > kNestedMax) {
    result.undecidable = true;
    return finish();
  }
  if (direction == client) {
    answering_from = opposite(direction);
    answering.push_back(std::move(session));
  } else {
    lane(client).begin();
  }
  facts.http.host.clear();  // the proxy was asked for it; what is inside has a name of its own
  tls_expected = how == Outcome::kTls;
  named = false;
  if (how == Outcome::kHttp2) {
    session.emplace<Http2Session>();
  } else {
    session.emplace<std::monostate>();
  }
}

void FlowInspector::Impl::finish() {
  final = true;
  for (const Direction direction : {Direction::kFromInitiator, Direction::kFromResponder}) {
    // Names are judged by one copy of the client's bytes: it stays the only one until the server has it.
    if (!is_client(direction) || lane(direction).ignored) lane(direction).stream.release();
    lane(direction).stream.seal();
  }
  session = std::monostate{};
  answering.clear();
  quic.reset();
  dns.reset();
  dtls.reset();
}

FlowInspector::FlowInspector(const FiveTuple& tuple, bool midstream, const InspectLimits& limits)
    : impl_(std::make_unique<Impl>(tuple, midstream, limits)) {}
FlowInspector::~FlowInspector() = default;
FlowInspector::FlowInspector(FlowInspector&&) noexcept = default;
FlowInspector& FlowInspector::operator=(FlowInspector&&) noexcept = default;

Inspected FlowInspector::on_segment(Direction direction, std::uint32_t sequence, std::uint8_t tcp_flags,
                                    Bytes payload, FlowFacts& facts,
                                    std::optional<std::uint32_t> acknowledgement, bool waits) {
  const Segment segment{direction, sequence, tcp_flags, payload, waits};
  if (acknowledgement) {
    impl_->lane(opposite(direction)).stream.acknowledge(*acknowledgement);
    if (second_) second_->impl.lane(opposite(direction)).stream.acknowledge(*acknowledgement);
  }
  Inspected result = second_ ? in_both(segment, facts) : impl_->take(segment, facts);
  if (result.conflict && !second_) result = follow_second_copy(segment, facts);
  result.claims = std::holds_alternative<KerberosStream>(impl_->session);
  facts.names_final = names_final();
  return result;
}

void FlowInspector::keep_unacknowledged(std::uint32_t bytes_max) {
  for (Lane& lane : impl_->lanes) lane.stream.keep_unacknowledged(bytes_max);
  if (!second_) return;
  for (Lane& lane : second_->impl.lanes) lane.stream.keep_unacknowledged(bytes_max);
}

Inspected FlowInspector::next(Direction direction, FlowFacts& facts) {
  Inspected result;
  if (impl_->dns || impl_->quic) return impl_->next_datagram(facts);
  const auto go_on = [&](Impl& reading, FlowFacts& its_facts) {
    if (!reading.final) reading.run(direction, its_facts, result);
    reading.more = result.more;
  };
  if (impl_->more) {
    go_on(*impl_, facts);
  } else if (second_) {
    result.other_reading = true;
    result.facts_changed = second_->due;
    if (!std::exchange(second_->due, false)) go_on(second_->impl, second_->facts);
  }
  const auto waits = [direction](Impl& reading) {
    return !reading.final && reading.lane(direction).stream.gap() && reading.is_client(direction);
  };
  result.gap = waits(*impl_) || (second_ && waits(second_->impl));
  result.more = impl_->more || (second_ && (second_->due || second_->impl.more));
  if (second_) result.skip_bytes = 0;
  facts.names_final = names_final();
  return result;
}

Inspected FlowInspector::on_datagram(Direction direction, Bytes payload, FlowFacts& facts) {
  if (impl_->final) return {};
  const Inspected result = impl_->datagram(direction, payload, facts);
  facts.names_final = names_final();
  return result;
}

IdentityClaims FlowInspector::take_claims() {
  IdentityClaims claims = std::exchange(impl_->claims, {});
  if (auto* kerberos = std::get_if<KerberosStream>(&impl_->session)) {
    IdentityClaims more = kerberos->take_claims();
    std::move(more.begin(), more.end(), std::back_inserter(claims));
  }
  return claims;
}

/// Where two readings are open, or one conversation still owes replies while another has begun, nobody knows
/// what the client expects next.
Refusal FlowInspector::refusal(Direction direction) const {
  const Impl& flow = *impl_;
  if (flow.dns) return flow.dns_refusal();
  if (second_ || !flow.answering.empty()) return {};
  if (direction != flow.client) {
    const bool mail = std::holds_alternative<SmtpSession>(flow.session);
    return {.form = mail ? RefusalForm::kSmtpLater : RefusalForm::kNone};
  }
  const TcpStream& stream = flow.lanes[index_of(direction)].stream;
  const std::uint32_t consumed = stream.next_sequence() - static_cast<std::uint32_t>(stream.ready().size());
  if (const auto* smtp = std::get_if<SmtpSession>(&flow.session)) return smtp->refusal(consumed);
  if (const auto* http = std::get_if<Http1Session>(&flow.session)) return http->refusal();
  if (const auto* tls = std::get_if<TlsSession>(&flow.session)) return tls->refusal();
  return {};
}

std::size_t FlowInspector::command_bytes_open(Direction direction) const {
  const auto* smtp = std::get_if<SmtpSession>(&impl_->session);
  return smtp != nullptr && direction == impl_->client ? smtp->command_bytes_open() : 0;
}

void FlowInspector::let_command_go() { std::get<SmtpSession>(impl_->session).let_command_go(); }

void FlowInspector::refuse_command(FlowFacts& facts) {
  std::get<SmtpSession>(impl_->session).refuse_command(facts);
}

bool FlowInspector::refusal_due() const {
  const auto* smtp = std::get_if<SmtpSession>(&impl_->session);
  return smtp != nullptr && smtp->refusal_due();
}

void FlowInspector::refusal_given() { std::get<SmtpSession>(impl_->session).refusal_given(); }

FlowFacts& FlowInspector::other_facts() { return second_->facts; }

bool FlowInspector::names_final() const {
  return impl_->names_final() && (!second_ || second_->impl.names_final());
}

bool FlowInspector::settled() const {
  const auto arrived = [](const Impl& reading) {
    return reading.final && reading.lanes[0].stream.delivered() && reading.lanes[1].stream.delivered();
  };
  return arrived(*impl_) && (!second_ || arrived(second_->impl));
}

std::size_t FlowInspector::Impl::bytes_held() const {
  std::size_t total = quic ? quic->bytes_held() : 0;
  if (dns) total += dns->bytes_held();
  if (dtls) total += dtls->bytes_held();
  for (const Lane& each : lanes) total += each.stream.bytes_held();
  for (const Session& each : answering) total += held_by(each);
  return total + held_by(session);
}

std::size_t FlowInspector::bytes_held() const {
  if (settled() || !second_) return impl_->bytes_held();
  return impl_->bytes_held() + second_->impl.bytes_held() + 2 * second_->first_bytes.size();
}

}  // namespace weir::classifier
