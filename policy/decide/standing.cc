// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/standing.h"

#include <algorithm>

namespace weir::policy {

const char* to_string(SoftwareStanding standing) {
  switch (standing) {
    case SoftwareStanding::kAuthorised:
      return "authorised";
    case SoftwareStanding::kUnauthorised:
      return "unauthorised";
    case SoftwareStanding::kUnknown:
      return "unknown";
  }
  return "unknown";
}

const AuthorisedProduct* authorised_entry(const PolicyParts& policy, std::string_view product) noexcept {
  const auto& entries = policy.software.authorised;
  const auto at = std::find_if(entries.begin(), entries.end(),
                               [&](const AuthorisedProduct& entry) { return entry.product == product; });
  return at == entries.end() ? nullptr : &*at;
}

bool still_authorised(const AuthorisedProduct& entry, std::string_view version, TimeNs now) noexcept {
  if (entry.ends && now >= *entry.ends) return false;
  return version.empty() || entry.versions.contains(version);
}

SoftwareStanding software_standing(const PolicyParts& policy, std::string_view product,
                                   std::string_view version, TimeNs now) noexcept {
  const auto& unauthorised = policy.software.unauthorised;
  if (std::any_of(unauthorised.begin(), unauthorised.end(),
                  [&](const UnauthorisedProduct& entry) { return entry.product == product; })) {
    return SoftwareStanding::kUnauthorised;
  }
  const AuthorisedProduct* const entry = authorised_entry(policy, product);
  if (entry != nullptr && still_authorised(*entry, version, now)) return SoftwareStanding::kAuthorised;
  return SoftwareStanding::kUnknown;
}

}  // namespace weir::policy
