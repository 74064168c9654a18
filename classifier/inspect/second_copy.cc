// SPDX-License-Identifier: Apache-2.0
// Bytes that went out came again with other content. Whether the receiver has the first copy or ignored it
// and waits for this one nobody can know, so both are followed: a second reading of the flow is made as if
// the second copy had been the only one, and from then on a packet goes only if both readings allow it.
//
// What keeps the number of readings at two: there is one place with two contents, and a packet that touches
// it must bring all of it, in one of the two. So a receiver, whichever packets it ignores, has the one or the
// other there, never a mixture. Every other contradiction stays a conflict. The second reading begins at the
// stream's start; where that is gone, or the server has answered since, there is none and the packet is
// refused.
#include <algorithm>
#include <memory>

#include "classifier/inspect/flow_inspector.h"
#include "classifier/inspect/flow_state.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kSecondTriesMax = 4;  // per flow: each costs as much as all that came so far

Inspected refused() {
  Inspected answer;
  answer.conflict = true;
  return answer;
}

/// What is known without the flow's bytes having been read (nDPI's label, which reads them too, stays).
FlowFacts without_names(const FlowFacts& known) {
  FlowFacts facts = known;
  facts.host.clear();
  facts.host_source = NameSource::kNone;
  facts.tls = {};
  facts.http = {};
  facts.proxies.clear();
  facts.encrypted_dns = {};
  facts.dns = {};
  facts.mail = {};
  facts.ssh = {};
  facts.names_final = false;
  return facts;
}

/// The payload with `bytes` at `at`, in a buffer that is kept.
std::vector<std::uint8_t> with_bytes(Bytes payload, std::ptrdiff_t at,
                                     const std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint8_t> out{payload.begin(), payload.end()};
  std::copy(bytes.begin(), bytes.end(), out.begin() + at);
  return out;
}

}  // namespace

Inspected FlowInspector::follow_second_copy(const Segment& segment, FlowFacts& facts) {
  Impl& first = *impl_;
  const Direction server = Direction::kFromResponder;
  const bool possible = segment.direction == first.client && first.client != server && !first.answered &&
                        (segment.flags & kTcpUrg) == 0 && first.lane(server).stream.whole() &&
                        first.second_tries < kSecondTriesMax;
  if (!possible) return refused();
  const TcpStream& stream = first.lane(segment.direction).stream;
  const std::optional<Difference> place = stream.difference(segment.sequence, segment.payload);
  if (!place) return refused();
  ++first.second_tries;

  auto second = std::make_unique<SecondCopy>(
      SecondCopy{Impl(first.tuple, first.midstream, first.limits), without_names(facts), 0, {}, {}, false});
  const Bytes bytes = segment.payload.subspan(place->at, place->bytes);
  second->from = segment.sequence + static_cast<std::uint32_t>(place->at);
  second->second_bytes.assign(bytes.begin(), bytes.end());
  const Bytes before = stream.assembled(second->from, place->bytes);
  second->first_bytes.assign(before.begin(), before.end());

  Impl& other = second->impl;
  Inspected greeting;  // what a server says first names nothing
  other.lane(server).stream = first.lane(server).stream.variant(0, {});
  other.run(server, second->facts, greeting);
  other.lane(segment.direction).stream = stream.variant(second->from, bytes);
  const Inspected seen = other.take(segment, second->facts);
  if (seen.conflict || seen.ahead || seen.undecidable || seen.parser_error || greeting.parser_error)
    return refused();
  second_ = std::move(second);
  const auto patched =
      with_bytes(segment.payload, static_cast<std::ptrdiff_t>(place->at), second_->first_bytes);
  return joined(
      first.take({segment.direction, segment.sequence, segment.flags, patched, segment.waits}, facts), seen);
}

Inspected FlowInspector::in_both(const Segment& segment, FlowFacts& facts) {
  Segment first = segment;
  Segment second = segment;
  std::vector<std::uint8_t> patched;
  const auto size = static_cast<std::ptrdiff_t>(second_->first_bytes.size());
  const std::ptrdiff_t at = static_cast<std::int32_t>(second_->from - segment.sequence);  // in the segment
  const auto end = static_cast<std::ptrdiff_t>(segment.payload.size());
  const TcpStream& stream = impl_->lane(segment.direction).stream;
  const bool touches = segment.direction == impl_->client && at < end && at + size > 0 &&
                       !stream.is_acknowledged(second_->from + static_cast<std::uint32_t>(size));
  if (touches) {
    if (at < 0 || at + size > end) return refused();
    const Bytes here = segment.payload.subspan(static_cast<std::size_t>(at), second_->first_bytes.size());
    const auto is = [here](const std::vector<std::uint8_t>& bytes) {
      return std::equal(here.begin(), here.end(), bytes.begin());
    };
    if (is(second_->first_bytes)) {
      patched = with_bytes(segment.payload, at, second_->second_bytes);
      second.payload = patched;
    } else if (is(second_->second_bytes)) {
      patched = with_bytes(segment.payload, at, second_->first_bytes);
      first.payload = patched;
    } else {
      return refused();
    }
  }
  const TcpStream& other_stream = second_->impl.lane(segment.direction).stream;
  if (stream.contradicts(first.sequence, first.payload) ||
      other_stream.contradicts(second.sequence, second.payload))
    return refused();
  const Inspected seen = second_->impl.take(second, second_->facts);
  return joined(impl_->take(first, facts), seen);
}

/// The answer to a packet that both readings were shown.
Inspected FlowInspector::joined(Inspected first, const Inspected& second) {
  second_->due = second.facts_changed;
  first.in_order = first.in_order && second.in_order;
  first.gap |= second.gap;
  first.conflict |= second.conflict;
  first.ahead |= second.ahead;
  first.undecidable |= second.undecidable;
  first.parser_error |= second.parser_error;
  first.more |= second.more || second_->due;
  first.skip_bytes = 0;  // one reading's body is the other's next request
  return first;
}

}  // namespace weir::classifier
