// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/policy_watch.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "policy/decide/standing.h"
#include "policy/engine/quota_ledger.h"
#include "policy/lang/compile.h"
#include "policy/lang/pending.h"
#include "policy/lang/policy.h"
#include "policy/model/wall_clock.h"

namespace weir::policy {
namespace {

/// What a change of the file changes: size, time, inode.
std::string look_of(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return {};
  return fmt::format("{} {}.{} {}", found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec, found.st_ino);
}

SoftwareState state_of(SoftwareStanding standing) {
  switch (standing) {
    case SoftwareStanding::kAuthorised:
      return SoftwareState::kAuthorised;
    case SoftwareStanding::kUnauthorised:
      return SoftwareState::kUnauthorised;
    case SoftwareStanding::kUnknown:
      break;
  }
  return SoftwareState::kUnknown;
}

/// The categories that rules name, each once.
std::vector<std::pair<std::string, std::size_t>> categories_of(const Policy& policy) {
  constexpr std::string_view kLabel = "category ";
  std::vector<std::pair<std::string, std::size_t>> sets;
  for (const std::vector<Rule>& rules : policy.parts().rules) {
    for (const Rule& rule : rules) {
      for (const NamedSet& set : rule.match.categories) {
        std::string_view name = set.label;
        if (name.starts_with(kLabel)) name.remove_prefix(kLabel.size());
        sets.emplace_back(name, index_of(set.set));
      }
    }
  }
  std::sort(sets.begin(), sets.end());
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  return sets;
}

}  // namespace

std::uint32_t read_revision(const std::string& policy_path) {
  std::ifstream in(std::filesystem::path{policy_path}.replace_extension(".revision"));
  std::string line;
  std::getline(in, line);
  std::uint32_t revision = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), revision);
  return error == std::errc{} && end == line.data() + line.size() ? revision : 0;
}

void PolicyWatch::look() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_look_) return;
  next_look_ = now + kPolicyLookEvery;
  const TextsInForce texts = texts_in_force(path_, read_revision(path_));
  const bool canary = !texts.group.empty();
  const auto& [file, revision] = canary ? texts.others : texts.text;
  const std::string present =
      fmt::format("{} {} {}", look_of(file), revision, canary ? texts.text.revision : 0);
  if (present == seen_) return;
  seen_ = present;
  auto compiled = compile_file(file, revision);
  if (compiled) {
    policy_ = std::move(*compiled);
    category_sets_ = categories_of(*policy_);
    QuotaRules rules = quota_rules_of(*policy_);
    if (canary) {
      const auto tried = compile_file(texts.text.file, texts.text.revision);
      if (tried) rules.rules.merge(quota_rules_of(**tried).rules);
    }
    quotas_ = std::make_shared<const QuotaRules>(std::move(rules));
    spdlog::info("policy-loaded file={} revision={}", file, revision);
  } else {
    spdlog::error("policy-refused file={} mistakes={} first=\"{}\"", file, compiled.error().size(),
                  compiled.error().empty() ? "" : to_text(compiled.error().front()));
  }
}

std::optional<SoftwareState> PolicyWatch::judge(const std::string& product, const std::string& version) {
  look();
  if (!policy_ || !policy_->parts().software.present) return std::nullopt;
  return state_of(software_standing(*policy_, product, version, wall_clock()));
}

std::shared_ptr<const Policy> PolicyWatch::policy() {
  look();
  return policy_;
}

std::shared_ptr<const QuotaRules> PolicyWatch::quotas() {
  look();
  return quotas_;
}

std::vector<std::string> PolicyWatch::categories(const std::string& host) {
  look();
  std::vector<std::string> found;
  if (category_sets_.empty()) return found;
  DomainMatches matches;
  policy_->parts().domains.lookup(host, matches);
  for (const auto& [name, set] : category_sets_) {
    if (matches.test(set)) found.push_back(name);
  }
  return found;
}

}  // namespace weir::policy
