// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/starttls_ldap.h"

#include <algorithm>
#include <string_view>

namespace weir::classifier {

namespace {

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kEnumerated = 0x0a;
constexpr std::uint8_t kExtendedRequest = 0x77;
constexpr std::uint8_t kExtendedResponse = 0x78;
constexpr std::uint8_t kRequestName = 0x80;
constexpr std::string_view kStartTls = "1.3.6.1.4.1.1466.20037";

/// BER's definite form, up to four bytes.
std::uint64_t ber_length(ByteReader& reader) {
  const std::uint8_t first = reader.u8();
  if (first < 0x80) return first;
  if (first == 0x80 || first > 0x84) {
    reader.skip(reader.left() + 1);  // fails
    return 0;
  }
  std::uint64_t length = 0;
  for (unsigned i = first - 0x80U; i > 0; --i) length = (length << 8U) | reader.u8();
  return length;
}

std::uint32_t message_id(ByteReader& reader) {
  const std::uint8_t tag = reader.u8();
  const std::uint8_t length = reader.u8();
  if (tag != kInteger || length == 0 || length > 4) reader.skip(reader.left() + 1);
  std::uint32_t id = 0;
  for (unsigned i = 0; i < length && reader.ok(); ++i) id = (id << 8U) | reader.u8();
  return id;
}

bool is_request(std::uint8_t operation) {
  constexpr std::array<std::uint8_t, 10> kRequests = {0x60, 0x42, 0x63, 0x66, 0x68,
                                                      0x4a, 0x6c, 0x6e, 0x50, 0x77};
  return std::find(kRequests.begin(), kRequests.end(), operation) != kRequests.end();
}

}  // namespace

std::optional<bool> looks_like_ldap(Bytes first) {
  if (!first.empty() && first[0] != kSequence) return false;
  // The longest head up to the operation; a shorter one that does not fit needs no more bytes to say so.
  constexpr std::size_t kLongest = 13;
  ByteReader reader{first};
  reader.skip(1);
  static_cast<void>(ber_length(reader));
  static_cast<void>(message_id(reader));
  const std::uint8_t operation = reader.u8();
  if (reader.ok()) return is_request(operation);
  return first.size() < kLongest &&
                 (first.size() < 2 || first[1] < 0x80 || (first[1] > 0x80 && first[1] <= 0x84))
             ? std::nullopt
             : std::optional(false);
}

/// Up to the end of one message's head, or of what waits of the one before.
LdapStartTls::Read LdapStartTls::read(Side& side, Bytes bytes, std::size_t& at) {
  while (at < bytes.size()) {
    if (side.left > 0) {
      const std::uint64_t skipped = std::min<std::uint64_t>(side.left, bytes.size() - at);
      side.left -= skipped;
      side.total += skipped;
      at += skipped;
      return Read::kSkipped;
    }
    side.head[side.have++] = bytes[at++];
    ++side.total;
    if (side.head[0] != kSequence) return Read::kBroken;
    ByteReader reader{Bytes{side.head}.first(side.have)};
    reader.skip(1);
    const std::uint64_t length = ber_length(reader);
    if (!reader.ok()) {
      if (side.have > 6 || (side.have > 1 && (side.head[1] == 0x80 || side.head[1] > 0x84)))
        return Read::kBroken;
      continue;
    }
    const std::uint64_t whole = reader.offset() + length;
    if (side.have < std::min<std::uint64_t>(whole, side.head.size())) continue;
    side.left = whole - side.have;
    return Read::kHead;
  }
  return Read::kMore;
}

ParseStep LdapStartTls::from_client(Bytes bytes, FlowFacts&) {
  ParseStep step;
  while (step.consumed < bytes.size()) {
    if (waits_ && client_.left == 0) return {step.consumed, Outcome::kError};  // RFC 4511 section 4.14.1
    const Read result = read(client_, bytes, step.consumed);
    if (result == Read::kBroken || client_.total > kLdapBytesMax) return {step.consumed, Outcome::kFinal};
    if (result != Read::kHead) continue;
    ByteReader reader{Bytes{client_.head}.first(client_.have)};
    client_.have = 0;
    reader.skip(1);
    static_cast<void>(ber_length(reader));
    const std::uint32_t id = message_id(reader);
    if (reader.u8() != kExtendedRequest) continue;
    static_cast<void>(ber_length(reader));
    if (reader.u8() != kRequestName || as_text(reader.take(ber_length(reader))) != kStartTls) continue;
    waits_ = true;
    id_ = id;
  }
  return step;
}

ParseStep LdapStartTls::from_server(Bytes bytes, FlowFacts&) {
  ParseStep step;
  while (step.consumed < bytes.size() && !accepted_) {
    const Read result = read(server_, bytes, step.consumed);
    if (result == Read::kBroken || server_.total > kLdapBytesMax) return {step.consumed, Outcome::kFinal};
    if (result != Read::kHead) continue;
    ByteReader reader{Bytes{server_.head}.first(server_.have)};
    server_.have = 0;
    reader.skip(1);
    static_cast<void>(ber_length(reader));
    const std::uint32_t id = message_id(reader);
    if (reader.u8() != kExtendedResponse || !waits_ || id != id_) continue;
    static_cast<void>(ber_length(reader));
    waits_ = false;
    accepted_ = reader.u8() == kEnumerated && reader.u8() == 1 && reader.u8() == 0 && reader.ok();
  }
  const std::uint64_t rest = std::min<std::uint64_t>(server_.left, bytes.size() - step.consumed);
  server_.left -= rest;  // of the response: TLS begins behind it
  step.consumed += rest;
  if (accepted_ && server_.left == 0) step.outcome = Outcome::kTls;
  return step;
}

}  // namespace weir::classifier
