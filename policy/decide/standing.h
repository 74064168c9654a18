// SPDX-License-Identifier: Apache-2.0
// What a policy says about one product at one instant; for the software inventory, which has no flow to
// judge.
#pragma once

#include <string_view>

#include "policy/lang/policy.h"

namespace weir::policy {

/// kUnknown: in neither list, or authorised only in other versions or until a day that has passed.
enum class SoftwareStanding : std::uint8_t { kAuthorised, kUnauthorised, kUnknown };
[[nodiscard]] const char* to_string(SoftwareStanding standing);

/// An empty version (it does not show) counts as one that is authorised.
[[nodiscard]] SoftwareStanding software_standing(const PolicyParts& policy, std::string_view product,
                                                 std::string_view version, TimeNs now) noexcept;
[[nodiscard]] inline SoftwareStanding software_standing(const Policy& policy, std::string_view product,
                                                        std::string_view version, TimeNs now) noexcept {
  return software_standing(policy.parts(), product, version, now);
}

[[nodiscard]] const AuthorisedProduct* authorised_entry(const PolicyParts& policy,
                                                        std::string_view product) noexcept;
[[nodiscard]] bool still_authorised(const AuthorisedProduct& entry, std::string_view version,
                                    TimeNs now) noexcept;

}  // namespace weir::policy
