// SPDX-License-Identifier: Apache-2.0
// One event as detectors look at it: what several of them ask of it is worked out once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/categories/public_suffix.h"
#include "policy/lang/policy.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/time.h"
#include "policy/store/records.h"

namespace weir::policy {

inline constexpr TimeNs kDay = 86'400 * kSecond;

/// Questions of one flow under one registered domain.
struct DnsAsked {
  std::string domain;          // registered
  std::int64_t questions = 0;  // all of them
  std::int64_t carrying = 0;   // that could carry data: kCarryingBytes or kCarryingLabel
  std::int64_t entropy = 0;    // of those, summed up, in hundredths of a bit a character
  std::int64_t bytes = 0;      // of those, below the domain
  std::int64_t longest = 0;    // label of those, bytes
  std::int64_t no_such_name = 0;
};

struct Sight {
  const event::FlowEvent& event;
  TimeNs at = 0;     // when the event was said; of a final one: when the flow ended
  TimeNs began = 0;  // the flow
  const std::string& client;
  const std::string& peer;
  const std::string& host;  // best name of the peer there is: a name or its address
  bool final = false;
  bool outside = false;    // the peer's address is not one of a private network
  std::int64_t bytes = 0;  // final: of frames, both directions
  const std::vector<SoftwareSighting>& software;
  std::vector<DnsAsked> dns{};  // final
};

/// What detectors know besides events: the policy in force, and under which names strangers register theirs.
struct DetectContext {
  std::shared_ptr<const Policy> policy;
  PublicSuffixes suffixes;
};

/// `event` has passed decode_event.
[[nodiscard]] Sight sight_of(const event::FlowEvent& event, const std::vector<SoftwareSighting>& software,
                             const PublicSuffixes& suffixes);

/// 10.0.0.0/8 and the like, link-local, multicast, broadcast, unique local ones of IPv6.
[[nodiscard]] bool is_outside(const std::string& address);

}  // namespace weir::policy
