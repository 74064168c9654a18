// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "classifier/notice/notice.h"

namespace weir::classifier {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kLabelBytesMax = 63;  // what is more is a pointer, which no resolver uses here
constexpr std::size_t kTextBytesMax = 300;
constexpr std::uint16_t kTypeOpt = 41;
constexpr std::uint16_t kOptionExtendedError = 15;  // RFC 8914
constexpr std::uint16_t kErrorForged = 4;
constexpr std::uint16_t kErrorBlocked = 15;
constexpr std::uint16_t kUdpBytesOffered = 1'232;
constexpr std::uint32_t kDnssecOk = 0x8000;
constexpr std::size_t kUdpBytesUsual = 512;  // what a client takes that does not say more
constexpr std::uint16_t kTypeA = 1;
constexpr std::uint16_t kTypeCname = 5;
constexpr std::uint16_t kTypeAaaa = 28;
constexpr std::uint16_t kTypeAny = 255;
constexpr std::uint16_t kClassIn = 1;
constexpr std::size_t kQuestionName = 0xc000 + kHeaderBytes;  // a pointer to it
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
  std::uint16_t type = 0;
  std::uint16_t question_class = 0;
  std::size_t udp_bytes = kUdpBytesUsual;
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
  query.type = reader.u16();
  query.question_class = reader.u16();
  if (!reader.ok()) return std::nullopt;
  query.question = message.subspan(kHeaderBytes, reader.offset() - kHeaderBytes);
  const bool opt = additional == 1 && reader.u8() == 0 && reader.u16() == kTypeOpt;
  query.udp_bytes = std::max<std::size_t>(kUdpBytesUsual, reader.u16());
  query.dnssec = (reader.u32() & kDnssecOk) != 0;
  query.edns = opt && reader.ok();
  return query;
}

void add_word(std::string& bytes, std::size_t word) {
  bytes += static_cast<char>(word >> 8U & 0xffU);
  bytes += static_cast<char>(word & 0xffU);
}

void add_extended_error(std::string& answer, bool dnssec, std::uint16_t error, std::string_view text) {
  answer += '\0';
  add_word(answer, kTypeOpt);
  add_word(answer, kUdpBytesOffered);
  add_word(answer, 0);  // extended code and version
  add_word(answer, dnssec ? kDnssecOk : 0);
  add_word(answer, 6 + text.size());
  add_word(answer, kOptionExtendedError);
  add_word(answer, 2 + text.size());
  add_word(answer, error);
  answer += text;
}

/// Header and question of an answer; the records follow.
std::string answer_to(const Query& query, std::uint16_t rcode, std::size_t answers) {
  std::string answer;
  add_word(answer, query.id);
  const std::uint16_t kept = query.flags & (kRecursionDesired | kCheckingDisabled);
  add_word(answer, kResponse | kept | kRecursionAvailable | rcode);
  add_word(answer, 1);
  add_word(answer, answers);
  add_word(answer, 0);
  add_word(answer, query.edns ? 1 : 0);
  answer += as_text(query.question);
  return answer;
}

std::string wire_name(std::string_view name) {
  std::string wire;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    wire += static_cast<char>(label.size());
    wire += label;
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  return wire + '\0';
}

void add_record(std::string& answer, std::size_t name, std::uint16_t type, std::string_view data) {
  add_word(answer, name);
  add_word(answer, type);
  add_word(answer, kClassIn);
  add_word(answer, kAliasTtlS >> 16U);
  add_word(answer, kAliasTtlS & 0xffffU);
  add_word(answer, data.size());
  answer += data;
}

}  // namespace

std::optional<std::string> dns_notice(Bytes message, const Notice& notice) {
  const auto query = read_query(message);
  if (!query) return std::nullopt;
  std::string answer = answer_to(*query, kNxdomain, 0);
  if (!query->edns) return answer;
  const std::string text = fmt::format("{}{}reference {}", notice.tell_user.substr(0, kTextBytesMax),
                                       notice.tell_user.empty() ? "" : "; ", notice.reference);
  add_extended_error(answer, query->dnssec, kErrorBlocked, text);
  return answer;
}

std::optional<std::string> dns_alias(Bytes message, std::string_view name,
                                     std::span<const IpAddress> addresses, std::string_view reference) {
  const auto query = read_query(message);
  if (!query || query->question_class != kClassIn) return std::nullopt;
  const auto wants = [&](std::uint16_t type) { return query->type == type || query->type == kTypeAny; };
  const bool alias = wants(kTypeA) || wants(kTypeAaaa) || wants(kTypeCname);
  std::vector<IpAddress> told;
  for (const IpAddress& address : addresses)
    if (wants(address.is_v4() ? kTypeA : kTypeAaaa)) told.push_back(address);
  std::string answer = answer_to(*query, 0, alias ? 1 + told.size() : 0);
  if (alias) {
    // The target's name stands where the data of the first record begin: behind its name, type, class, time
    // and length.
    const std::size_t target = 0xc000 + answer.size() + 12;
    add_record(answer, kQuestionName, kTypeCname, wire_name(name));
    for (const IpAddress& address : told) {
      const auto& bytes = address.bytes();
      const std::string_view all{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
      add_record(answer, target, address.is_v4() ? kTypeA : kTypeAaaa,
                 address.is_v4() ? all.substr(12) : all);
    }
  }
  if (!query->edns) return answer;
  std::string with_reference = answer;
  add_extended_error(with_reference, query->dnssec, kErrorForged, fmt::format("reference {}", reference));
  if (with_reference.size() <= query->udp_bytes) return with_reference;
  add_extended_error(answer, query->dnssec, kErrorForged, {});
  return answer;
}

}  // namespace weir::classifier
