// SPDX-License-Identifier: Apache-2.0
// Google's QUIC before the IETF's (Q024 to Q046): first packets in clear text, and the client hello of its
// own handshake (CHLO), which Q050 carries in protected Initial packets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

inline constexpr std::size_t kChloTagsMax = 128;  // quiche accepts no more

/// A client's packet that carries the handshake stream.
struct GooglePacket {
  std::uint64_t offset = 0;
  Bytes data{};  // empty: none of it in this packet
};
/// nullopt: no packet of these versions with a version in it, as clients send until they are answered.
[[nodiscard]] std::optional<GooglePacket> read_google_packet(Bytes datagram);

struct Chlo {
  enum class State : std::uint8_t { kMore, kDone, kBroken };
  State state = State::kMore;
  std::string_view server_name{};  // as it came
};
/// The hello at the start of the handshake stream.
[[nodiscard]] Chlo read_chlo(Bytes bytes);

}  // namespace weir::classifier
