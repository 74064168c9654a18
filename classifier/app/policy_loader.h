// SPDX-License-Identifier: Apache-2.0
// The policy on disk: the text and, beside it, the number of its revision (`current.yaml`,
// `current.revision`), both written by `weirctl policy apply`. A reload compiles in a thread of its own, so
// that inspection goes on meanwhile.
#pragma once

#include <future>
#include <optional>
#include <string>

#include "classifier/engine/classifier.h"
#include "policy/model/error.h"

namespace weir::classifier {

inline constexpr std::uint32_t kRevisionWithoutSidecar = 1;

/// Revision beside the policy file; kRevisionWithoutSidecar when there is none.
[[nodiscard]] std::uint32_t revision_beside(const std::string& policy_path);
/// With the exceptions that are kept beside it; a replay judges by the text alone.
[[nodiscard]] ResultAll<PolicyInForce> load_policy(const std::string& path, bool replay = false);
/// The policy of a replay without a policy file: nothing matches, everything is allowed.
[[nodiscard]] ResultAll<PolicyInForce> empty_policy();
/// No policy is in force: revision 0.
[[nodiscard]] ResultAll<PolicyInForce> missing_policy();

class PolicyReload {
 public:
  /// False when one is under way already.
  bool start(const std::string& path);
  [[nodiscard]] bool running() const { return result_.valid(); }
  /// The outcome, once.
  [[nodiscard]] std::optional<ResultAll<PolicyInForce>> poll();

 private:
  std::future<ResultAll<PolicyInForce>> result_;
};

}  // namespace weir::classifier
