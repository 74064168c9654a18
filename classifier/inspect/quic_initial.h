// SPDX-License-Identifier: Apache-2.0
// The ClientHello in a client's QUIC Initial packets (RFC 9000 section 17.2.2, RFC 9001 section 5.2, RFC 9369
// for version 2). Initial packets are protected with keys that anybody on the path can derive from the
// connection id. CRYPTO frames may come in any order, over several packets and datagrams, with a changed
// connection id after Retry.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "classifier/inspect/tls_client_hello.h"

namespace weir::classifier {

/// Of a ClientHello in CRYPTO frames; more is undecidable.
inline constexpr std::size_t kQuicCryptoBytesMax = 16'384;
/// Datagrams of the client without a complete ClientHello; then the flow is undecidable.
inline constexpr unsigned kQuicDatagramsMax = 16;
inline constexpr std::size_t kQuicPacketsPerDatagramMax = 8;

/// A long header of a version whose Initial packets can be read.
[[nodiscard]] bool looks_like_quic_initial(Bytes datagram);

class QuicInitial {
 public:
  /// One datagram of the client: kMore, kName or kFinal with facts, kError, kLimit.
  [[nodiscard]] Outcome datagram(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const { return crypto_.size() + hello_.bytes_held(); }

 private:
  struct Keys {
    std::array<std::uint8_t, 16> key{};
    std::array<std::uint8_t, 12> iv{};
    std::array<std::uint8_t, 16> header{};
  };
  struct Packet {
    std::uint32_t version = 0;
    Bytes connection_id;
    Bytes whole;                // of this packet alone
    std::size_t number_at = 0;  // where the protected packet number begins
  };

  [[nodiscard]] static Keys derive(std::uint32_t version, Bytes connection_id);
  [[nodiscard]] static std::optional<std::vector<std::uint8_t>> open(const Packet& packet, const Keys& keys);
  [[nodiscard]] bool frames(Bytes payload);
  [[nodiscard]] bool crypto(std::uint64_t offset, Bytes bytes);
  [[nodiscard]] Outcome feed_hello(FlowFacts& facts);

  std::optional<Keys> keys_;
  std::vector<std::uint8_t> crypto_;
  std::vector<bool> have_;     // which bytes of crypto_ have come; the first copy counts
  std::size_t delivered_ = 0;  // of crypto_, to the hello
  bool too_long_ = false;
  unsigned datagrams_ = 0;
  TlsClientHello hello_;
};

}  // namespace weir::classifier
