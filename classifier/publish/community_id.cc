// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/community_id.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace weir::classifier {
namespace {

constexpr std::uint8_t kSctp = 132;

struct Pair {
  std::uint8_t type;
  std::uint8_t counterpart;
};
// The specification's request and reply types; both directions of such an exchange are one flow.
constexpr std::array kIcmpPairs = {Pair{0, 8},   Pair{8, 0},   Pair{9, 10},  Pair{10, 9},  Pair{13, 14},
                                   Pair{14, 13}, Pair{15, 16}, Pair{16, 15}, Pair{17, 18}, Pair{18, 17}};
constexpr std::array kIcmp6Pairs = {Pair{128, 129}, Pair{129, 128}, Pair{130, 131}, Pair{131, 130},
                                    Pair{133, 134}, Pair{134, 133}, Pair{135, 136}, Pair{136, 135},
                                    Pair{139, 140}, Pair{140, 139}, Pair{144, 145}, Pair{145, 144}};

template <std::size_t kSize>
std::optional<std::uint16_t> counterpart(const std::array<Pair, kSize>& pairs, std::uint16_t type) {
  const auto found =
      std::find_if(pairs.begin(), pairs.end(), [type](Pair pair) { return pair.type == type; });
  if (found == pairs.end()) return std::nullopt;
  return std::uint16_t{found->counterpart};
}

struct Ends {
  std::uint16_t from = 0;
  std::uint16_t to = 0;
  bool has_ports = false;
  bool one_way = false;  // an ICMP message without a reply type keeps its direction
};

Ends ends_of(const FiveTuple& tuple) {
  if (tuple.protocol == kProtocolTcp || tuple.protocol == kProtocolUdp || tuple.protocol == kSctp) {
    return {tuple.initiator_port, tuple.responder_port, true, false};
  }
  if (tuple.protocol != kProtocolIcmp && tuple.protocol != kProtocolIcmpV6) return {};
  const std::uint16_t type = tuple.initiator_port;
  const auto reply =
      tuple.protocol == kProtocolIcmp ? counterpart(kIcmpPairs, type) : counterpart(kIcmp6Pairs, type);
  if (reply) return {type, *reply, true, false};
  return {type, tuple.responder_port, true, true};
}

/// Seed, addresses, protocol, a pad byte, ports: at most 40 bytes.
struct Message {
  std::array<std::uint8_t, 40> bytes{};
  std::size_t size = 0;

  void append(std::uint8_t value) { bytes[size++] = value; }
  void append(std::uint16_t value) {
    append(static_cast<std::uint8_t>(value >> 8U));
    append(static_cast<std::uint8_t>(value & 0xffU));
  }
  void append(const IpAddress& address) {
    const auto& from = address.bytes();
    for (std::size_t i = address.is_v4() ? 12 : 0; i < from.size(); ++i) append(from[i]);
  }
};

/// SHA-1 as OpenSSL provides it, looked up and allocated once a thread.
class Sha1 {
 public:
  Sha1() : sha1_(EVP_MD_fetch(nullptr, "SHA1", nullptr)), context_(EVP_MD_CTX_new()) {}
  Sha1(const Sha1&) = delete;
  Sha1& operator=(const Sha1&) = delete;
  ~Sha1() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(sha1_);
  }
  [[nodiscard]] bool digest(const Message& message, std::uint8_t* out) {
    return EVP_DigestInit_ex(context_, sha1_, nullptr) == 1 &&
           EVP_DigestUpdate(context_, message.bytes.data(), message.size) == 1 &&
           EVP_DigestFinal_ex(context_, out, nullptr) == 1;
  }

 private:
  EVP_MD* sha1_;
  EVP_MD_CTX* context_;
};

}  // namespace

std::string community_id(const FiveTuple& tuple, std::uint16_t seed) {
  constexpr int kSha1Bytes = 20;
  const IpAddress* low = &tuple.initiator;
  const IpAddress* high = &tuple.responder;
  Ends ends = ends_of(tuple);
  if (!ends.one_way && std::pair{*high, ends.to} < std::pair{*low, ends.from}) {
    std::swap(low, high);
    std::swap(ends.from, ends.to);
  }
  Message message;
  message.append(seed);
  message.append(*low);
  message.append(*high);
  message.append(tuple.protocol);
  message.append(std::uint8_t{0});
  if (ends.has_ports) {
    message.append(ends.from);
    message.append(ends.to);
  }
  thread_local Sha1 sha1;
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  if (!sha1.digest(message, digest.data())) return {};
  std::array<std::uint8_t, 32> text{};  // 28 characters of base64 and a NUL
  const int length = EVP_EncodeBlock(text.data(), digest.data(), kSha1Bytes);
  return "1:" + std::string{text.begin(), text.begin() + length};
}

}  // namespace weir::classifier
