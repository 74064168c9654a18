// SPDX-License-Identifier: Apache-2.0
// One DNS message (RFC 1035): its questions, and where the records of an answer lead. Compression pointers
// may point anywhere, as servers take them, at most kDnsPointersMax times in a name. It keeps nothing between
// messages; which answer belongs to which question is dns_conversation.h's to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/model/byte_reader.h"
#include "policy/model/dns_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kDnsHeaderBytes = 12;
/// RFC 1035 section 2.3.4: of a name on the wire.
inline constexpr std::size_t kDnsNameBytesMax = 255;
inline constexpr unsigned kDnsPointersMax = 256;
/// More questions in one message are malformed. Servers answer the first, the last or none: each is judged.
inline constexpr std::size_t kDnsQuestionsMax = 16;
/// Resource records that are looked at.
inline constexpr std::size_t kDnsRecordsMax = 256;
inline constexpr std::size_t kDnsAnswersMax = 32;
/// Names from the question to an address.
inline constexpr std::size_t kDnsAliasesMax = 16;
inline constexpr std::size_t kDnsAlpnMax = 8;  // protocols of one HTTPS or SVCB record

enum class DnsParse : std::uint8_t { kOk, kTooShort, kMalformed };

/// Of class IN: A, AAAA, CNAME, SRV, HTTPS and SVCB.
struct DnsRecord {
  std::string name;
  std::uint16_t type = 0;
  std::uint32_t ttl_s = 0;
  std::vector<IpAddress> addresses;  // of A and AAAA one; the hints of HTTPS and SVCB
  std::string target;                // of CNAME, SRV, and of HTTPS and SVCB in alias mode
  std::vector<std::string> alpn;
  bool ech = false;
};

struct DnsQuestion {
  std::string name;  // canonical, or in presentation form (RFC 4343) where it is no host name
  std::uint16_t type = 0;
};

struct DnsMessage {
  std::uint16_t id = 0;
  bool response = false;
  bool query_opcode = true;  // false: NOTIFY, UPDATE and others; their sections are not read
  std::uint8_t rcode = 0;
  std::vector<DnsQuestion> questions;
  std::vector<DnsRecord> records;  // those that could be read
};

/// Which sections of an answer are read: multicast DNS puts the addresses of its names behind them.
enum class DnsSections : bool { kAnswer, kAll };

/// Replaces `message`; unless kOk it is not to be used. An answer that is cut off in its records is kOk: it
/// still says what was asked.
[[nodiscard]] DnsParse read_dns(Bytes bytes, DnsMessage& message,
                                DnsSections sections = DnsSections::kAnswer);

/// Fills what the records say about `question`: the addresses that it leads to over CNAMEs, and no others.
void follow_answers(const DnsMessage& message, const DnsQuestion& question, DnsFacts& facts);

/// For a flow on a port that is not DNS's own: a query with one plain question and nothing left over.
[[nodiscard]] bool looks_like_dns_query(Bytes message);

}  // namespace weir::classifier
