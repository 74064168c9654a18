// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/flow_inspector.h"

#include <array>
#include <variant>

#include "classifier/inspect/detect.h"
#include "classifier/inspect/http1_session.h"
#include "classifier/inspect/tls_client_hello.h"
#include "classifier/stream/tcp_stream.h"

namespace weir::classifier {

namespace {

using channel::Direction;

constexpr std::uint16_t kDnsPort = 53;

/// What has been found to speak; monostate while nobody has claimed the flow.
using Session = std::variant<std::monostate, TlsClientHello, Http1Session>;

constexpr std::size_t index_of(Direction direction) { return static_cast<std::size_t>(direction); }
constexpr Direction opposite(Direction direction) {
  return direction == Direction::kFromInitiator ? Direction::kFromResponder : Direction::kFromInitiator;
}

struct Lane {
  explicit Lane(const StreamLimits& limits) : stream(limits) {}
  TcpStream stream;
  std::uint64_t unclaimed = 0;  // bytes consumed while no parser had claimed the flow
  bool excluded = false;        // its first bytes are none of the protocols
  bool mid_line = false;        // an excluded line has not ended yet
  bool ignored = false;         // no parser needs this direction any more
  bool again = false;           // the parser has more to say without further bytes
};

StreamLimits stream_limits(const InspectLimits& limits) {
  return {limits.stream_bytes_max, limits.segments_held_max};
}

}  // namespace

struct FlowInspector::Impl {
  Impl(const FiveTuple& five_tuple, bool picked_up, const InspectLimits& inspect_limits)
      : tuple(five_tuple),
        midstream(picked_up),
        limits(inspect_limits),
        lanes{Lane{stream_limits(inspect_limits)}, Lane{stream_limits(inspect_limits)}} {}

  Inspected segment(Direction direction, std::uint32_t sequence, std::uint8_t flags, Bytes payload,
                    FlowFacts& facts);
  void run(Direction direction, FlowFacts& facts, Inspected& result);
  bool detect(Direction direction, FlowFacts& facts, Inspected& result);
  bool claim(Guess guess, Direction direction, FlowFacts& facts, Inspected& result);
  void pass_over(Direction direction, Guess guess);
  bool feed(Direction direction, FlowFacts& facts, Inspected& result);
  void apply(const ParseStep& step, Direction direction, Inspected& result);
  void restart();
  void finish();

  [[nodiscard]] Lane& lane(Direction direction) { return lanes[index_of(direction)]; }
  [[nodiscard]] bool claimed() const { return !std::holds_alternative<std::monostate>(session); }
  [[nodiscard]] bool is_client(Direction direction) const { return !claimed() || direction == client; }
  [[nodiscard]] bool unclaimable() const;

