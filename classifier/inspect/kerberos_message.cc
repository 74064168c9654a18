// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/kerberos_message.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

// Identifier octets (X.690 section 8.1.2); [APPLICATION n] and [n], constructed.
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kGeneralString = 0x1b;
constexpr std::uint8_t kApplication = 0x60;
constexpr std::uint8_t kAsRequest = kApplication + 10;
constexpr std::uint8_t kAsReply = kApplication + 11;
constexpr std::uint8_t kTgsRequest = kApplication + 12;
constexpr std::uint8_t kTgsReply = kApplication + 13;
constexpr std::uint8_t kError = kApplication + 30;
constexpr std::uint8_t context(std::uint8_t number) { return static_cast<std::uint8_t>(0xa0U + number); }

struct Element {
  std::uint8_t tag = 0;
  Bytes content;
};

/// The elements of a message one after the other. What is longer than the bytes that are there is cut.
class Der {
 public:
  explicit Der(Bytes bytes) : reader_(bytes) {}

  [[nodiscard]] std::optional<Element> next() {
    Element element;
    element.tag = reader_.u8();
    std::size_t length = reader_.u8();
    if ((length & 0x80U) != 0) {
      const std::size_t octets = length & 0x7fU;
      if (octets == 0 || octets > 4) return std::nullopt;  // indefinite, or longer than anything here
      length = 0;
      for (std::size_t i = 0; i < octets; ++i) length = length << 8U | reader_.u8();
    }
    if (!reader_.ok() || (element.tag & 0x1fU) == 0x1f) return std::nullopt;
    element.content = reader_.take(std::min(length, reader_.left()));
    return element;
  }

  /// The content of the first element with this tag, from here on.
  [[nodiscard]] std::optional<Bytes> find(std::uint8_t tag, std::size_t& budget) {
    while (budget > 0 && reader_.left() > 0) {
      --budget;
      const auto element = next();
      if (!element) return std::nullopt;
      if (element->tag == tag) return element->content;
    }
    return std::nullopt;
  }

 private:
  ByteReader reader_;
};

/// The content at the end of a path of tags.
std::optional<Bytes> walk(Bytes from, std::initializer_list<std::uint8_t> path, std::size_t& budget) {
  std::optional<Bytes> at = from;
  for (const std::uint8_t tag : path) {
    at = Der{*at}.find(tag, budget);
    if (!at) return std::nullopt;
  }
  return at;
}

/// PrincipalName: [0] its type, [1] a sequence of strings.
std::string principal(Bytes name, std::size_t& budget) {
  const auto strings = walk(name, {kSequence, context(1), kSequence}, budget);
  if (!strings) return {};
  std::string out;
  Der der{*strings};
  for (std::size_t i = 0; i < kKerberosComponentsMax; ++i) {
    const auto part = der.find(kGeneralString, budget);
    if (!part) break;
    if (i > 0) out += '/';
    out += printable(as_text(*part), kKerberosNameBytesMax);
  }
  return out;
}

IdentityClaim claim_of(std::string name, const std::string& realm, bool granted) {
  IdentityClaim claim;
  claim.about = granted ? IdentityClaim::About::kReceiver : IdentityClaim::About::kSender;
  if (name.size() > 1 && name.ends_with('$')) {  // a machine's account
    name.pop_back();
    claim.host_name = std::move(name);
    claim.host_source = HostNameSource::kKerberos;
    return claim;
  }
  claim.user = std::move(name);
  if (!realm.empty() && claim.user.size() + realm.size() < kKerberosNameBytesMax) claim.user += '@' + realm;
  claim.user_source = granted ? UserSource::kKerberos : UserSource::kKerberosRequest;
  return claim;
}

}  // namespace

bool looks_like_kerberos(Bytes message) {
  Der der{message};
  const auto outer = der.next();
  if (!outer || outer->content.size() < 2) return false;
  const bool known = outer->tag == kAsRequest || outer->tag == kAsReply || outer->tag == kTgsRequest ||
                     outer->tag == kTgsReply || outer->tag == kError;
  return known && outer->content[0] == kSequence;
}

void read_kerberos(Bytes message, IdentityClaims& claims) {
  if (!looks_like_kerberos(message)) return;
  const std::uint8_t type = message[0];
  const bool granted = type == kAsReply || type == kTgsReply;
  if (!granted && type != kAsRequest) return;
  std::size_t budget = kDerElementsMax;
  // KDC-REQ: [4] is the body with [1] cname and [2] realm. KDC-REP: [3] crealm, [4] cname.
  const auto body = granted ? walk(message, {type, kSequence}, budget)
                            : walk(message, {type, kSequence, context(4), kSequence}, budget);
  if (!body) return;
  const auto name = walk(*body, {context(granted ? 4 : 1)}, budget);
  const auto realm = walk(*body, {context(granted ? 3 : 2), kGeneralString}, budget);
  if (!name) return;
  std::string who = principal(*name, budget);
  if (who.empty() || claims.size() == kClaimsMax) return;
  const std::string where = realm ? printable(as_text(*realm), kKerberosNameBytesMax) : std::string{};
  claims.push_back(claim_of(std::move(who), where, granted));
}

}  // namespace weir::classifier
