// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dns_stream.h"

#include <algorithm>

namespace weir::classifier {

namespace {

constexpr std::size_t kPrefixBytes = 2;

}  // namespace

ParseStep DnsStream::from_client(Bytes bytes, FlowFacts& facts) {
  if (conversation_.more()) {
    ParseStep step;
    step.again = conversation_.next(facts).more;
    step.outcome = Outcome::kName;
    return step;
  }
  return feed(client_, bytes, facts, asked_);
}

ParseStep DnsStream::from_server(Bytes bytes, FlowFacts& facts) {
  const bool initiator = client_ == channel::Direction::kFromInitiator;
  const auto server = initiator ? channel::Direction::kFromResponder : channel::Direction::kFromInitiator;
  return feed(server, bytes, facts, answered_);
}

ParseStep DnsStream::feed(channel::Direction from, Bytes bytes, FlowFacts& facts,
                          std::vector<std::uint8_t>& buffer) {
  ParseStep step;
  while (step.consumed < bytes.size()) {
    const bool length_known = buffer.size() >= kPrefixBytes;
    const std::size_t need =
        kPrefixBytes + (length_known ? (std::size_t{buffer[0]} << 8U) | buffer[1] : std::size_t{0});
    const std::size_t count = std::min(need - buffer.size(), bytes.size() - step.consumed);
    const Bytes part = bytes.subspan(step.consumed, count);
    buffer.insert(buffer.end(), part.begin(), part.end());
    step.consumed += count;
    if (!length_known || buffer.size() < need) continue;
    const DnsHeard heard = conversation_.message(from, Bytes{buffer}.subspan(kPrefixBytes), facts);
    buffer.clear();
    step.changed |= heard.changed;
    step.answered = heard.answered;
    if (heard.parse != DnsParse::kOk) {
      step.outcome = Outcome::kError;
      return step;
    }
    // Of answers only those are looked at one by one that are evidence of an address.
    if (from == client_ || heard.answered) {
      step.outcome = Outcome::kName;
      step.again = from == client_ && heard.more;
      return step;
    }
  }
  return step;
}

}  // namespace weir::classifier
