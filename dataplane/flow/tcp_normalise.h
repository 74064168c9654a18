// SPDX-License-Identifier: Apache-2.0
// Keeps segments that a receiver may ignore away from the state of a TCP flow that is still judged: what such
// a segment says must neither be believed nor stand in the way of what the receiver does believe. Looks at
// one segment and at what the two ends showed before; knows no table, no packet buffer, no policy.
//
// It is strict where it saw the handshake and lenient where it did not (a flow picked up midstream, a view
// that was given away): a wrong "ignored" would cut a connection, while a wrong "taken" is caught by the
// stream, in which the first copy of a byte wins until its receiver has acknowledged it.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/channel/messages.h"
#include "dataplane/packet/fields.h"
#include "dataplane/packet/packet_meta.h"

namespace weir::dataplane {

/// Hops by which the initiator's later packets may fall short of its best one: paths change by a few, while a
/// packet that is to die before its receiver must be short by more.
inline constexpr std::uint8_t kTtlSlack = 3;
inline constexpr std::uint8_t kWindowScaleMax =
    14;  // RFC 7323 section 2.3; what is assumed of an unknown one

/// What one end showed. Numbers are modulo 2^32.
struct TcpEnd {
  std::uint32_t start = 0;         // of its first byte after the SYN
  std::uint32_t sent = 0;          // after the highest number it sent
  std::uint32_t acknowledged = 0;  // it has the other end's bytes before this
  std::uint32_t edge = 0;          // of the window it offers, the furthest so far
  std::uint32_t window_max = 0;
  std::uint32_t time_stamp = 0;  // TS.Recent of its receiver (RFC 7323 section 4.3)
  std::uint8_t scale = kWindowScaleMax;
  std::uint8_t hop_limit = 0;  // the highest seen
  std::uint8_t known = 0;      // bits of tcp_normalise.cc
  std::uint8_t came_in = 0;    // bit n: segments of it came in at a port of side n (0 inside, 1 outside)
};
static_assert(sizeof(TcpEnd) == 28);

/// By Direction: the end that sends in it.
using TcpView = std::array<TcpEnd, 2>;

enum class SegmentUse : std::uint8_t {
  kTake,    // it may change state and be shown
  kPassBy,  // to its receiver without being believed: that takes none of its bytes, yet may have to answer
  kDrop,
};

struct SegmentJudgement {
  SegmentUse use = SegmentUse::kTake;
  DropReason reason = DropReason::kNone;
};

/// Without state: data or FIN without ACK, which no receiver takes (RFC 9293 section 3.10.7.4, fifth check).
[[nodiscard]] bool lacks_ack(const PacketMeta& meta) noexcept;

/// Judges a segment whose flags make sense, and notes what it says when it is taken. `noted` is false for one
/// that came in at the port where its sender is not (a copy on its way back, or a forgery): it may say
/// nothing.
[[nodiscard]] SegmentJudgement judge_segment(TcpView& view, Bytes frame, const PacketMeta& meta,
                                             channel::Direction direction, bool noted) noexcept;

/// A segment of this direction came in at a port of `side` (0 inside, 1 outside).
void note_side(TcpView& view, channel::Direction direction, unsigned side) noexcept;
/// False where the other end's segments came in at this side alone: they left at the other one, and nobody
/// here has received what a segment from here acknowledges.
[[nodiscard]] bool may_acknowledge(const TcpView& view, channel::Direction direction, unsigned side) noexcept;

/// Of a new view: the initiator's data are dropped until the responder was seen to answer the SYN. For a
/// tuple whose connection before this one may still live.
void owe_answer(TcpView& view) noexcept;

/// Both ends were heard: what is known of them is worth more than of a flow whose SYN was never answered.
[[nodiscard]] bool both_seen(const TcpView& view) noexcept;

}  // namespace weir::dataplane
