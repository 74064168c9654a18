// SPDX-License-Identifier: Apache-2.0
#include "classifier/software/identify.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace weir::classifier {
namespace {

using policy::TraceForm;
using policy::TraceKind;

constexpr std::size_t kEvidenceBytesMax = 200;

std::string evidence_of(TraceKind kind, std::string_view value) {
  return std::string{policy::trace_rule(kind).evidence} + ": " +
         std::string{value.substr(0, kEvidenceBytesMax)};
}

/// True when `value` is not empty and not the one looked up before.
bool is_new(std::uint32_t& last, std::string_view value) {
  const std::size_t full = std::hash<std::string_view>{}(value);
  const auto hash = static_cast<std::uint32_t>(full ^ (full >> 32U)) | 1U;  // never the 0 of "nothing yet"
  return !value.empty() && std::exchange(last, hash) != hash;
}

/// What a flow shows of this kind; empty: nothing.
std::string_view shown(const FlowFacts& facts, TraceKind kind) {
  const bool server_inside = !facts.initiator_inside;
  switch (kind) {
    case TraceKind::kApp:
      if (is_guess(facts.confidence)) return {};
      return facts.app.empty() ? facts.master : facts.app;
    case TraceKind::kUserAgent:
      return facts.http.user_agent;
    case TraceKind::kTlsName:
    case TraceKind::kUpdateHost:
    case TraceKind::kTelemetryHost:
      return facts.tls.sni;
    case TraceKind::kJa4:
      return facts.tls.ja4;
    case TraceKind::kSshBanner:
      return server_inside ? facts.ssh.server_banner : facts.ssh.client_banner;
    case TraceKind::kHassh:
      return server_inside ? std::string_view{} : facts.ssh.hassh;
    case TraceKind::kMailer:
      return facts.mail.mailer;
    case TraceKind::kServerBanner:
      return server_inside ? facts.mail.server_banner : std::string_view{};
    case TraceKind::kDhcpVendor:
      return facts.dhcp.vendor_class;
    case TraceKind::kDhcpFingerprint:
      return facts.dhcp.fingerprint;
  }
  return {};
}

}  // namespace

SoftwareIdentifier::SoftwareIdentifier(policy::Catalogue catalogue, bool compiles)
    : catalogue_(std::move(catalogue)) {
  for (std::size_t i = 0; i < catalogue_.products.size(); ++i) {
    for (const policy::TraceRule& rule : policy::trace_rules()) {
      const auto kind = static_cast<std::size_t>(rule.kind);
      for (const std::string_view text : catalogue_.products[i].*rule.traces) {
        if (rule.form == TraceForm::kPattern) {
          patterns_[kind].texts.push_back(text);
          patterns_[kind].products.push_back(i);
        } else if (rule.form == TraceForm::kHost && text.starts_with("*.")) {
          below_[kind][text.substr(2)].push_back(i);
        } else {
          values_[kind][text].push_back(i);
        }
      }
    }
  }
  if (!compiles) {
    problem_ = "not compiled";
    return;
  }
  for (Patterns& patterns : patterns_) {
    auto compiled = PatternSet::compile(patterns.texts);
    if (compiled) {
      patterns.set = std::move(*compiled);
    } else {
      problem_ = compiled.error().what;
    }
  }
}

bool SoftwareIdentifier::identify(FlowFacts& facts, IdentifiedTraces& seen) const {
  bool added = false;
  for (const policy::TraceRule& rule : policy::trace_rules()) {
    const std::string_view value = shown(facts, rule.kind);
    if (!is_new(seen.last[static_cast<std::size_t>(rule.kind)], value)) continue;
    switch (rule.form) {
      case TraceForm::kValue:
        added |= by_value(facts, rule.kind, value);
        break;
      case TraceForm::kPattern:
        added |= by_pattern(facts, rule.kind, value);
        break;
      case TraceForm::kHost:
        added |= by_host(facts, rule.kind, value);
        break;
    }
  }
  return added;
}

bool SoftwareIdentifier::by_value(FlowFacts& facts, TraceKind kind, std::string_view value) const {
  const Table& table = values_[static_cast<std::size_t>(kind)];
  const auto found = table.find(value);
  if (found == table.end()) return false;
  bool added = false;
  for (const std::size_t product : found->second)
    added |= add(facts, product, {}, policy::trace_rule(kind).confidence, evidence_of(kind, value));
  return added;
}

bool SoftwareIdentifier::by_pattern(FlowFacts& facts, TraceKind kind, std::string_view text) const {
  const Patterns& patterns = patterns_[static_cast<std::size_t>(kind)];
  std::vector<std::uint32_t> numbers;
  if (problem_.empty()) {
    patterns.set.matches(text, numbers);
  } else {
    numbers.resize(patterns.texts.size());
    std::iota(numbers.begin(), numbers.end(), 0U);
  }
  std::sort(numbers.begin(), numbers.end());  // in the order of the catalogue
  bool added = false;
  text = text.substr(0, kPatternTextBytesMax);
  for (const std::uint32_t number : numbers) {
    const auto version = policy::match_pattern(patterns.texts[number], text);
    if (!version) continue;
    const auto confidence =
        version->empty() ? policy::trace_rule(kind).confidence : SoftwareConfidence::kHigh;
    added |= add(facts, patterns.products[number], *version, confidence, evidence_of(kind, text));
  }
  return added;
}

bool SoftwareIdentifier::by_host(FlowFacts& facts, TraceKind kind, std::string_view name) const {
  const auto index = static_cast<std::size_t>(kind);
  bool added = false;
  const auto all_of = [&](const Table& table, std::string_view suffix) {
    const auto found = table.find(suffix);
    if (found == table.end()) return;
    for (const std::size_t product : found->second)
      added |= add(facts, product, {}, policy::trace_rule(kind).confidence, evidence_of(kind, name));
  };
  all_of(values_[index], name);
  for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const std::string_view suffix = name.substr(dot + 1);
    all_of(values_[index], suffix);
    all_of(below_[index], suffix);
  }
  return added;
}

/// One fact a product and version; a version, or better evidence, replaces the fact that had none.
bool SoftwareIdentifier::add(FlowFacts& facts, std::size_t product, std::string_view version,
                             SoftwareConfidence confidence, std::string evidence) const {
  const std::string& id = catalogue_.products[product].id;
  for (SoftwareFact& known : facts.software) {
    if (known.product != id) continue;
    const bool better = confidence > known.confidence;
    if ((version.empty() || known.version == version) && !(better && version == known.version)) return false;
    if (known.version.empty() || better) {
      known = {id, std::string{version}, std::move(evidence), confidence};
      return true;
    }
  }
  if (facts.software.size() >= kSoftwarePerFlowMax) return false;
  facts.software.push_back({id, std::string{version}, std::move(evidence), confidence});
  return true;
}

}  // namespace weir::classifier
