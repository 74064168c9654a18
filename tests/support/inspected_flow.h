// SPDX-License-Identifier: Apache-2.0
// Drives a FlowInspector like the classifier does: segments in, every name that was to be judged out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "classifier/inspect/flow_inspector.h"

namespace weir::test {

class InspectedFlow {
 public:
  explicit InspectedFlow(std::uint16_t server_port = 443, bool midstream = false,
                         classifier::InspectLimits limits = {}, std::uint32_t first_sequence = 1'000,
                         std::uint8_t protocol = kProtocolTcp)
      : inspector(tuple(server_port, protocol), midstream, limits), next{first_sequence, 9'000} {}

  /// In order, after what was sent so far in that direction.
  classifier::Inspected client(std::string_view text) { return send(0, text); }
  classifier::Inspected server(std::string_view text) { return send(1, text); }
  /// In pieces of `bytes` each; the answer to the last.
  classifier::Inspected client_in_pieces(std::string_view text, std::size_t bytes) {
    classifier::Inspected last;
    for (; !text.empty(); text.remove_prefix(std::min(bytes, text.size())))
      last = client(text.substr(0, bytes));
    return last;
  }
  /// At an offset from the next expected byte of that direction, which does not move.
  classifier::Inspected client_at(std::int64_t offset, std::string_view text, std::uint8_t flags = 0x18) {
    return segment(0, next[0] + static_cast<std::uint32_t>(offset), flags, text);
  }

  classifier::Inspected segment(std::size_t direction, std::uint32_t sequence, std::uint8_t flags,
                                std::string_view text) {
    const auto from = static_cast<channel::Direction>(direction);
    classifier::Inspected first = inspector.on_segment(from, sequence, flags, as_bytes(text), facts);
    note(first);
    classifier::Inspected last = first;
    while (last.more) {
      last = inspector.next(from, facts);
      note(last);
      first.undecidable |= last.undecidable;
      first.parser_error |= last.parser_error;
      first.facts_changed |= last.facts_changed;
      if (last.skip_bytes > 0)
        first.skip_bytes = last.skip_bytes, first.skip_from_sequence = last.skip_from_sequence;
    }
    return first;
  }

  classifier::FlowInspector inspector;
  FlowFacts facts;
  std::uint32_t next[2];
  std::vector<std::string> hosts;       // facts.host at each change, without repeats in a row
  std::vector<std::string> recipients;  // likewise the recipients that were judged

 private:
  static FiveTuple tuple(std::uint16_t server_port, std::uint8_t protocol) {
    FiveTuple five;
    five.initiator_port = 40'000;
    five.responder_port = server_port;
    five.protocol = protocol;
    return five;
  }
  classifier::Inspected send(std::size_t direction, std::string_view text) {
    const classifier::Inspected result = segment(direction, next[direction], 0x18, text);
    next[direction] += static_cast<std::uint32_t>(text.size());
    return result;
  }
  void note(const classifier::Inspected& result) {
    if (!result.facts_changed) return;
    if (!facts.host.empty() && (hosts.empty() || hosts.back() != facts.host)) hosts.push_back(facts.host);
    const std::string& pending = facts.mail.pending_recipient;
    if (!pending.empty() && (recipients.empty() || recipients.back() != pending))
      recipients.push_back(pending);
  }
};

}  // namespace weir::test
