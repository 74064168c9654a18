// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dns_message.h"

#include <optional>

#include "classifier/inspect/text.h"
#include "policy/categories/canonical_name.h"

namespace weir::classifier {

namespace {

constexpr std::uint16_t kTypeA = 1;
constexpr std::uint16_t kTypeAaaa = 28;
constexpr std::uint16_t kClassIn = 1;
constexpr std::uint8_t kOpcodeQuery = 0;

struct Header {
  bool response = false;
  std::uint8_t opcode = 0;
  std::uint8_t rcode = 0;
  std::uint16_t questions = 0;
  std::uint16_t answers = 0;
  std::uint16_t authorities = 0;
  std::uint16_t additionals = 0;
};

Header read_header(ByteReader& reader) {
  Header header;
  reader.skip(2);  // id
  const std::uint16_t flags = reader.u16();
  header.response = (flags & 0x8000U) != 0;
  header.opcode = static_cast<std::uint8_t>((flags >> 11U) & 0xfU);
  header.rcode = static_cast<std::uint8_t>(flags & 0xfU);
  header.questions = reader.u16();
  header.answers = reader.u16();
  header.authorities = reader.u16();
  header.additionals = reader.u16();
  return header;
}

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/// Presentation form of one label (RFC 4343 section 2.1): what is not plain becomes \DDD.
void append_label(Bytes label, std::string& name, bool& plain) {
  if (!name.empty()) name += '.';
  for (const char c : as_text(label)) {
    if (is_plain(c)) {
      name += lower(c);
      continue;
    }
    plain = false;
    const auto byte = static_cast<unsigned char>(c);
    name += '\\';
    name += static_cast<char>('0' + byte / 100);
    name += static_cast<char>('0' + byte / 10 % 10);
    name += static_cast<char>('0' + byte % 10);
  }
}

/// Reads a name at the reader's place and moves behind it. Each pointer goes back further than the one
/// before.
std::optional<std::string> read_name(Bytes message, ByteReader& reader) {
  std::string name;
  bool plain = true;
  std::size_t wire_bytes = 1;
  std::size_t lowest = reader.offset();
  std::optional<ByteReader> jumped;  // reads at the target of a pointer
  while (true) {
    ByteReader& from = jumped ? *jumped : reader;
    const std::uint8_t length = from.u8();
    if (!from.ok()) return std::nullopt;
    if (length == 0) break;
    if ((length & 0xc0U) == 0xc0) {
      const std::size_t target = (std::size_t{length & 0x3fU} << 8U) | from.u8();
      if (!from.ok() || target >= lowest) return std::nullopt;
      lowest = target;
      jumped.emplace(message);
      jumped->skip(target);
      continue;
    }
    const Bytes label = from.take(length);
    wire_bytes += 1U + length;
    if (length > 63 || !from.ok() || wire_bytes > kDnsNameBytesMax) return std::nullopt;
    append_label(label, name, plain);
  }
  if (name.empty()) return ".";
  if (plain) {
    if (auto canonical = policy::canonical_name(name)) return canonical;
  }
  return name;
}

bool read_answers(Bytes message, ByteReader& reader, std::size_t count, std::vector<IpAddress>& answers) {
  for (std::size_t i = 0; i < count && i < kDnsRecordsMax; ++i) {
    if (!read_name(message, reader)) return false;
    const std::uint16_t type = reader.u16();
    const std::uint16_t record_class = reader.u16();
    reader.skip(4);  // TTL
    const Bytes data = reader.take(reader.u16());
    if (!reader.ok()) return false;
    if (record_class != kClassIn || answers.size() == kDnsAnswersMax) continue;
    if (type == kTypeA && data.size() == 4) answers.push_back(IpAddress::v4(data.first<4>()));
    if (type == kTypeAaaa && data.size() == 16) answers.push_back(IpAddress::v6(data.first<16>()));
  }
  return true;
}

}  // namespace

DnsParse parse_dns(Bytes message, DnsFacts& facts, bool several_questions) {
  if (message.size() < kDnsHeaderBytes) return DnsParse::kTooShort;
  ByteReader reader{message};
  const Header header = read_header(reader);
  DnsFacts found;
  found.seen = true;
  found.response = header.response;
  found.rcode = header.rcode;
  if (header.opcode == kOpcodeQuery) {
    if (header.questions > 1 && !several_questions) return DnsParse::kMalformed;
    if (header.questions > 0) {
      const auto query = read_name(message, reader);
      found.query_type = reader.u16();
      reader.skip(2);  // class
      if (!query || !reader.ok()) return DnsParse::kMalformed;
      found.query = *query;
    }
    if (header.response && header.questions <= 1 &&
        !read_answers(message, reader, header.answers, found.answers)) {
      // A truncated reply still says what was asked.
      if (found.query.empty()) return DnsParse::kMalformed;
    }
  }
  facts = std::move(found);
  return DnsParse::kOk;
}

bool looks_like_dns_query(Bytes message) {
  if (message.size() < kDnsHeaderBytes + 5) return false;
  ByteReader reader{message};
  const Header header = read_header(reader);
  if (header.response || header.opcode != kOpcodeQuery || header.rcode != 0 || (message[3] & 0x40U) != 0)
    return false;
  if (header.questions != 1 || header.answers != 0 || header.authorities != 0 || header.additionals > 2)
    return false;
  const auto query = read_name(message, reader);
  reader.skip(2);
  const std::uint16_t question_class = reader.u16();
  if (!query || !reader.ok() || query->find('\\') != std::string::npos) return false;
  if (question_class != kClassIn && question_class != 255) return false;
  return header.additionals > 0 || reader.left() == 0;
}

}  // namespace weir::classifier
