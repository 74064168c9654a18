// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dns_message.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "classifier/inspect/text.h"
#include "policy/categories/canonical_name.h"

namespace weir::classifier {

namespace {

constexpr std::uint16_t kTypeA = 1;
constexpr std::uint16_t kTypeCname = 5;
constexpr std::uint16_t kTypeAaaa = 28;
constexpr std::uint16_t kTypeSrv = 33;
constexpr std::uint16_t kTypeSvcb = 64;
constexpr std::uint16_t kTypeHttps = 65;
constexpr std::uint16_t kClassIn = 1;
constexpr std::uint16_t kClassMask = 0x7fff;  // multicast DNS has a flag in the highest bit (RFC 6762)
constexpr std::uint8_t kOpcodeQuery = 0;

struct Header {
  std::uint16_t id = 0;
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
  header.id = reader.u16();
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

/// Reads a name at the reader's place and moves behind it.
std::optional<std::string> read_name(Bytes message, ByteReader& reader) {
  std::string name;
  bool plain = true;
  std::size_t wire_bytes = 1;
  unsigned pointers = 0;
  std::optional<ByteReader> jumped;  // reads at the target of a pointer
  while (true) {
    ByteReader& from = jumped ? *jumped : reader;
    const std::uint8_t length = from.u8();
    if (!from.ok()) return std::nullopt;
    if (length == 0) break;
    if ((length & 0xc0U) == 0xc0) {
      const std::size_t target = (std::size_t{length & 0x3fU} << 8U) | from.u8();
      if (!from.ok() || ++pointers > kDnsPointersMax) return std::nullopt;
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

/// RFC 9460 section 2.2: the parameters of an HTTPS or SVCB record.
void read_service(Bytes message, ByteReader data, DnsRecord& record) {
  constexpr std::uint16_t kAlpn = 1;
  constexpr std::uint16_t kIpv4Hint = 4;
  constexpr std::uint16_t kEch = 5;
  constexpr std::uint16_t kIpv6Hint = 6;
  const std::uint16_t priority = data.u16();
  const auto target = read_name(message, data);
  if (!target || !data.ok()) return;
  if (priority == 0) record.target = *target;  // alias mode: no parameters
  while (priority != 0 && data.left() > 0) {
    const std::uint16_t key = data.u16();
    ByteReader value{data.take(data.u16())};
    if (!data.ok()) return;
    if (key == kAlpn) {
      while (value.left() > 0 && record.alpn.size() < kDnsAlpnMax) {
        const Bytes protocol = value.take(value.u8());
        if (value.ok()) record.alpn.push_back(printable(as_text(protocol), protocol.size()));
      }
    }
    record.ech |= key == kEch && value.left() > 0;
    while (key == kIpv4Hint && value.left() >= 4 && record.addresses.size() < kDnsAnswersMax)
      record.addresses.push_back(IpAddress::v4(value.take(4).first<4>()));
    while (key == kIpv6Hint && value.left() >= 16 && record.addresses.size() < kDnsAnswersMax)
      record.addresses.push_back(IpAddress::v6(value.take(16).first<16>()));
  }
}

/// Names in `data` may point into the message before it.
void read_data(Bytes message, ByteReader reader, Bytes data, DnsRecord& record) {
  const auto target = [&](std::size_t skipped) {
    reader.skip(skipped);
    if (auto name = read_name(message, reader)) record.target = std::move(*name);
  };
  switch (record.type) {
    case kTypeA:
      if (data.size() == 4) record.addresses.push_back(IpAddress::v4(data.first<4>()));
      break;
    case kTypeAaaa:
      if (data.size() == 16) record.addresses.push_back(IpAddress::v6(data.first<16>()));
      break;
    case kTypeCname:
      target(0);
      break;
    case kTypeSrv:
      target(6);  // priority, weight, port
      break;
    default:
      break;
  }
}

bool is_read(std::uint16_t type) {
  return type == kTypeA || type == kTypeAaaa || type == kTypeCname || type == kTypeSrv || type == kTypeSvcb ||
         type == kTypeHttps;
}

bool read_records(Bytes message, ByteReader& reader, std::size_t count, std::vector<DnsRecord>& records) {
  for (std::size_t i = 0; i < count && i < kDnsRecordsMax; ++i) {
    auto name = read_name(message, reader);
    if (!name) return false;
    DnsRecord record;
    record.type = reader.u16();
    const std::uint16_t record_class = reader.u16() & kClassMask;
    record.ttl_s = reader.u32();
    const std::uint16_t length = reader.u16();
    const ByteReader at_data = reader;
    const Bytes data = reader.take(length);
    if (!reader.ok()) return false;
    if (record_class != kClassIn || !is_read(record.type)) continue;
    record.name = std::move(*name);
    // A name in the data ends with it: the reader is given no byte beyond.
    const Bytes until = message.first(at_data.offset() + length);
    ByteReader inside{until};
    inside.skip(at_data.offset());
    if (record.type == kTypeSvcb || record.type == kTypeHttps) {
      read_service(until, inside, record);
    } else {
      read_data(until, inside, data, record);
    }
    records.push_back(std::move(record));
  }
  return true;
}

}  // namespace

DnsParse read_dns(Bytes bytes, DnsMessage& message, DnsSections sections) {
  if (bytes.size() < kDnsHeaderBytes) return DnsParse::kTooShort;
  ByteReader reader{bytes};
  const Header header = read_header(reader);
  message = {};
  message.id = header.id;
  message.response = header.response;
  message.rcode = header.rcode;
  message.query_opcode = header.opcode == kOpcodeQuery;
  if (!message.query_opcode) return DnsParse::kOk;
  if (header.questions > kDnsQuestionsMax) return DnsParse::kMalformed;
  for (std::size_t i = 0; i < header.questions; ++i) {
    auto name = read_name(bytes, reader);
    DnsQuestion question;
    question.type = reader.u16();
    reader.skip(2);  // class
    if (!name || !reader.ok()) return DnsParse::kMalformed;
    question.name = std::move(*name);
    message.questions.push_back(std::move(question));
  }
  if (!header.response) return DnsParse::kOk;
  std::size_t records = header.answers;
  if (sections == DnsSections::kAll) records += header.authorities + std::size_t{header.additionals};
  const bool whole = read_records(bytes, reader, records, message.records);
  return whole || !message.questions.empty() ? DnsParse::kOk : DnsParse::kMalformed;
}

void follow_answers(const DnsMessage& message, const DnsQuestion& question, DnsFacts& facts) {
  std::string_view name = question.name;
  std::uint32_t ttl_s = 0xffff'ffff;
  for (std::size_t step = 0; step <= kDnsAliasesMax; ++step) {
    const DnsRecord* alias = nullptr;
    for (const DnsRecord& record : message.records) {
      if (record.name != name || record.type == kTypeSrv) continue;
      for (const IpAddress& address : record.addresses) {
        if (facts.answers.size() < kDnsAnswersMax)
          facts.answers.push_back({address, std::min(ttl_s, record.ttl_s)});
      }
      for (const std::string& protocol : record.alpn) {
        if (facts.alpn.size() < kDnsAlpnMax) facts.alpn.push_back(protocol);
      }
      facts.ech |= record.ech;
      if (alias == nullptr && !record.target.empty()) alias = &record;
    }
    if (alias == nullptr || step == kDnsAliasesMax) return;
    name = alias->target;
    ttl_s = std::min(ttl_s, alias->ttl_s);
    facts.aliases.push_back(alias->target);
  }
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