  FiveTuple tuple;
  bool midstream;
  InspectLimits limits;
  std::array<Lane, 2> lanes;
  Session session;
  Direction client = Direction::kFromInitiator;  // of the session
  bool final = false;
};

Inspected FlowInspector::Impl::segment(Direction direction, std::uint32_t sequence, std::uint8_t flags,
                                       Bytes payload, FlowFacts& facts) {
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
  switch (here.stream.add(sequence, flags, payload)) {
    case Accepted::kConflict:
      result.conflict = true;
      return result;
    case Accepted::kLimit:
      if (is_client(direction)) {
        result.undecidable = true;
        finish();
      } else {
        here.ignored = true;
        here.stream.release();
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
         (claimed() ? feed(direction, facts, result) : detect(direction, facts, result))) {
  }
  if (final) result.more = false;
}

/// Looks for a protocol in what waits; true when the loop should go on.
bool FlowInspector::Impl::detect(Direction direction, FlowFacts& facts, Inspected& result) {
  Lane& here = lane(direction);
  const Bytes ready = here.stream.ready();
  if (ready.empty()) return false;
  const bool dns_port = tuple.responder_port == kDnsPort || tuple.initiator_port == kDnsPort;
  Guess guess = here.mid_line ? Guess::kNone : guess_protocol(ready, dns_port && !here.excluded);
  if (guess == Guess::kUndecided) {
    if (ready.size() + here.unclaimed < limits.undecided_bytes_max) return false;
    if (!here.excluded && begins_like_http(ready)) {
      result.undecidable = true;
      finish();
      return false;
    }
    guess = Guess::kNone;
  }
  if (guess != Guess::kNone && claim(guess, direction, facts, result)) return true;
  if (final) return false;
  pass_over(direction, guess);
  if (unclaimable()) finish();
  return true;
}

bool FlowInspector::Impl::claim(Guess guess, Direction direction, FlowFacts& facts, Inspected& result) {
  switch (guess) {
    case Guess::kTls:
      session.emplace<TlsClientHello>();
      break;
    case Guess::kHttp:
      // Behind a line that is none, an HTTP server has answered 400 and closed.
      if (lane(direction).excluded && !midstream) return false;
      session.emplace<Http1Session>();
      break;
    case Guess::kSsl2Hello:
      facts.tls.seen = true;
      facts.tls.version = ssl2_hello_version(lane(direction).stream.ready());
      result.facts_changed = true;
      finish();
      return false;
    default:
      return false;
  }
  client = direction;
  // The other direction may have spoken already.
  Inspected other;
  run(opposite(direction), facts, other);
  result.facts_changed |= other.facts_changed;
  return true;
}

/// Leaves a line (or, without a line end, everything) behind that no protocol of ours begins with. A mail
/// server would go on reading after such a line, so the next one is looked at again until both directions are
/// excluded.
void FlowInspector::Impl::pass_over(Direction direction, Guess guess) {
  Lane& here = lane(direction);
  const std::string_view ready = as_text(here.stream.ready());
  const std::size_t feed = ready.find('\n');
  here.mid_line = feed == std::string_view::npos;
  const std::size_t count = here.mid_line ? ready.size() : feed + 1;
  here.stream.consume(count);
  here.unclaimed += count;
  here.excluded |= guess != Guess::kSmtpAmbiguous;
}

bool FlowInspector::Impl::unclaimable() const {
  for (const Lane& each : lanes) {
    if (each.unclaimed >= limits.undecided_bytes_max) return true;
  }
  // Picked up in its middle, a connection may come to the start of a message at any later segment.
  return !midstream && lanes[0].excluded && lanes[1].excluded;
}

/// Gives the session what waits; true when the loop should go on.
bool FlowInspector::Impl::feed(Direction direction, FlowFacts& facts, Inspected& result) {
  Lane& here = lane(direction);
  const Bytes ready = here.stream.ready();
  if (here.ignored || (ready.empty() && !here.again)) return false;
  const ParseStep step = std::visit(
      [&](auto& parser) -> ParseStep {
        if constexpr (std::is_same_v<std::decay_t<decltype(parser)>, std::monostate>) {
          return {};
        } else {
          return direction == client ? parser.from_client(ready, facts) : parser.from_server(ready, facts);
        }
      },
      session);
  here.stream.consume(step.consumed);
  here.again = step.again;
  apply(step, direction, result);
  return step.consumed > 0 || step.outcome == Outcome::kRestart || step.outcome == Outcome::kTls;
}

void FlowInspector::Impl::apply(const ParseStep& step, Direction direction, Inspected& result) {
  Lane& here = lane(direction);
  result.facts_changed |= step.changed || step.outcome == Outcome::kName || step.outcome == Outcome::kFinal;
  if (step.skip > 0) {
    result.skip_bytes = static_cast<std::uint32_t>(step.skip);
    result.skip_from_sequence = here.stream.next_sequence();
    here.stream.skip(step.skip);
  }
  switch (step.outcome) {
    case Outcome::kMore:
      break;
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
    case Outcome::kTls:
      restart();
      break;
  }
}

/// A new conversation begins with the next byte of both directions.
void FlowInspector::Impl::restart() {
  session = std::monostate{};
  for (Lane& each : lanes) {
    each.unclaimed = 0;
    each.excluded = false;
    each.mid_line = false;
    each.again = false;
  }
}

void FlowInspector::Impl::finish() {
  final = true;
  session = std::monostate{};
  for (Lane& each : lanes) each.stream.release();
}

FlowInspector::FlowInspector(const FiveTuple& tuple, bool midstream, const InspectLimits& limits)
    : impl_(std::make_unique<Impl>(tuple, midstream, limits)) {}
FlowInspector::~FlowInspector() = default;
FlowInspector::FlowInspector(FlowInspector&&) noexcept = default;
FlowInspector& FlowInspector::operator=(FlowInspector&&) noexcept = default;

Inspected FlowInspector::on_segment(Direction direction, std::uint32_t sequence, std::uint8_t tcp_flags,
                                    Bytes payload, FlowFacts& facts) {
  if (impl_->final) return {};
  const Inspected result = impl_->segment(direction, sequence, tcp_flags, payload, facts);
  facts.names_final = impl_->final;
  return result;
}

Inspected FlowInspector::next(Direction direction, FlowFacts& facts) {
  Inspected result;
  if (impl_->final) return result;
  impl_->run(direction, facts, result);
  result.gap = !impl_->final && impl_->lane(direction).stream.gap() && impl_->is_client(direction);
  facts.names_final = impl_->final;
  return result;
}

Inspected FlowInspector::on_datagram(Direction, Bytes, FlowFacts& facts) {
  impl_->finish();
  facts.names_final = true;
  return {};
}

bool FlowInspector::names_final() const { return impl_->final; }

std::size_t FlowInspector::bytes_held() const {
  std::size_t total = 0;
  for (const Lane& lane : impl_->lanes) total += lane.stream.bytes_held();
  return total + std::visit(
                     [](const auto& parser) -> std::size_t {
                       if constexpr (std::is_same_v<std::decay_t<decltype(parser)>, std::monostate>) {
                         return 0;
                       } else {
                         return parser.bytes_held();
                       }
                     },
                     impl_->session);
}

}  // namespace weir::classifier
