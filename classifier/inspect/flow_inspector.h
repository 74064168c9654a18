// SPDX-License-Identifier: Apache-2.0
// Everything Weir's own parsers know about one flow: stream assembly of both directions, the parser that
// claimed the flow, and what they added to the facts. Bounded, allocation only while a flow is being
// inspected, no clock. It never decides; the classifier's engine does that with the facts.
//
// What the caller may forward. Packets of one direction are shown in the order in which they arrived.
//  - `in_order`, no `gap`: everything of this direction shown so far may go, this packet included, and with
//  it
//    the packets that were told to wait before (AnswerType::kRelease).
//  - `in_order` and `gap`: this packet may go (kReleasePacket); packets beyond the gap go on waiting. They
//    must not go: what waits is no first copy, a newcomer takes its place.
//  - not `in_order`: this packet waits; a later call of this direction answers for it.
//  - `more`: the bytes carry another name behind the one now in the facts (a second request or recipient).
//    Decide on these facts, then call `next` for the same direction, and so on until `more` is false; only
//    then may the packet go. `next` repeats `in_order` and `gap` of the packet.
//  - `conflict`: drop this packet alone; the stream goes on without it.
//  - `drops_waiting`: this packet contradicts packets of its direction that wait: drop those; their other
//  bytes
//    were kept, but count as little as if they had not come. The rest of the answer is about this packet.
//  - A second copy of bytes that went out (`conflict` unless second_copy.cc can follow it): from then on two
//    readings of the flow are kept, and `other_reading` says that the news are in other_facts(). A packet may
//    go only if the facts of both readings allow it.
//  - `undecidable` or `parser_error`: the exception table speaks; the parsers gave up and names are final.
//  - `broken`: the exception table speaks for this datagram; the next one is a message of its own.
//  - A name is in the facts in the very call that saw its last byte, so that packet can still be stopped.
//  - `skip_bytes` counts only if it is passed on; bytes shown in spite of it are answered as in order.
//
// Threads: owned by one classifier's only thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "classifier/inspect/identity_claim.h"
#include "classifier/inspect/refusal.h"
#include "dataplane/channel/messages.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

struct InspectLimits {
  std::uint32_t stream_bytes_max = 65'536;     // assembled and not yet consumed, per direction
  std::uint32_t segments_held_max = 64;        // out-of-order segments waiting, per direction
  std::uint32_t undecided_bytes_max = 16'384;  // per direction, claimed by no parser: names are final
};

/// What the bytes just shown changed.
struct Inspected {
  bool facts_changed = false;    // decide again
  bool in_order = true;          // false: this packet waits for an earlier one; do not release it yet
  bool conflict = false;         // other content for bytes seen before, or urgent data (evasion); drop it
  bool ahead = false;            // it came further ahead than can be kept; drop it, its sender repeats it
  bool undecidable = false;      // a limit was reached before a name: the exception table speaks
  bool parser_error = false;     // bytes that claim a protocol and break it beyond what servers accept
  bool broken = false;           // likewise, but this datagram alone: the flow goes on without it
  std::uint32_t skip_bytes = 0;  // further bytes of this direction that no parser needs (a body)
  std::uint32_t skip_from_sequence = 0;  // TCP sequence number of the first of them
  bool gap = false;                      // bytes of this direction wait behind a missing segment
  bool claims = false;                   // take_claims has some
  bool dns_answer = false;               // `facts.dns` answers a question that the other end asked
  bool more = false;           // another name waits in the bytes already shown: decide, then call `next`
  bool drops_waiting = false;  // packets of this direction that wait are contradicted; drop them
  bool other_reading = false;  // `facts_changed` is about other_facts()
};

class FlowInspector {
 public:
  FlowInspector(const FiveTuple& tuple, bool midstream, const InspectLimits& limits);
  ~FlowInspector();
  FlowInspector(FlowInspector&&) noexcept;
  FlowInspector& operator=(FlowInspector&&) noexcept;

  /// One TCP segment: its flags and sequence number, its payload (may be empty: SYN, FIN and RST matter too),
  /// and what it acknowledges of the other direction (with the ACK flag; without it a differing repeat of
  /// bytes that the receiver already has counts as a conflict too). `waits`: it has not left, and can be
  /// dropped.
  [[nodiscard]] Inspected on_segment(channel::Direction direction, std::uint32_t sequence,
                                     std::uint8_t tcp_flags, Bytes payload, FlowFacts& facts,
                                     std::optional<std::uint32_t> acknowledgement = std::nullopt,
                                     bool waits = true);
  /// From now on so many bytes of each direction are kept for their receivers' acknowledgements.
  void keep_unacknowledged(std::uint32_t bytes_max);
  /// Of the other reading; only after an answer with `other_reading`.
  [[nodiscard]] FlowFacts& other_facts();
  /// Goes on after an answer with `more`, with the bytes of that packet which were not looked at yet.
  [[nodiscard]] Inspected next(channel::Direction direction, FlowFacts& facts);
  /// One UDP payload.
  [[nodiscard]] Inspected on_datagram(channel::Direction direction, Bytes payload, FlowFacts& facts);

  /// What the packets shown since the last call say of clients. Claims of a datagram or segment, not more.
  [[nodiscard]] IdentityClaims take_claims();

  /// How the sender of the TCP segment or datagram shown last, of this direction, can be told that it is
  /// refused; what is told of a datagram is about all of it.
  [[nodiscard]] Refusal refusal(channel::Direction direction) const;
  /// Bytes of this direction that begin a further command in a row: the packets that have them should wait
  /// for the rest of it. 0: there are none.
  [[nodiscard]] std::size_t command_bytes_open(channel::Direction direction) const;
  /// They did not wait.
  void let_command_go();
  /// SmtpSession's; only while refusal() says kSmtpCommand, or after it did and the inspector goes on.
  void refuse_command(FlowFacts& facts);
  [[nodiscard]] bool refusal_due() const;
  void refusal_given();

  /// No other name will come from the parsers for this flow (no HTTP or mail connection is open in them).
  /// They may still have something to report: the flow is to be shown on until it is settled.
  [[nodiscard]] bool names_final() const;
  /// And nothing more will be reported, and what was judged has arrived: no other copy of it can take its
  /// place. Until then the flow must not be let go, or a receiver that ignored the copy which was judged
  /// would be given another one.
  [[nodiscard]] bool settled() const;
  /// Assembly bytes held now, for the classifier's total.
  [[nodiscard]] std::size_t bytes_held() const;

 private:
  struct Impl;
  struct SecondCopy;
  struct Segment;
  [[nodiscard]] Inspected follow_second_copy(const Segment& segment, FlowFacts& facts);
  [[nodiscard]] Inspected in_both(const Segment& segment, FlowFacts& facts);
  [[nodiscard]] Inspected joined(Inspected first, const Inspected& second);

  std::unique_ptr<Impl> impl_;
  std::unique_ptr<SecondCopy> second_;  // another copy of some bytes may be what the receiver has
};

}  // namespace weir::classifier
