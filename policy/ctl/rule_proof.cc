// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/rule_proof.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "policy/ctl/child.h"
#include "policy/ctl/replay.h"
#include "policy/model/wall_clock.h"
#include "policy/prove/proof.h"

namespace weir::ctl {
namespace {

const char* words_of(BlockAction block) {
  return block == BlockAction::kAnswer ? "answer" : block == BlockAction::kReset ? "reset" : "drop";
}

/// Settings of a data plane that answers and resets as the pair does, with ports that lead nowhere.
Result<void> write_proof_settings(const std::string& path, const PairSettings& pair) {
  std::ofstream out(path);
  out << "weir: 1\npairs:\n  - {name: proof, inside: net_null0, outside: net_null1, block: "
      << words_of(pair.block) << ", mode: " << (pair.strict ? "strict" : "monitor")
      << "}\nmemory: {hugepages: off, keep_flows: off}\n";
  out.close();
  if (!out) return failure(ErrorCode::kSystem, "cannot write " + path);
  return {};
}

/// Plays the canaries of `rules` and adds their rows.
class ProofRun {
 public:
  ProofRun(const policy::Policy& policy, const ProofSubject& subject) : policy_(policy), subject_(subject) {}

  Result<std::vector<RuleProof>> prove(const std::vector<const policy::Rule*>& rules) {
    find(rules);
    if (canaries_.empty()) return std::move(rows_);
    const TemporaryFolder folder;
    const std::string settings = folder.path() + "/weir.yaml";
    prove::Proof proof{policy_, std::move(canaries_)};
    if (auto written = proof.write(folder.path()); !written) return tl::unexpected(written.error());
    if (auto written = write_proof_settings(settings, subject_.pair); !written)
      return tl::unexpected(written.error());
    const auto played = replay(replay_options(folder.path(), settings),
                               [&](std::size_t, const event::FlowEvent& event) { proof.take(event); });
    if (!played) return tl::unexpected(played.error());
    const auto outcomes = proof.outcomes(folder.path());
    if (!outcomes) return tl::unexpected(outcomes.error());
    for (const prove::Outcome& outcome : *outcomes) take(outcome);
    return std::move(rows_);
  }

 private:
  void find(const std::vector<const policy::Rule*>& rules) {
    const prove::CanaryFinder finder{policy_, wall_clock()};
    for (const policy::Rule* rule : rules) {
      auto found = finder.find(*rule);
      rows_.push_back({.rule = rule, .why = std::move(found.why_none)});
      if (canaries_.size() + found.canaries.size() > prove::kCanariesMax) {
        rows_.back().why = "this run has its most flows";
        continue;
      }
      std::ranges::move(found.canaries, std::back_inserter(canaries_));
    }
  }
  [[nodiscard]] ReplayOptions replay_options(const std::string& folder, const std::string& settings) const {
    ReplayOptions options;
    options.ports = folder;
    options.settings = settings;
    options.policy = subject_.policy;
    options.catalogue = subject_.classifier.catalogue;
    options.signatures = subject_.classifier.signatures;
    options.country_database = subject_.classifier.country_database;
    options.asn_database = subject_.classifier.asn_database;
    options.longest = subject_.longest;
    return options;
  }
  void take(const prove::Outcome& outcome) {
    const auto row = std::ranges::find(rows_, outcome.played->canary.rule, &RuleProof::rule);
    if (outcome.fate == prove::Fate::kProved) ++row->flows;
    const bool worse = outcome.fate == prove::Fate::kUnproved && !row->unproved;
    row->unproved |= worse;
    if (worse || row->why.empty()) row->why = outcome.why;
  }

  const policy::Policy& policy_;
  const ProofSubject& subject_;
  std::vector<prove::Canary> canaries_;
  std::vector<RuleProof> rows_;
};

}  // namespace

Result<std::vector<RuleProof>> prove_rules(const policy::Policy& policy,
                                           const std::vector<const policy::Rule*>& rules,
                                           const ProofSubject& subject) {
  return ProofRun{policy, subject}.prove(rules);
}

}  // namespace weir::ctl
