// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/tls_certificate.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kBoolean = 0x01;
constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kObjectId = 0x06;
constexpr std::uint8_t kUtcTime = 0x17;
constexpr std::uint8_t kGeneralizedTime = 0x18;
constexpr std::uint8_t kBmpString = 0x1e;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t kVersion = 0xa0;
constexpr std::uint8_t kExtensions = 0xa3;
constexpr std::uint8_t kDnsName = 0x82;

constexpr std::array<std::uint8_t, 3> kCommonName = {0x55, 0x04, 0x03};
constexpr std::array<std::uint8_t, 3> kOrganisation = {0x55, 0x04, 0x0a};
constexpr std::array<std::uint8_t, 3> kOrganisationalUnit = {0x55, 0x04, 0x0b};
constexpr std::array<std::uint8_t, 3> kSubjectAltName = {0x55, 0x1d, 0x11};

/// Elements of one level, in order; after the first that does not fit there is none any more.
class Der {
 public:
  explicit Der(Bytes bytes) : reader_(bytes) {}

  [[nodiscard]] bool more() const { return reader_.left() > 0; }
  /// The tag of the next element; 0 where there is none.
  [[nodiscard]] std::uint8_t peek() const { return more() ? reader_.rest()[0] : std::uint8_t{0}; }

  /// The content of the next element if it has this tag.
  std::optional<Bytes> take(std::uint8_t tag) {
    if (peek() != tag) return std::nullopt;
    std::uint8_t unused = 0;
    return any(unused);
  }
  std::optional<Bytes> any(std::uint8_t& tag) {
    tag = reader_.u8();
    std::size_t length = reader_.u8();
    if (length > 0x80 && length <= 0x83) {  // 16 MiB are more than any message holds
      std::size_t long_form = 0;
      for (std::size_t i = length - 0x80; i > 0; --i) long_form = (long_form << 8U) | reader_.u8();
      length = long_form;
    } else if (length >= 0x80) {
      reader_.take(reader_.left() + 1);  // indefinite or longer: fails for good
    }
    const Bytes content = reader_.take(length);
    return reader_.ok() ? std::optional(content) : std::nullopt;
  }

 private:
  ByteReader reader_;
};

bool is(Bytes oid, const std::array<std::uint8_t, 3>& known) {
  return std::equal(oid.begin(), oid.end(), known.begin(), known.end());
}

std::string text_of(std::uint8_t tag, Bytes content) {
  if (tag != kBmpString) return printable(as_text(content), kCertificateTextBytesMax);
  std::string out;  // UTF-16; beyond Latin letters it is shown as '?'
  for (std::size_t i = 0; i + 1 < content.size() && out.size() < kCertificateTextBytesMax; i += 2) {
    out += content[i] == 0 ? static_cast<char>(content[i + 1]) : '?';
  }
  return printable(out, kCertificateTextBytesMax);
}

/// The first common name; where there is none, organisation, then its unit.
std::string name_of(Bytes name) {
  std::array<std::string, 3> found;
  Der parts{name};
  for (std::size_t i = 0; i < kCertificateNamePartsMax && parts.more(); ++i) {
    const auto set = parts.take(kSet);
    if (!set) break;
    Der inside{*set};
    const auto pair = inside.take(kSequence);
    if (!pair) continue;
    Der attribute{*pair};
    const auto oid = attribute.take(kObjectId);
    std::uint8_t tag = 0;
    const auto value = oid ? attribute.any(tag) : std::nullopt;
    if (!value) continue;
    const std::size_t rank = is(*oid, kCommonName)           ? 0
                             : is(*oid, kOrganisation)       ? 1
                             : is(*oid, kOrganisationalUnit) ? 2
                                                             : found.size();
    if (rank < found.size() && found[rank].empty()) found[rank] = text_of(tag, *value);
  }
  for (std::string& text : found) {
    if (!text.empty()) return std::move(text);
  }
  return {};
}

