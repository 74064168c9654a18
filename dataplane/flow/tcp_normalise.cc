// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/tcp_normalise.h"

#include <algorithm>

#include "dataplane/packet/tcp_options.h"

namespace weir::dataplane {
namespace {

enum Known : std::uint8_t {
  kSeen = 1U << 0U,          // `sent`
  kStart = 1U << 1U,         // `start`: its SYN was seen
  kAcknowledges = 1U << 2U,  // `acknowledged`, `edge`
  kStamps = 1U << 3U,        // its SYN had time stamps
  kScales = 1U << 4U,        // its SYN had a window scale
  kSigned = 1U << 5U,        // its first segment had an authentication option
  kOwesAnswer = 1U << 6U,    // nothing for it until its SYN was seen
};

constexpr std::uint8_t kWindowScale = 3;         // RFC 7323
constexpr std::uint8_t kMd5Signature = 19;       // RFC 2385
constexpr std::uint8_t kAuthentication = 29;     // RFC 5925
constexpr std::int32_t kTimeStampBackwards = 1;  // ticks that receivers let pass (Linux: TCP_PAWS_WINDOW)

constexpr SegmentJudgement take() noexcept { return {}; }
constexpr SegmentJudgement pass_by() noexcept { return {SegmentUse::kPassBy, DropReason::kNone}; }
constexpr SegmentJudgement drop(DropReason reason) noexcept { return {SegmentUse::kDrop, reason}; }

/// The segment with what is read of it once.
struct Segment {
  const PacketMeta& meta;
  TcpEnd& sender;
  TcpEnd& receiver;
  bool initiator;  // sends it
  std::uint32_t end;
  std::uint8_t hop_limit;
  Bytes stamps;  // the time stamp option
  Bytes scale;
  bool is_signed;

