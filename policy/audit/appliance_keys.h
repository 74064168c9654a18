// SPDX-License-Identifier: Apache-2.0
// The appliance's own secrets, made at their first use, each a private file in one folder beside all other
// state: the key that signs the audit log and evidence, and the key of the pseudonyms. They never leave it.
#pragma once

#include <string>

#include "policy/audit/signing.h"
#include "policy/model/error.h"

namespace weir::policy {

[[nodiscard]] std::string keys_folder(const std::string& state_directory);  // <state>/keys

/// `sign.key`: made where it is missing, and `sign.pub` beside it, for who verifies elsewhere. kSystem: no
/// access; kCorrupt: damaged, or others may read it.
[[nodiscard]] Result<SigningKey> signing_key(const std::string& folder);
/// `people.key`, 32 bytes. Without it nobody can tell who a pseudonym is, also not by trying all names.
[[nodiscard]] Result<std::string> people_key(const std::string& folder);

}  // namespace weir::policy