/// RFC 5280 section 4.1.2.5: YYMMDDHHMMSSZ up to 2049, then YYYYMMDDHHMMSSZ. 0: neither.
std::int64_t time_of(std::uint8_t tag, Bytes content) {
  std::string_view text = as_text(content);
  const std::size_t digits = tag == kUtcTime ? 12 : tag == kGeneralizedTime ? 14 : 0;
  if (digits == 0 || text.size() != digits + 1 || text.back() != 'Z') return 0;
  std::array<unsigned, 7> pairs{};  // century, year, month, day, hour, minute, second
  std::size_t at = digits == 12 ? 1 : 0;
  for (text.remove_suffix(1); !text.empty(); text.remove_prefix(2)) {
    const auto value = decimal(text.substr(0, 2));
    if (!value) return 0;
    pairs[at++] = static_cast<unsigned>(*value);
  }
  if (digits == 12) pairs[0] = pairs[1] >= 50 ? 19 : 20;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(pairs[0] * 100 + pairs[1])},
                                         std::chrono::month{pairs[2]}, std::chrono::day{pairs[3]}};
  if (!date.ok() || pairs[4] > 23 || pairs[5] > 59 || pairs[6] > 60) return 0;
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  return std::int64_t{days} * 86'400 + pairs[4] * 3'600 + pairs[5] * 60 + pairs[6];
}

void alternative_names(Bytes value, TlsCertificate& out) {
  Der outer{value};
  const auto list = outer.take(kSequence);
  if (!list) return;
  Der names{*list};
  while (names.more() && out.names.size() < kCertificateNamesMax) {
    std::uint8_t tag = 0;
    const auto name = names.any(tag);
    if (name && tag == kDnsName && !name->empty())
      out.names.push_back(lower_case(printable(as_text(*name), kCertificateTextBytesMax)));
  }
}

void extensions(Bytes content, TlsCertificate& out) {
  Der outer{content};
  const auto all = outer.take(kSequence);
  if (!all) return;
  Der list{*all};
  for (std::size_t i = 0; i < kCertificateExtensionsMax && list.more(); ++i) {
    const auto one = list.take(kSequence);
    if (!one) return;
    Der fields{*one};
    const auto oid = fields.take(kObjectId);
    if (!oid || !is(*oid, kSubjectAltName)) continue;
    static_cast<void>(fields.take(kBoolean));  // critical
    if (const auto value = fields.take(kOctetString)) alternative_names(*value, out);
    return;
  }
}

}  // namespace

std::shared_ptr<const TlsCertificate> read_certificate(Bytes der) {
  Der outer{der};
  const auto certificate = outer.take(kSequence);
  Der signed_part{certificate.value_or(Bytes{})};
  const auto body = signed_part.take(kSequence);
  Der fields{body.value_or(Bytes{})};
  static_cast<void>(fields.take(kVersion));
  const auto serial = fields.take(kInteger);
  const auto algorithm = serial ? fields.take(kSequence) : std::nullopt;
  const auto issuer = algorithm ? fields.take(kSequence) : std::nullopt;
  const auto validity = issuer ? fields.take(kSequence) : std::nullopt;
  const auto subject = validity ? fields.take(kSequence) : std::nullopt;
  if (!subject) return nullptr;

  auto out = std::make_shared<TlsCertificate>();
  out->issuer = name_of(*issuer);
  out->subject = name_of(*subject);
  Der times{*validity};
  std::uint8_t tag = 0;
  if (const auto from = times.any(tag)) out->not_before = time_of(tag, *from);
  if (const auto to = times.any(tag)) out->not_after = time_of(tag, *to);
  while (fields.more()) {  // the key, and unique ids that nobody uses
    const auto field = fields.any(tag);
    if (field && tag == kExtensions) extensions(*field, *out);
  }
  return out;
}

}  // namespace weir::classifier