  [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (meta.tcp_flags & flag) != 0; }
  /// It brings something to be delivered.
  [[nodiscard]] bool fills() const noexcept { return end != meta.tcp_sequence; }
  [[nodiscard]] std::uint32_t stamp() const noexcept { return field_u32(stamps, 2); }
};

bool knows(const TcpEnd& end, std::uint8_t bit) noexcept { return (end.known & bit) != 0; }

Segment read(TcpView& view, Bytes frame, const PacketMeta& meta, channel::Direction direction) noexcept {
  const auto from = static_cast<std::size_t>(direction);
  const bool options = meta.payload_offset > meta.l4_offset + kTcpHeaderBytesMin;
  const auto option = [&](std::uint8_t kind) { return options ? tcp_option(frame, meta, kind) : Bytes{}; };
  const bool syn = (meta.tcp_flags & kTcpSyn) != 0;
  Bytes stamps = option(kTcpTimeStamps);
  if (stamps.size() != kTcpTimeStampBytes) stamps = {};
  return {.meta = meta,
          .sender = view[from],
          .receiver = view[1 - from],
          .initiator = direction == channel::Direction::kFromInitiator,
          .end = sequence_end(meta),
          .hop_limit = field_u8(frame, meta.l3_offset + (meta.ipv6 ? std::size_t{7} : std::size_t{8})),
          .stamps = stamps,
          .scale = syn ? option(kWindowScale) : Bytes{},
          .is_signed = !option(kMd5Signature).empty() || !option(kAuthentication).empty()};
}

void note_acknowledgement(const Segment& segment) noexcept {
  if (!segment.has(kTcpAck)) return;
  TcpEnd& sender = segment.sender;
  // RFC 7323 section 2.2: the window of a SYN is never scaled.
  const unsigned shift = segment.has(kTcpSyn) ? 0U : sender.scale;
  const std::uint32_t window = std::uint32_t{segment.meta.tcp_window} << shift;
  const std::uint32_t edge = segment.meta.tcp_acknowledgement + window;
  const bool first = !knows(sender, kAcknowledges);
  // What was not sent yet is not there, whatever the sender says: it is judged when it comes.
  std::uint32_t acknowledged = segment.meta.tcp_acknowledgement;
  if (knows(segment.receiver, kSeen) && sequence_before(segment.receiver.sent, acknowledged))
    acknowledged = segment.receiver.sent;
  if (first || sequence_before(sender.acknowledged, acknowledged)) sender.acknowledged = acknowledged;
  if (first || sequence_before(sender.edge, edge)) sender.edge = edge;
  sender.window_max = std::max(sender.window_max, window);
  sender.known |= kAcknowledges;
}

void note_stamp(const Segment& segment) noexcept {
  if (segment.stamps.empty()) return;
  // Only of what is in order: a later one that overtakes must not make an earlier one look old.
  const TcpEnd& receiver = segment.receiver;
  const bool ahead =
      knows(receiver, kAcknowledges) && sequence_before(receiver.acknowledged, segment.meta.tcp_sequence);
  if (!ahead && sequence_before(segment.sender.time_stamp, segment.stamp()))
    segment.sender.time_stamp = segment.stamp();
}

void note(const Segment& segment) noexcept {
  TcpEnd& sender = segment.sender;
  if (!knows(sender, kSeen)) {
    sender.sent = segment.end;
    sender.known |= kSeen;
    if (segment.is_signed) sender.known |= kSigned;
    if (!segment.stamps.empty()) sender.time_stamp = segment.stamp();
  } else if (sequence_before(sender.sent, segment.end)) {
    sender.sent = segment.end;
  }
  sender.hop_limit = std::max(sender.hop_limit, segment.hop_limit);
  note_acknowledgement(segment);
  note_stamp(segment);
}

void note_syn(const Segment& segment) noexcept {
  TcpEnd& sender = segment.sender;
  TcpEnd fresh;
  fresh.hop_limit = sender.hop_limit;
  fresh.came_in = sender.came_in;
  sender = fresh;
  sender.start = segment.meta.tcp_sequence + 1;
  sender.known = kStart;
  if (!segment.stamps.empty()) sender.known |= kStamps;
  if (segment.scale.size() == 3) {
    sender.known |= kScales;
    sender.scale = std::min(field_u8(segment.scale, 2), kWindowScaleMax);
  }
  note(segment);
  sender.sent = sender.start;  // data of a SYN are cut off
  if (!segment.has(kTcpAck) || !knows(segment.receiver, kStart)) return;
  if (!knows(sender, kScales) || !knows(segment.receiver, kScales)) sender.scale = segment.receiver.scale = 0;
}

SegmentJudgement judge_syn(const Segment& segment, bool noted) noexcept {
  const TcpEnd& sender = segment.sender;
  const TcpEnd& receiver = segment.receiver;
  if (!segment.has(kTcpAck)) {
    if (!segment.initiator) {
      // An answer of SYN to a SYN turns the roles round; without it both ends still meet (RFC 9293 section
      // 3.5, simultaneous open: the other one answers our SYN as well).
      return knows(receiver, kStart) ? drop(DropReason::kTcpHandshake) : pass_by();
    }
    // In a connection: its receiver says what it knows of it (RFC 5961 section 4) and stays as it is.
    if (knows(receiver, kSeen)) return pass_by();
  } else {
    if (segment.initiator) return knows(sender, kStart) ? drop(DropReason::kTcpHandshake) : pass_by();
    if (knows(receiver, kStart) && segment.meta.tcp_acknowledgement != receiver.start)
      return drop(DropReason::kTcpAcknowledgement);
    if (knows(sender, kStart))
      return segment.meta.tcp_sequence + 1 == sender.start ? take() : drop(DropReason::kTcpHandshake);
    if (knows(sender, kSeen)) return pass_by();
  }
  if (noted) note_syn(segment);
  return take();
}

/// RFC 5961 section 3: only the exact number resets; one within the window is asked about by its receiver.
SegmentJudgement judge_reset(const Segment& segment) noexcept {
  const TcpEnd& sender = segment.sender;
  const TcpEnd& receiver = segment.receiver;
  const std::uint32_t at = segment.meta.tcp_sequence;
  if (!knows(sender, kSeen) && knows(receiver, kStart)) {  // the answer to a SYN (RFC 9293 section 3.10.7.3)
    const bool fits = segment.has(kTcpAck) && segment.meta.tcp_acknowledgement == receiver.start;
    return fits ? take() : drop(DropReason::kTcpAcknowledgement);
  }
  if (!knows(sender, kSeen) || at == sender.sent) return take();
  if (!knows(receiver, kAcknowledges)) return pass_by();
  if (at == receiver.acknowledged) return take();
  const bool outside = sequence_before(at, receiver.acknowledged) || sequence_before(receiver.edge, at);
  return outside ? drop(DropReason::kTcpWindow) : pass_by();
}

/// RFC 5961 section 5: between what is known to have arrived, less a window, and what was sent.
SegmentJudgement judge_acknowledgement(const Segment& segment) noexcept {
  const std::uint32_t acknowledged = segment.meta.tcp_acknowledgement;
  if (knows(segment.receiver, kStart) && sequence_before(segment.receiver.sent, acknowledged))
    return drop(DropReason::kTcpAcknowledgement);
  const TcpEnd& sender = segment.sender;
  if (knows(sender, kStart) && knows(sender, kAcknowledges) &&
      sequence_before(acknowledged, sender.acknowledged - sender.window_max)) {
    return segment.fills() ? drop(DropReason::kTcpAcknowledgement) : pass_by();
  }
  return take();
}

/// RFC 9293 section 3.10.7.4, first check.
SegmentJudgement judge_place(const Segment& segment) noexcept {
  const TcpEnd& receiver = segment.receiver;
  const std::uint32_t at = segment.meta.tcp_sequence;
  if (knows(segment.sender, kStart) && sequence_before(at, segment.sender.start)) {
    // The number of the SYN again is a keep-alive; anything else from before the stream is none of it.
    return sequence_before(segment.sender.start, segment.end) ? drop(DropReason::kTcpWindow) : pass_by();
  }
  if (!knows(receiver, kAcknowledges)) return take();
  if (sequence_before(receiver.edge, at)) return drop(DropReason::kTcpWindow);
  const bool old =
      sequence_before(at, receiver.acknowledged) && !sequence_before(receiver.acknowledged, segment.end);
  return old ? pass_by() : take();
}

/// Data behind a SYN that may have reached nobody, for a receiver that may know an older connection.
bool is_unanswered(const Segment& segment) noexcept {
  return segment.initiator && segment.fills() && knows(segment.receiver, kOwesAnswer);
}

/// PAWS, RFC 7323 section 5.
bool is_stale(const Segment& segment) noexcept {
  if (segment.stamps.empty() || !knows(segment.sender, kStamps) || !knows(segment.receiver, kStamps))
    return false;
  return static_cast<std::int32_t>(segment.sender.time_stamp - segment.stamp()) > kTimeStampBackwards;
}

/// Signed where the other end is not, or not signed where both are: its receiver refuses it.
bool is_signed_wrong(const Segment& segment) noexcept {
  if (!knows(segment.receiver, kSeen)) return false;
  const bool other = knows(segment.receiver, kSigned);
  return segment.is_signed ? !other : other && knows(segment.sender, kSigned);
}

}  // namespace

bool lacks_ack(const PacketMeta& meta) noexcept {
  return (meta.tcp_flags & (kTcpAck | kTcpSyn | kTcpRst)) == 0;
}

SegmentJudgement judge_segment(TcpView& view, Bytes frame, const PacketMeta& meta,
                               channel::Direction direction, bool noted) noexcept {
  const Segment segment = read(view, frame, meta, direction);
  if (is_signed_wrong(segment)) return drop(DropReason::kTcpSignature);
  // Responders are spared: what answers a SYN in a server's place is often nearer than the server.
  const bool short_lived =
      segment.initiator && unsigned{segment.hop_limit} + kTtlSlack < segment.sender.hop_limit;
  if (segment.has(kTcpSyn)) return short_lived ? drop(DropReason::kHopLimit) : judge_syn(segment, noted);
  if (segment.has(kTcpRst)) {
    if (short_lived) return pass_by();  // a host on the way may end what it does not want
    return judge_reset(segment);
  }
  if (short_lived) return segment.fills() ? drop(DropReason::kHopLimit) : pass_by();
  if (is_unanswered(segment)) return drop(DropReason::kTcpHandshake);
  SegmentJudgement judgement = judge_acknowledgement(segment);
  if (judgement.use != SegmentUse::kTake) return judgement;
  judgement = judge_place(segment);
  if (judgement.use == SegmentUse::kDrop) return judgement;
  if (is_stale(segment)) return segment.fills() ? drop(DropReason::kTcpTimeStamp) : pass_by();
  if (!noted) return judgement;
  if (judgement.use == SegmentUse::kTake) {
    note(segment);
  } else {
    note_acknowledgement(segment);  // what an old segment acknowledges arrived all the same
  }
  return judgement;
}

void note_side(TcpView& view, channel::Direction direction, unsigned side) noexcept {
  view[static_cast<std::size_t>(direction)].came_in |= static_cast<std::uint8_t>(1U << side);
}

bool may_acknowledge(const TcpView& view, channel::Direction direction, unsigned side) noexcept {
  const std::uint8_t other_end = view[1 - static_cast<std::size_t>(direction)].came_in;
  return other_end == 0 || (other_end >> (1 - side) & 1U) != 0;
}

void owe_answer(TcpView& view) noexcept {
  view[static_cast<std::size_t>(channel::Direction::kFromResponder)].known |= kOwesAnswer;
}

bool both_seen(const TcpView& view) noexcept { return knows(view[0], kSeen) && knows(view[1], kSeen); }

}  // namespace weir::dataplane
