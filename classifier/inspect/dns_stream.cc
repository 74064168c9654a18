// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dns_stream.h"

#include <algorithm>

namespace weir::classifier {

namespace {

constexpr std::size_t kPrefixBytes = 2;

}  // namespace

ParseStep DnsStream::feed(Bytes bytes, FlowFacts& facts, std::vector<std::uint8_t>& buffer) {
  ParseStep step;
  while (step.consumed < bytes.size()) {
    const bool length_known = buffer.size() >= kPrefixBytes;
    const std::size_t need =
        kPrefixBytes + (length_known ? (std::size_t{buffer[0]} << 8U) | buffer[1] : std::size_t{0});
    const std::size_t count = std::min(need - buffer.size(), bytes.size() - step.consumed);
    const Bytes part = bytes.subspan(step.consumed, count);
    buffer.insert(buffer.end(), part.begin(), part.end());
    step.consumed += count;
    if (!length_known || buffer.size() < need) continue;
    const DnsParse parsed = judge_dns(Bytes{buffer}.subspan(kPrefixBytes), facts);
    buffer.clear();
    step.outcome = parsed == DnsParse::kOk ? Outcome::kName : Outcome::kError;
    return step;
  }
  return step;
}

ParseStep DnsStream::from_server(Bytes bytes, FlowFacts& facts) {
  ParseStep step = feed(bytes, facts, server_);
  if (step.outcome == Outcome::kName) {  // answers need not be judged one by one
    step.outcome = Outcome::kMore;
    step.changed = true;
  }
  return step;
}

DnsParse judge_dns(Bytes message, FlowFacts& facts, bool several_questions) {
  const DnsParse parsed = parse_dns(message, facts.dns, several_questions);
  if (parsed == DnsParse::kOk) {
    facts.host = facts.dns.query;
    facts.host_source = facts.host.empty() ? NameSource::kNone : NameSource::kDnsQuery;
  }
  return parsed;
}

}  // namespace weir::classifier
