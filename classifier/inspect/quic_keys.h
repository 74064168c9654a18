// SPDX-License-Identifier: Apache-2.0
// Initial packets of the QUIC versions that are or were in use: which they are, and what they hold. They are
// protected with keys that anybody on the path can derive from the connection id and a number of the version
// (RFC 9001 section 5.2), so this is no decryption of anybody's data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

inline constexpr std::size_t kQuicIdBytesMax = 20;

enum class QuicPacketType : std::uint8_t { kInitial, kZeroRtt, kHandshake, kRetry };

struct QuicVersion {
  std::uint32_t number = 0;
  Bytes salt{};
  bool second = false;         // QUIC 2: other labels and packet types (RFC 9369 section 3)
  bool google_frames = false;  // CRYPTO is frame 8
  bool chlo = false;           // Google's own handshake instead of TLS
};
/// 1, 2 and its first draft, drafts 22 to 34, Facebook's mvfst, Google's Q050, T050 and T051; null: another.
[[nodiscard]] const QuicVersion* quic_version(std::uint32_t number);
/// RFC 9000 section 15: 0x?a?a?a?a makes the server name the versions it has.
[[nodiscard]] constexpr bool is_quic_grease(std::uint32_t version) {
  return (version & 0x0f0f0f0fU) == 0x0a0a0a0aU;
}
[[nodiscard]] QuicPacketType quic_packet_type(std::uint8_t first, const QuicVersion& version);
/// RFC 9000 section 16.
[[nodiscard]] std::uint64_t quic_integer(ByteReader& reader);

struct QuicKeys {
  std::array<std::uint8_t, 16> key{};
  std::array<std::uint8_t, 12> iv{};
  std::array<std::uint8_t, 16> header{};
};
/// Of the client.
[[nodiscard]] QuicKeys quic_keys(const QuicVersion& version, Bytes connection_id);
/// Removes header protection and decrypts (RFC 9001 sections 5.3 and 5.4) one packet whose protected number
/// begins at `number_at`; nullopt when it was not protected with these keys.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> open_quic_packet(Bytes packet, std::size_t number_at,
                                                                        const QuicKeys& keys);

}  // namespace weir::classifier
