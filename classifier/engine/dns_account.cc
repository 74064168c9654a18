// SPDX-License-Identifier: Apache-2.0
#include "classifier/engine/dns_account.h"

#include <algorithm>

#include "classifier/publish/clean_text.h"
#include "policy/categories/name_shape.h"

namespace weir::classifier {
namespace {

constexpr std::uint8_t kNoSuchName = 3;  // RFC 1035 section 4.1.1
constexpr std::uint32_t kSumMax = 0x7fff'ffff;

void grow(std::uint32_t& sum, std::int64_t more) {
  sum = static_cast<std::uint32_t>(std::min<std::int64_t>(sum + more, kSumMax));
}

}  // namespace

void DnsAccount::saw(const DnsFacts& dns, const policy::PublicSuffixes& suffixes) {
  if (!dns.seen || dns.query.empty()) return;
  const bool no_such_name = dns.response && dns.rcode == kNoSuchName;
  if (dns.response && !no_such_name) return;
  const std::string_view domain = suffixes.registered(dns.query);
  if (domain.empty()) return;
  auto at =
      std::find_if(unsaid.begin(), unsaid.end(), [&](const DnsUse& one) { return one.domain == domain; });
  if (at == unsaid.end()) {
    if (unsaid.size() == kDnsDomainsMax) return;
    at = unsaid.insert(at, DnsUse{.domain = std::string(domain)});
  }
  if (no_such_name) {
    grow(at->no_such_name, 1);
    return;
  }
  grow(questions, 1);
  grow(at->questions, 1);
  const policy::NameLoad load = policy::load_of(dns.query, domain);
  if (!load.carrying) return;
  grow(at->carrying, 1);
  grow(at->entropy, load.entropy);
  grow(at->bytes, load.bytes);
  at->longest = std::max(at->longest, static_cast<std::uint32_t>(load.longest));
}

void DnsAccount::say(event::FlowEvent& event) {
  if (questions < 2) return;
  for (const DnsUse& one : unsaid) {
    auto* out = event.add_dns_load();
    out->set_domain(clean_text(one.domain));
    out->set_questions(one.questions);
    out->set_carrying(one.carrying);
    out->set_entropy(one.entropy);
    out->set_bytes(one.bytes);
    out->set_longest_label(one.longest);
    out->set_no_such_name(one.no_such_name);
  }
  unsaid.clear();
}

}  // namespace weir::classifier
