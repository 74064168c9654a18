// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/radius_accounting.h"

#include <algorithm>
#include <string>
#include <utility>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kAccountingRequest = 4;
constexpr std::uint8_t kAccountingResponse = 5;
constexpr std::size_t kHeaderBytes = 20;

enum Attribute : std::uint8_t {  // RFC 2865, RFC 2866, RFC 6911
  kUserName = 1,
  kFramedAddress = 8,
  kCallingStation = 31,
  kStatusType = 40,
  kFramedV6Address = 168,
};
enum Status : std::uint32_t { kStart = 1, kStop = 2, kInterim = 3 };

/// "00-11-22-AA-BB-CC", "0011.22aa.bbcc", "001122aabbcc" and the like; all zero when it is none.
MacAddress mac_of(std::string_view text) {
  MacAddress mac;
  std::size_t digits = 0;
  for (const char c : text) {
    const char letter = lower(c);
    unsigned value = 0;
    if (letter >= '0' && letter <= '9') {
      value = static_cast<unsigned>(letter - '0');
    } else if (letter >= 'a' && letter <= 'f') {
      value = static_cast<unsigned>(letter - 'a') + 10;
    } else if (c == '-' || c == ':' || c == '.') {
      continue;
    } else {
      return {};
    }
    if (digits == 12) return {};
    std::uint8_t& byte = mac.bytes[digits / 2];
    byte = static_cast<std::uint8_t>(byte << 4U | value);
    ++digits;
  }
  return digits == 12 ? mac : MacAddress{};
}

/// What the attributes say; without a user or a client: nothing.
std::optional<IdentityClaim> claim_of(ByteReader reader) {
  IdentityClaim claim;
  claim.about = IdentityClaim::About::kNamed;
  claim.user_source = UserSource::kRadius;
  std::uint32_t status = 0;
  while (reader.left() >= 2) {
    const std::uint8_t type = reader.u8();
    const std::uint8_t length = reader.u8();
    if (length < 2) return std::nullopt;
    const Bytes value = reader.take(length - 2U);
    if (!reader.ok()) return std::nullopt;
    ByteReader number{value};
    if (type == kUserName) claim.user = printable(as_text(value), kRadiusUserBytesMax);
    if (type == kFramedAddress && value.size() == 4) claim.address = IpAddress::v4(value.first<4>());
    if (type == kFramedV6Address && value.size() == 16) claim.address = IpAddress::v6(value.first<16>());
    if (type == kCallingStation) claim.mac = mac_of(as_text(value));
    if (type == kStatusType) status = number.u32();
  }
  claim.ended = status == kStop;
  const bool known = status == kStart || status == kStop || status == kInterim;
  const bool named = claim.mac != MacAddress{} || claim.address != IpAddress{};
  if (!known || !named || claim.user.empty()) return std::nullopt;
  return claim;
}

}  // namespace

bool looks_like_radius_accounting(Bytes datagram) {
  ByteReader reader{datagram};
  const std::uint8_t code = reader.u8();
  reader.skip(1);
  const std::uint16_t length = reader.u16();
  return reader.ok() && (code == kAccountingRequest || code == kAccountingResponse) &&
         length >= kHeaderBytes && length <= datagram.size();
}

void RadiusAccounting::read(channel::Direction from, Bytes datagram, IdentityClaims& claims) {
  if (!looks_like_radius_accounting(datagram)) return;
  ByteReader reader{datagram};
  const std::uint8_t code = reader.u8();
  const std::uint8_t id = reader.u8();
  const std::uint16_t length = reader.u16();
  const bool response = code == kAccountingResponse;
  const auto same = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& w) {
    return w.id == id && (w.from == from) != response;
  });
  if (response) {
    if (same == waiting_.end()) return;
    if (claims.size() < kClaimsMax) claims.push_back(std::move(same->claim));
    waiting_.erase(same);
    return;
  }
  if (same != waiting_.end()) waiting_.erase(same);
  auto claim = claim_of(ByteReader{datagram.first(length).subspan(kHeaderBytes)});
  if (!claim) return;
  if (waiting_.size() == kRadiusUnansweredMax) waiting_.erase(waiting_.begin());
  waiting_.push_back({from, id, std::move(*claim)});
}

}  // namespace weir::classifier
