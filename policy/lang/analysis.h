// SPDX-License-Identifier: Apache-2.0
// What a policy says without a mistake, and yet to no effect: rules behind a rule that takes all that they
// match, groups that name nobody, lists and schedules that nothing uses. Each is a warning; the policy holds.
//
// Rules are compared two by two, key by key, each with those that the rules' index names for it: a rule that
// several earlier ones take together is not found, and what is reported is certain
// (tests/unit/policy/decide/property_test.cc).
#pragma once

#include <string>
#include <vector>

#include "policy/model/error.h"

namespace weir {
struct Node;
}

namespace weir::policy {

struct Builder;

/// Warnings of a policy text that compiled without a mistake, in the order of the text.
[[nodiscard]] std::vector<Error> analyse(const Builder& builder, const Node& root);
/// `file:line:column: warning: what (advice)`.
[[nodiscard]] std::string warning_text(const Error& warning);

}  // namespace weir::policy
