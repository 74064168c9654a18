// SPDX-License-Identifier: Apache-2.0
// What a TLS or QUIC handshake showed in clear text. Part of FlowFacts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

struct TlsFacts {
  bool seen = false;
  std::string sni{};  // canonical (policy/categories/canonical_name.h); empty: none was sent
  std::vector<std::string> alpn{};
  std::uint16_t version = 0;  // highest offered, e.g. 0x0304
  bool ech_offered = false;
  std::string ja3{};  // MD5 of the ClientHello's numbers, 32 hex digits (salesforce/ja3); empty: not computed
  std::string ja4{};  // client fingerprint, e.g. "t13d1516h2_8daaf6152771_e5627efa2ab1" (FoxIO JA4, BSD part)
  std::uint16_t server_version = 0;  // what the server chose; 0: not seen
};

}  // namespace weir
