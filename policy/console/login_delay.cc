// SPDX-License-Identifier: Apache-2.0
#include "policy/console/login_delay.h"

#include <algorithm>
#include <array>

#include "policy/audit/signing.h"

namespace weir::console {
namespace {

struct Counted {
  std::string who;
  std::int64_t free = 0;
};

std::array<Counted, 2> counted(const std::string& account, const std::string& address) {
  return {Counted{policy::hash_of({"account", account, address}), kFreeFailures},
          Counted{policy::hash_of({"address", address}), kFreeAddressFailures}};
}

}  // namespace

TimeNs login_delay(std::int64_t failures, std::int64_t free) {
  if (failures < free) return 0;
  const std::int64_t doubled = std::min<std::int64_t>(failures - free, 16);
  return std::min<TimeNs>((TimeNs{1} << doubled) * kSecond, kLoginDelayMax);
}

Result<TimeNs> login_wait(policy::Store& store, const std::string& account, const std::string& address,
                          TimeNs now) {
  TimeNs waits = 0;
  for (const Counted& one : counted(account, address)) {
    const auto tries = policy::login_tries(store, one.who);
    if (!tries) return tl::unexpected(tries.error());
    if (tries->failures == 0 || now - tries->last > kFailuresForgotten) continue;
    waits = std::max(waits, tries->last + login_delay(tries->failures, one.free) - now);
  }
  return waits;
}

Result<void> count_failure(policy::Store& store, policy::Batch& batch, const std::string& account,
                           const std::string& address, TimeNs now) {
  for (const Counted& one : counted(account, address)) {
    auto tries = policy::login_tries(store, one.who);
    if (!tries) return tl::unexpected(tries.error());
    if (now - tries->last > kFailuresForgotten) tries->failures = 0;
    ++tries->failures;
    tries->last = now;
    if (auto kept = policy::put(batch, *tries); !kept) return kept;
  }
  return {};
}

Result<void> forget_failures(policy::Batch& batch, const std::string& account, const std::string& address) {
  return policy::put(batch, policy::LoginTries{.who = counted(account, address).front().who});
}

}  // namespace weir::console
