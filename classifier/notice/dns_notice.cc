// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "classifier/notice/notice.h"

namespace weir::classifier {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kLabelBytesMax = 63;  // what is more is a pointer, which no resolver uses here
constexpr std::size_t kTextBytesMax = 300;
constexpr std::uint16_t kTypeOpt = 41;
constexpr std::uint16_t kOptionExtendedError = 15;  // RFC 8914
constexpr std::uint16_t kErrorBlocked = 15;
constexpr std::uint16_t kUdpBytesOffered = 1'232;
constexpr std::uint32_t kDnssecOk = 0x8000;
// Of the second word of a header (RFC 1035 section 4.1.1, RFC 4035 section 3.2.2).
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kOpcode = 0x7800;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kRecursionAvailable = 0x0080;
constexpr std::uint16_t kCheckingDisabled = 0x0010;
constexpr std::uint16_t kNxdomain = 3;

struct Query {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  Bytes question;
  bool edns = false;
  bool dnssec = false;  // asks for its records
};

std::optional<Query> read_query(Bytes message) {
  ByteReader reader{message};
  Query query;
  query.id = reader.u16();
  query.flags = reader.u16();
  const std::uint16_t questions = reader.u16();
  const std::uint32_t records = reader.u32();  // answers and authorities
  const std::uint16_t additional = reader.u16();
  if ((query.flags & (kResponse | kOpcode)) != 0 || questions != 1 || records != 0) return std::nullopt;
  while (const std::size_t label = reader.u8()) {
    if (label > kLabelBytesMax || reader.offset() - kHeaderBytes > kNameBytesMax) return std::nullopt;
    reader.skip(label);
  }
  reader.skip(4);  // type and class
  if (!reader.ok()) return std::nullopt;
  query.question = message.subspan(kHeaderBytes, reader.offset() - kHeaderBytes);
  const bool opt = additional == 1 && reader.u8() == 0 && reader.u16() == kTypeOpt;
  reader.skip(2);
  query.dnssec = (reader.u32() & kDnssecOk) != 0;
  query.edns = opt && reader.ok();
  return query;
}

void add_word(std::string& bytes, std::size_t word) {
  bytes += static_cast<char>(word >> 8U & 0xffU);
  bytes += static_cast<char>(word & 0xffU);
}

void add_extended_error(std::string& answer, bool dnssec, const Notice& notice) {
  const std::string text = fmt::format("{}{}reference {}", notice.tell_user.substr(0, kTextBytesMax),
                                       notice.tell_user.empty() ? "" : "; ", notice.reference);
  answer += '\0';
  add_word(answer, kTypeOpt);
  add_word(answer, kUdpBytesOffered);
  add_word(answer, 0);  // extended code and version
  add_word(answer, dnssec ? kDnssecOk : 0);
  add_word(answer, 6 + text.size());
  add_word(answer, kOptionExtendedError);
  add_word(answer, 2 + text.size());
  add_word(answer, kErrorBlocked);
  answer += text;
}

}  // namespace

std::optional<std::string> dns_notice(Bytes message, const Notice& notice) {
  const auto query = read_query(message);
  if (!query) return std::nullopt;
  std::string answer;
  add_word(answer, query->id);
  const std::uint16_t kept = query->flags & (kRecursionDesired | kCheckingDisabled);
  add_word(answer, kResponse | kept | kRecursionAvailable | kNxdomain);
  add_word(answer, 1);
  add_word(answer, 0);
  add_word(answer, 0);
  add_word(answer, query->edns ? 1 : 0);
  answer += as_text(query->question);
  if (query->edns) add_extended_error(answer, query->dnssec, notice);
  return answer;
}

}  // namespace weir::classifier
