// SPDX-License-Identifier: Apache-2.0
// The packets are sealed here with the keys that RFC 9001 appendix A.1 and RFC 9369 appendix A.1 print for
// the connection id 0x8394c8f03e515708, so that the derivation is checked against them.
#include "classifier/inspect/quic_initial.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using classifier::Outcome;
using classifier::QuicInitial;

std::string hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return out;
}

struct Version {
  const char* what;
  std::string header;  // first byte without the number's length, version
  std::string key, iv, header_key;
};
const Version kV1{"1", hex("c000000001"), hex("1f369613dd76d5467730efcbe3b1a22d"),
                  hex("fa044b2f42a3fd3b46fb255c"), hex("9f50449e04a0e810283a1e9933adedd2")};
const Version kV2{"2", hex("d06b3343cf"), hex("8b1a0bc121284290a29e0971b5cd045d"),
                  hex("91f73e2351d8fa91660e909f"), hex("45b95e15235d6f45a6b19cbcb0294ba9")};

const std::uint8_t* octets(const std::string& text) { return as_bytes(text).data(); }

/// One Initial packet with packet number `number`, padded like a client's.
std::string sealed(const Version& version, std::uint8_t number, std::string frames) {
  frames.resize(std::max<std::size_t>(frames.size(), 1'162), '\0');
  std::string head = version.header + hex("088394c8f03e51570800") + '\0';  // ids, no token
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

std::string crypto_frame(std::size_t offset, std::string_view bytes) {
  return Wire{}.u8(6).u16(0x4000 + offset).u16(0x4000 + bytes.size()).raw(bytes).str();
}
const std::string kHello = client_hello_message(sni_extension("Quic.Example") + alpn_extension({"h3"}));

TEST(QuicInitial, NameOfBothVersions) {
  for (const Version& version : {kV1, kV2}) {
    SCOPED_TRACE(version.what);
    QuicInitial quic;
    FlowFacts facts;
    EXPECT_EQ(quic.datagram(as_bytes(sealed(version, 0, crypto_frame(0, kHello))), facts), Outcome::kFinal);
    EXPECT_EQ(facts.host, "quic.example");
    EXPECT_EQ(facts.host_source, NameSource::kQuicSni);
  }
}

TEST(QuicInitial, FramesInAnyOrderOverDatagrams) {
  const std::string first =
      crypto_frame(40, kHello.substr(40, 30)) + '\x01' + crypto_frame(0, kHello.substr(0, 20));
  const std::string second =
      crypto_frame(70, kHello.substr(70)) + std::string(3, '\0') + crypto_frame(20, kHello.substr(20, 25));
  QuicInitial quic;
  FlowFacts facts;
  EXPECT_EQ(quic.datagram(as_bytes(sealed(kV1, 0, first)), facts), Outcome::kMore);
  EXPECT_EQ(quic.datagram(as_bytes(sealed(kV1, 1, second)), facts), Outcome::kFinal);
  EXPECT_EQ(facts.host, "quic.example");
}

TEST(QuicInitial, DifferingCopiesAreAnError) {
  QuicInitial quic;
  FlowFacts facts;
  EXPECT_EQ(quic.datagram(as_bytes(sealed(kV1, 0, crypto_frame(10, "abc") + crypto_frame(11, "xx"))), facts),
            Outcome::kError);
}

TEST(QuicInitial, Limits) {
  QuicInitial far;
  FlowFacts facts;
  EXPECT_EQ(
      far.datagram(as_bytes(sealed(kV1, 0, crypto_frame(classifier::kQuicCryptoBytesMax - 1, "ab"))), facts),
      Outcome::kLimit);
  QuicInitial many;
  const std::string ping = sealed(kV1, 0, "\x01");
  for (unsigned i = 0; i < classifier::kQuicDatagramsMax; ++i)
    EXPECT_EQ(many.datagram(as_bytes(ping), facts), Outcome::kMore);
  EXPECT_EQ(many.datagram(as_bytes(ping), facts), Outcome::kLimit);
}

TEST(QuicInitial, DamagedPacketsSayNothing) {
  const std::string good = sealed(kV1, 0, crypto_frame(0, kHello));
  for (std::size_t cut = 0; cut < 60; ++cut) {
    QuicInitial quic;
    FlowFacts facts;
    EXPECT_EQ(quic.datagram(as_bytes(good.substr(0, cut)), facts), Outcome::kMore);
  }
  std::string flipped = good;
  flipped[100] = static_cast<char>(flipped[100] ^ 1);
  QuicInitial quic;
  FlowFacts facts;
  EXPECT_EQ(quic.datagram(as_bytes(flipped), facts), Outcome::kMore);
  EXPECT_EQ(quic.datagram(as_bytes(good), facts), Outcome::kFinal);
}

TEST(QuicFlow, IsFinalWithItsHello) {
  InspectedFlow flow(443);
  const auto client = channel::Direction::kFromInitiator;
  const std::string grease = hex("ca0a0a0a0a088394c8f03e51570800") + std::string(1'200, 'x');
  EXPECT_FALSE(flow.inspector.on_datagram(client, as_bytes(grease), flow.facts).facts_changed);
  EXPECT_FALSE(flow.inspector.names_final());
  EXPECT_FALSE(
      flow.inspector.on_datagram(channel::Direction::kFromResponder, as_bytes("negotiation"), flow.facts)
          .facts_changed);
  const Inspected seen =
      flow.inspector.on_datagram(client, as_bytes(sealed(kV1, 0, crypto_frame(0, kHello))), flow.facts);
  EXPECT_TRUE(seen.facts_changed);
  EXPECT_EQ(flow.facts.host, "quic.example");
  EXPECT_TRUE(flow.inspector.names_final());
  EXPECT_EQ(flow.inspector.bytes_held(), 0U);
}

}  // namespace
}  // namespace weir::test
