// SPDX-License-Identifier: Apache-2.0
// How long somebody who failed to log in waits: twice as long with each failure, by account and address and,
// a little later, by address alone. Nobody is locked out for good.
#pragma once

#include <string>

#include "policy/model/error.h"
#include "policy/model/time.h"
#include "policy/store/account_store.h"

namespace weir::console {

inline constexpr std::int64_t kFreeFailures = 3;          // of an account from an address, without a delay
inline constexpr std::int64_t kFreeAddressFailures = 20;  // of an address, whatever the accounts
inline constexpr TimeNs kLoginDelayMax = 300 * kSecond;
inline constexpr TimeNs kFailuresForgotten = 3'600 * kSecond;  // after the last one

/// From the last failure on.
[[nodiscard]] TimeNs login_delay(std::int64_t failures, std::int64_t free);
/// Until the next login is looked at; 0: at once.
[[nodiscard]] Result<TimeNs> login_wait(policy::Store& store, const std::string& account,
                                        const std::string& address, TimeNs now);
[[nodiscard]] Result<void> count_failure(policy::Store& store, policy::Batch& batch,
                                         const std::string& account, const std::string& address, TimeNs now);
/// Those of the account; those of the address stay until they are old.
[[nodiscard]] Result<void> forget_failures(policy::Batch& batch, const std::string& account,
                                           const std::string& address);

}  // namespace weir::console
