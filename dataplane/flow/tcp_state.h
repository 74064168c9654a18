// SPDX-License-Identifier: Apache-2.0
// TCP connection state as a bridge sees it (RFC 9293 section 3.3.2, seen from the middle): one table
// [state][event] -> state. Used for timeouts and for the end of a flow, not for judging.
#pragma once

#include <cstdint>

#include "dataplane/channel/messages.h"

namespace weir::dataplane {

enum class TcpEvent : std::uint8_t { kSyn, kSynAck, kAck, kFinFirst, kFinSecond, kRst };

[[nodiscard]] channel::TcpState next_tcp_state(channel::TcpState state, TcpEvent event) noexcept;

}  // namespace weir::dataplane
