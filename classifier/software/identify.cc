// SPDX-License-Identifier: Apache-2.0
#include "classifier/software/identify.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace weir::classifier {
namespace {

constexpr std::size_t kWildcardGlobs = 256;
constexpr std::size_t kEvidenceBytesMax = 200;

std::size_t lower(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 'A' && byte <= 'Z' ? byte + 0x20U : byte;
}

std::size_t bucket_of(std::string_view glob) {
  return glob.empty() || glob.front() == '*' || glob.front() == '{' ? kWildcardGlobs : lower(glob.front());
}

std::string evidence_of(std::string_view kind, std::string_view value) {
  return std::string{kind} + ": " + std::string{value.substr(0, kEvidenceBytesMax)};
}

/// True when `value` is not empty and not the one looked up before.
bool is_new(std::size_t& last, std::string_view value) {
  const std::size_t hash = std::hash<std::string_view>{}(value) | 1U;  // never the 0 of "nothing yet"
  return !value.empty() && std::exchange(last, hash) != hash;
}

}  // namespace

SoftwareIdentifier::SoftwareIdentifier(policy::Catalogue catalogue)
    : catalogue_(std::move(catalogue)), globs_(kWildcardGlobs + 1) {
  for (std::size_t i = 0; i < catalogue_.products.size(); ++i) {
    const policy::Product& product = catalogue_.products[i];
    for (const std::string& app : product.apps) apps_[app].push_back(i);
    for (const std::string& glob : product.user_agents) globs_[bucket_of(glob)].push_back({i, glob});
    for (const std::string_view name : product.tls_names) {
      if (name.starts_with("*.")) {
        subdomains_[name.substr(2)].push_back(i);
      } else {
        domains_[name].push_back(i);
      }
    }
  }
}

bool SoftwareIdentifier::identify(FlowFacts& facts, IdentifiedTraces& seen) const {
  bool added = false;
  const std::string_view app = facts.app.empty() ? facts.master : facts.app;
  if (!is_guess(facts.confidence) && is_new(seen.app, app)) added |= by_app(facts, app);
  if (is_new(seen.user_agent, facts.http.user_agent)) added |= by_user_agent(facts);
  if (is_new(seen.tls_name, facts.tls.sni)) added |= by_tls_name(facts);
  return added;
}

bool SoftwareIdentifier::by_app(FlowFacts& facts, std::string_view app) const {
  const auto found = apps_.find(app);
  if (found == apps_.end()) return false;
  bool added = false;
  for (const std::size_t product : found->second)
    added |= add(facts, product, {}, evidence_of("application", app));
  return added;
}

bool SoftwareIdentifier::by_user_agent(FlowFacts& facts) const {
  bool added = false;
  const std::string agent = facts.http.user_agent;
  for (const std::size_t bucket : {lower(agent.front()), kWildcardGlobs}) {
    for (const Glob& glob : globs_[bucket]) {
      if (const auto version = policy::match_user_agent(glob.text, agent)) {
        added |= add(facts, glob.product, *version, evidence_of("user-agent", agent));
      }
    }
  }
  return added;
}

bool SoftwareIdentifier::by_tls_name(FlowFacts& facts) const {
  bool added = false;
  const std::string name = facts.tls.sni;
  const auto all_of = [&](const auto& table, std::string_view suffix) {
    const auto found = table.find(suffix);
    if (found == table.end()) return;
    for (const std::size_t product : found->second)
      added |= add(facts, product, {}, evidence_of("tls-name", name));
  };
  all_of(domains_, name);
  for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const std::string_view suffix = std::string_view{name}.substr(dot + 1);
    all_of(domains_, suffix);
    all_of(subdomains_, suffix);
  }
  return added;
}

/// One fact a product and version; a version replaces the fact that had none.
bool SoftwareIdentifier::add(FlowFacts& facts, std::size_t product, std::string_view version,
                             std::string evidence) const {
  const std::string& id = catalogue_.products[product].id;
  for (SoftwareFact& known : facts.software) {
    if (known.product != id) continue;
    if (version.empty() || known.version == version) return false;
    if (known.version.empty()) {
      known = {id, std::string{version}, std::move(evidence)};
      return true;
    }
  }
  if (facts.software.size() >= kSoftwarePerFlowMax) return false;
  facts.software.push_back({id, std::string{version}, std::move(evidence)});
  return true;
}

}  // namespace weir::classifier
