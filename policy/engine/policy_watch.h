// SPDX-License-Identifier: Apache-2.0
// The policy in force as the engine sees it: looked at again, at most once a second, and compiled when the
// file or its revision changed. A policy that does not compile leaves the last good one in place. Without
// any, nobody judges.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/store/records.h"

namespace weir::policy {

class Policy;
struct QuotaRules;

inline constexpr std::chrono::milliseconds kPolicyLookEvery{1'000};

/// While a canary runs, the policy is that of everybody else, with the quotas of the canary besides.
class PolicyWatch {
 public:
  explicit PolicyWatch(std::string path) : path_(std::move(path)) {}

  /// What the policy says of a product; nullopt: there is no policy.
  [[nodiscard]] std::optional<SoftwareState> judge(const std::string& product, const std::string& version);
  /// The policy; the same pointer until there is another one. nullptr: there is none.
  [[nodiscard]] std::shared_ptr<const Policy> policy();
  /// Of the policy; the same pointer until there is another one. nullptr: there is none.
  [[nodiscard]] std::shared_ptr<const QuotaRules> quotas();
  /// The categories that the policy's rules name and that hold the host name, each once.
  [[nodiscard]] std::vector<std::string> categories(const std::string& host);

 private:
  void look();

  std::string path_;
  std::string seen_;  // what the files looked like: size, time, revision
  std::chrono::steady_clock::time_point next_look_{};
  std::shared_ptr<const Policy> policy_;
  std::vector<std::pair<std::string, std::size_t>>
      category_sets_;                         // of policy_: name, index of its DomainSet
  std::shared_ptr<const QuotaRules> quotas_;  // of policy_, and of a canary
};

/// Decimal in `current.revision` beside the policy file; 0 where there is none.
[[nodiscard]] std::uint32_t read_revision(const std::string& policy_path);

}  // namespace weir::policy
