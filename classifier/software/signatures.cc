// SPDX-License-Identifier: Apache-2.0
#include "classifier/software/signatures.h"

#include <algorithm>
#include <utility>

namespace weir::classifier {
namespace {

bool below(std::string_view name, std::string_view suffix) {
  return name.size() > suffix.size() && name.ends_with(suffix) &&
         name[name.size() - suffix.size() - 1] == '.';
}

/// As in lists of the policy: a name is itself and what is below it.
bool host_matches(std::string_view wanted, std::string_view name) {
  if (wanted.starts_with("*.")) return below(name, wanted.substr(2));
  return name == wanted || below(name, wanted);
}

template <typename List, typename Holds>
bool empty_or_any(const List& list, Holds holds) {
  return list.empty() || std::any_of(list.begin(), list.end(), holds);
}

bool place_matches(const policy::Signature& signature, const FlowFacts& facts) {
  const FiveTuple& tuple = facts.tuple;
  if (signature.protocol != 0 && signature.protocol != tuple.protocol) return false;
  if (!signature.ports.empty() && tuple.protocol != kProtocolTcp && tuple.protocol != kProtocolUdp)
    return false;
  return empty_or_any(signature.ports,
                      [&](const policy::PortRange& range) {
                        return tuple.responder_port >= range.low && tuple.responder_port <= range.high;
                      }) &&
         empty_or_any(signature.addresses,
                      [&](const Subnet& subnet) { return subnet.contains(tuple.responder); }) &&
         empty_or_any(signature.hosts,
                      [&](const std::string& host) { return host_matches(host, facts.host); });
}

}  // namespace

bool PayloadHead::add_segment(std::uint32_t sequence, bool syn, Bytes payload) {
  if (syn) ++sequence;
  if (!std::exchange(begun_, true)) next_ = sequence;
  if (sequence != next_ || payload.empty() || text_.size() >= kPayloadHeadBytes) return false;
  next_ += static_cast<std::uint32_t>(payload.size());
  text_ += as_text(payload).substr(0, kPayloadHeadBytes - text_.size());
  return true;
}

bool PayloadHead::add_datagram(Bytes payload) {
  if (payload.empty() || std::exchange(begun_, true)) return false;
  text_ = as_text(payload).substr(0, kPayloadHeadBytes);
  return true;
}

Result<SignatureMatcher> SignatureMatcher::create(std::vector<policy::Signature> signatures) {
  SignatureMatcher matcher;
  matcher.signatures_ = std::move(signatures);
  std::vector<std::string_view> patterns;
  for (std::size_t i = 0; i < matcher.signatures_.size(); ++i) {
    for (const std::string& pattern : matcher.signatures_[i].patterns) {
      patterns.push_back(pattern);
      matcher.owners_.push_back(i);
    }
  }
  auto compiled = PatternSet::compile(patterns, PatternForm::kHeadOfBytes);
  if (!compiled) return tl::unexpected(compiled.error());
  matcher.patterns_ = std::move(*compiled);
  return matcher;
}

std::string_view SignatureMatcher::app_of(const FlowFacts& facts, const PayloadHeads* heads) const {
  std::vector<std::uint32_t> seen;
  if (heads != nullptr) {
    for (const PayloadHead& head : *heads) {
      if (!head.text().empty()) patterns_.matches(head.text(), seen);
    }
  }
  for (std::size_t i = 0; i < signatures_.size(); ++i) {
    if (place_matches(signatures_[i], facts) && pattern_seen(i, seen)) return signatures_[i].app;
  }
  return {};
}

bool SignatureMatcher::pattern_seen(std::size_t signature, const std::vector<std::uint32_t>& seen) const {
  return signatures_[signature].patterns.empty() ||
         std::any_of(seen.begin(), seen.end(),
                     [&](std::uint32_t pattern) { return owners_[pattern] == signature; });
}

}  // namespace weir::classifier
