// SPDX-License-Identifier: Apache-2.0
// One DNS message (RFC 1035): the question, and the addresses of an answer. Compression pointers may only
// point backwards, so reading a name always ends. A standard query with several questions is malformed:
// resolvers refuse it, or answer one of them.
#pragma once

#include <cstdint>

#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kDnsHeaderBytes = 12;
/// RFC 1035 section 2.3.4: of a name on the wire.
inline constexpr std::size_t kDnsNameBytesMax = 255;
/// Resource records of the answer section that are looked at.
inline constexpr std::size_t kDnsRecordsMax = 256;
inline constexpr std::size_t kDnsAnswersMax = 32;

enum class DnsParse : std::uint8_t { kOk, kTooShort, kMalformed };

/// Replaces `facts` by what the message says; leaves them alone unless kOk. Of `several_questions`, which
/// only multicast DNS may ask, the first is taken, and answers are left alone.
[[nodiscard]] DnsParse parse_dns(Bytes message, DnsFacts& facts, bool several_questions = false);

/// For a flow on a port that is not DNS's own: a query with one plain question and nothing left over.
[[nodiscard]] bool looks_like_dns_query(Bytes message);

}  // namespace weir::classifier
