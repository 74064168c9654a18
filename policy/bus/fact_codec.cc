// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/fact_codec.h"

#include <algorithm>
#include <cstdint>

#include "policy/model/flow_event.pb.h"

namespace weir::policy {
namespace {

tl::unexpected<Error> corrupt(const char* why) { return failure(ErrorCode::kCorrupt, why); }

bool plain(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  });
}

}  // namespace

bool is_fact_key(std::string_view rule, std::string_view subject) {
  return plain(rule, kFactRuleBytesMax) && plain(subject, kFactSubjectBytesMax);
}

Result<QuotaFact> decode_fact(std::string_view payload) {
  if (payload.empty() || payload.size() > kFactBytesMax) return corrupt("the entry holds no fact");
  event::QuotaFact read;
  if (!read.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return corrupt("the bytes are no QuotaFact");
  }
  const event::QuotaUse& used = read.used();
  if (!is_fact_key(used.rule(), used.subject())) return corrupt("the fact is about nobody");
  if (std::max({used.bytes(), used.seconds(), used.flows(), used.messages()}) > kQuotaAmountMax) {
    return corrupt("an amount is out of range");
  }
  if (read.period_ends_ns() == 0 || read.period_ends_ns() > INT64_MAX) return corrupt("the period is none");
  return QuotaFact{used.rule(),
                   used.subject(),
                   static_cast<TimeNs>(read.period_ends_ns()),
                   {used.bytes(), used.seconds(), used.flows(), used.messages()}};
}

std::string encode_fact(const QuotaFact& fact) {
  event::QuotaFact said;
  event::QuotaUse& used = *said.mutable_used();
  used.set_rule(fact.rule);
  used.set_subject(fact.subject);
  used.set_bytes(fact.used.bytes);
  used.set_seconds(fact.used.seconds);
  used.set_flows(fact.used.flows);
  used.set_messages(fact.used.messages);
  said.set_period_ends_ns(static_cast<std::uint64_t>(fact.period_ends));
  return said.SerializeAsString();
}

}  // namespace weir::policy
