// SPDX-License-Identifier: Apache-2.0
// What every daemon of policy/ does as it begins: it becomes its user, and hears of signals by a descriptor.
#pragma once

#include <sys/types.h>

#include <initializer_list>
#include <string>

#include "policy/model/error.h"

namespace weir {

struct Account {
  uid_t user = 0;
  gid_t group = 0;
};

/// Of the user whom `setting` ("engine.user") names. kInvalid: there is none.
[[nodiscard]] Result<Account> account_of(const std::string& user, const std::string& setting);
/// Becomes that user for good, with its groups, when started as root; else nothing. kInvalid: there is no
/// such user; kSystem: the system refuses.
[[nodiscard]] Result<void> become(const std::string& user, const std::string& setting);
/// From now on these signals are read from the descriptor alone; -1 where the system refuses.
[[nodiscard]] int signals_as_descriptor(std::initializer_list<int> signals);

}  // namespace weir
