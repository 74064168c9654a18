// SPDX-License-Identifier: Apache-2.0
// Everything Weir's own parsers know about one flow: stream assembly of both directions, the parser that
// claimed the flow, and what they added to the facts. Bounded, allocation only while a flow is being
// inspected, no clock. It never decides; the classifier's engine does that with the facts.
//
// What the caller may forward. Packets of one direction are shown in the order in which they arrived.
//  - `in_order` true: everything of this direction shown so far, this packet included, may go (if the
//  decision lets
//    it). That includes packets that were told to wait before. A packet beyond a further hole may go with
//    them: its bytes are kept as the first copy, and the packet that fills the hole will be judged together
//    with them.
//  - `in_order` false: this packet and nothing new may go; a later call of this direction answers for it.
//  - `more` true: the bytes carry another name behind the one now in the facts (a second request, a second
//    recipient). Decide on these facts, then call `next` for the same direction, and so on until `more` is
//    false; only then does `in_order` permit a release. `conflict` and `in_order` of `next` repeat those of
//    the packet.
//  - `conflict` true: drop this packet alone; its bytes were not looked at and the stream goes on without it.
//  - `undecidable` or `parser_error`: the exception table speaks; the parsers have given up and names are
//  final.
//  - A name is in the facts in the very call that saw its last byte, so the packet that completes it can be
//  stopped.
//  - `skip_bytes` takes effect only if the caller passes it on; bytes shown in spite of it are answered as in
//  order.
//
// Threads: owned by one classifier's only thread.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/channel/messages.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

struct InspectLimits {
  std::uint32_t stream_bytes_max = 65'536;  // assembled and not yet consumed, per direction
  std::uint32_t segments_held_max = 64;     // out-of-order segments waiting, per direction
  std::uint32_t undecided_bytes_max =
      16'384;  // stream bytes without any parser claiming the flow: names are final
};

/// What the bytes just shown changed.
struct Inspected {
  bool facts_changed = false;    // decide again
  bool in_order = true;          // false: this packet waits for an earlier one; do not release it yet
  bool conflict = false;         // other content for bytes seen before, or urgent data (evasion); drop it
  bool undecidable = false;      // a limit was reached before a name: the exception table speaks
  bool parser_error = false;     // bytes that claim a protocol and break it beyond what servers accept
  std::uint32_t skip_bytes = 0;  // further bytes of this direction that no parser needs (a body)
  std::uint32_t skip_from_sequence = 0;  // TCP sequence number of the first of them
  bool more = false;  // another name waits in the bytes already shown: decide, then call `next`
};

class FlowInspector {
 public:
  FlowInspector(const FiveTuple& tuple, bool midstream, const InspectLimits& limits);
  ~FlowInspector();
  FlowInspector(FlowInspector&&) noexcept;
  FlowInspector& operator=(FlowInspector&&) noexcept;

  /// One TCP segment: its flags and sequence number, its payload (may be empty: SYN, FIN and RST matter too).
  [[nodiscard]] Inspected on_segment(channel::Direction direction, std::uint32_t sequence,
                                     std::uint8_t tcp_flags, Bytes payload, FlowFacts& facts);
  /// Goes on after an answer with `more`, with the bytes of that packet which were not looked at yet.
  [[nodiscard]] Inspected next(channel::Direction direction, FlowFacts& facts);
  /// One UDP payload.
  [[nodiscard]] Inspected on_datagram(channel::Direction direction, Bytes payload, FlowFacts& facts);

  /// Nothing more will come from the parsers for this flow (no HTTP or mail connection is open in them).
  [[nodiscard]] bool names_final() const;
  /// Assembly bytes held now, for the classifier's total.
  [[nodiscard]] std::size_t bytes_held() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::classifier
