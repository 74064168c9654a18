// SPDX-License-Identifier: Apache-2.0
// The console's own certificate: the files that the settings name, or one that the appliance made for itself
// at its first start, whose fingerprint people compare.
#pragma once

#include <string>

#include "policy/model/error.h"
#include "policy/model/settings.h"

namespace weir::console {

inline constexpr long kOwnCertificateDays = 3'650;

struct Identity {
  std::string certificate;  // PEM, with what leads to its authority
  std::string key;          // PEM
  std::string fingerprint;  // SHA-256 of the certificate: "AB:CD:..."
};

/// Made and kept in <state_directory>/console where it is missing. kInvalid: a file of the settings is no
/// certificate or no key of it; kSystem.
[[nodiscard]] Result<Identity> identity_of(const Settings& settings);

}  // namespace weir::console
