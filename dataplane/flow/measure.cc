// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/measure.h"

#include <algorithm>

namespace weir::dataplane {
namespace {

template <typename Count>
void count_up(Count& count) noexcept {
  if (count != static_cast<Count>(-1)) ++count;
}

/// At least 1: zero means "not measured".
std::uint32_t microseconds(TimeNs time) noexcept {
  return static_cast<std::uint32_t>(std::clamp<TimeNs>(time / kMicrosecond, 1, 0xffff'ffff));
}

}  // namespace

void measure_segment(FlowHot& hot, FlowCold& cold, const PacketMeta& meta, Direction direction) noexcept {
  const auto d = static_cast<std::size_t>(direction);
  if (meta.tcp_window == 0 && (meta.tcp_flags & (kTcpSyn | kTcpRst)) == 0) count_up(cold.zero_windows[d]);
  const std::uint32_t bytes =
      meta.payload_bytes + ((meta.tcp_flags & (kTcpSyn | kTcpFin)) != 0 ? std::uint32_t{1} : 0);
  if (bytes == 0 || (meta.tcp_flags & kTcpRst) != 0) return;
  const std::uint32_t end = meta.tcp_sequence + bytes;
  const FlowFlag known = meta.source_is_low ? kSequenceLow : kSequenceHigh;
  if ((hot.flags & known) == 0) {
    set_flag(hot, known);
    cold.next_sequence[d] = end;
    return;
  }
  const auto ahead = static_cast<std::int32_t>(meta.tcp_sequence - cold.next_sequence[d]);
  if (static_cast<std::int32_t>(end - cold.next_sequence[d]) > 0) {
    if (ahead > 0) {
      count_up(cold.out_of_order[d]);
      count_up(cold.holes[d]);
    }
    cold.next_sequence[d] = end;
  } else if (cold.holes[d] > 0) {
    --cold.holes[d];  // late, not twice: it fills what had been missing
  } else if (bytes > 1) {
    count_up(cold.retransmitted[d]);  // a single byte again is a keep-alive (RFC 9293 section 3.8.4)
  }
}

void forget_seen(FlowCold& cold, Direction direction, std::uint32_t end) noexcept {
  std::uint32_t& seen = cold.next_sequence[static_cast<std::size_t>(direction)];
  if (static_cast<std::int32_t>(seen - end) > 0) seen = end;
}

void measure_handshake(FlowHot& hot, FlowCold& cold, channel::TcpState before, const PacketMeta& meta,
                       Direction direction, TimeNs elapsed) noexcept {
  constexpr std::size_t kToInitiator = 0;
  constexpr std::size_t kToResponder = 1;
  const bool syn = (meta.tcp_flags & kTcpSyn) != 0;
  if (syn && before != channel::TcpState::kNone && direction == Direction::kFromInitiator) {
    set_flag(hot, kSynRepeated);  // which of them was answered cannot be told
  } else if (syn && direction == Direction::kFromResponder && before == channel::TcpState::kSynSent) {
    if ((hot.flags & kSynRepeated) == 0) cold.handshake_us[kToResponder] = microseconds(elapsed);
  } else if (syn) {
    cold.handshake_us[kToResponder] = 0;  // a repeated SYN-ACK
  } else if (before == channel::TcpState::kSynReceived && direction == Direction::kFromInitiator &&
             cold.handshake_us[kToResponder] != 0 && cold.handshake_us[kToInitiator] == 0) {
    cold.handshake_us[kToInitiator] =
        microseconds(elapsed - TimeNs{cold.handshake_us[kToResponder]} * kMicrosecond);
  }
}

}  // namespace weir::dataplane
