// SPDX-License-Identifier: Apache-2.0
// The policy file as a JSON Schema, for editors: made of the rows by which the loader knows the keys
// (policy/lang/keys.h). It says what may stand where; what a name refers to only the loader can say.
#pragma once

#include "policy/ctl/output.h"

namespace weir::ctl {

/// Draft-07, which is what editors' YAML servers know. Never stricter than the loader.
[[nodiscard]] Json policy_schema();

}  // namespace weir::ctl
