// SPDX-License-Identifier: Apache-2.0
// QUIC Initial packets of a client, sealed with the keys that RFC 9001 appendix A.1 and RFC 9369 appendix A.1
// print for the connection id 0x8394c8f03e515708, or with those of another id.
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "classifier/inspect/quic_keys.h"
#include "tests/support/tls_hello.h"

namespace weir::test {

inline std::string hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return out;
}

struct QuicSealer {
  const char* what;
  std::string header;  // first byte without the number's length, version
  std::string key, iv, header_key;
};
inline std::string id_of() { return hex("8394c8f03e515708"); }
inline const QuicSealer kV1{"1", hex("c000000001"), hex("1f369613dd76d5467730efcbe3b1a22d"),
                            hex("fa044b2f42a3fd3b46fb255c"), hex("9f50449e04a0e810283a1e9933adedd2")};
inline const QuicSealer kV2{"2", hex("d06b3343cf"), hex("8b1a0bc121284290a29e0971b5cd045d"),
                            hex("91f73e2351d8fa91660e909f"), hex("45b95e15235d6f45a6b19cbcb0294ba9")};

inline const std::uint8_t* octets(const std::string& text) { return as_bytes(text).data(); }

/// One Initial packet with packet number `number`, padded like a client's. The connection id is not that of
/// the keys where a client goes on with the server's.
inline std::string sealed(const QuicSealer& version, std::uint8_t number, std::string frames,
                          std::size_t padded = 1'162, const std::string& id = id_of()) {
  frames.resize(std::max<std::size_t>(frames.size(), padded), '\0');
  std::string head =
      version.header + static_cast<char>(id.size()) + id + '\0' + '\0';  // no source id, no token
  head += Wire{}.u16(0x4000 + 1 + frames.size() + 16).str();
  const std::size_t number_at = head.size();
  head += static_cast<char>(number);
  std::string nonce = version.iv;
  nonce.back() = static_cast<char>(nonce.back() ^ static_cast<char>(number));
  std::vector<std::uint8_t> text(frames.size());
  std::array<std::uint8_t, 16> tag{};
  std::array<std::uint8_t, 32> mask{};
  int length = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, octets(version.key), octets(nonce));
  EVP_EncryptUpdate(context, nullptr, &length, octets(head), static_cast<int>(head.size()));
  EVP_EncryptUpdate(context, text.data(), &length, octets(frames), static_cast<int>(frames.size()));
  EVP_EncryptFinal_ex(context, tag.data(), &length);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, tag.data());
  std::string packet = head + std::string(as_text(Bytes{text})) + std::string(as_text(Bytes{tag}));
  EVP_CIPHER_CTX_reset(context);
  EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nullptr, octets(version.header_key), nullptr);
  EVP_EncryptUpdate(context, mask.data(), &length, octets(packet) + number_at + 4, 16);
  EVP_CIPHER_CTX_free(context);
  packet[0] = static_cast<char>(packet[0] ^ static_cast<char>(mask[0] & 0x0fU));
  packet[number_at] = static_cast<char>(packet[number_at] ^ static_cast<char>(mask[1]));
  return packet;
}
/// The keys of another connection id, derived by what is under test (its vectors are above).
inline QuicSealer with_id(const char* header, std::string_view id) {
  const std::string bytes = hex(header);
  const auto* version = classifier::quic_version(ByteReader{as_bytes(bytes).subspan(1)}.u32());
  const classifier::QuicKeys keys = classifier::quic_keys(*version, as_bytes(id));
  return {header, bytes, std::string(as_text(Bytes{keys.key})), std::string(as_text(Bytes{keys.iv})),
          std::string(as_text(Bytes{keys.header}))};
}

inline std::string crypto_frame(std::size_t offset, std::string_view bytes, std::size_t type = 6) {
  return Wire{}.u8(type).u16(0x4000 + offset).u16(0x4000 + bytes.size()).raw(bytes).str();
}
inline std::string quic_hello_of(std::string_view name) {
  return client_hello_message(sni_extension(name) + alpn_extension({"h3"}) + versions_extension({0x0304}));
}
inline const std::string kHello = quic_hello_of("Quic.Example");
inline const std::string kServerHandshake = hex("e0000000010000") + "\x40\x10sealed";

}  // namespace weir::test
