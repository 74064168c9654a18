// SPDX-License-Identifier: Apache-2.0
// The client's first TLS message: server name, ALPN, offered versions, ECH. Records and handshake fragments
// are joined (RFC 8446 sections 4.1.2 and 5.1). The server name is reported as soon as its extension is
// complete, the rest with the end of the message. A second server_name extension, a second host_name in it,
// or lengths that do not add up are errors: servers refuse them, or disagree about which name counts.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "classifier/inspect/parse_step.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// A longer ClientHello is undecidable. Post-quantum hellos need about 2 KiB.
inline constexpr std::size_t kClientHelloBytesMax = 65'536;
/// RFC 8446 section 5.1: a plaintext record carries at most 2^14 bytes.
inline constexpr std::size_t kTlsRecordBytesMax = 16'384;
/// Empty handshake records in a row that OpenSSL still accepts.
inline constexpr unsigned kEmptyRecordsMax = 32;
inline constexpr std::size_t kAlpnMax = 16;

class TlsClientHello {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  /// The server's side says nothing that names the flow.
  [[nodiscard]] static ParseStep from_server(Bytes bytes, FlowFacts&) {
    return {bytes.size(), Outcome::kIgnore};
  }
  [[nodiscard]] std::size_t bytes_held() const { return message_.size(); }

 private:
  enum class Walk : std::uint8_t { kMore, kDone, kError };

  [[nodiscard]] bool begin_record();
  [[nodiscard]] Walk walk();
  [[nodiscard]] Walk walk_fixed();
  [[nodiscard]] bool extension(std::uint16_t type, Bytes body);
  [[nodiscard]] bool server_name(Bytes body);
  void alpn(Bytes body);
  void versions(Bytes body);

  std::array<std::uint8_t, 5> header_{};
  std::size_t header_have_ = 0;
  std::size_t record_left_ = 0;
  unsigned empty_records_ = 0;
  std::vector<std::uint8_t> message_;  // handshake header and what has come of the body
  std::size_t extensions_at_ = 0;      // 0: the part before the extensions is not complete yet
  bool name_seen_ = false;
  bool name_reported_ = false;
  TlsFacts found_;
};

/// An SSL 2.0 style ClientHello that offers TLS (RFC 5246 appendix E.2): it cannot carry a name. Returns the
/// offered version, 0 when the bytes are not one; needs 11 bytes.
[[nodiscard]] std::uint16_t ssl2_hello_version(Bytes bytes);

}  // namespace weir::classifier
