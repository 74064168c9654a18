// SPDX-License-Identifier: Apache-2.0
// What one flow used of the quotas that it falls under, and how much of it was said. Part of FlowContext.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/decision.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/time.h"

namespace weir::classifier {

/// While a flow counts, its use is said this often, if there is any, and its verdict holds no longer.
inline constexpr TimeNs kQuotaSayEvery = 4 * kSecond;
/// So much of a stream passes unseen at a time, while it counts.
inline constexpr std::uint32_t kCountedSkipBytes = 1U << 20U;

/// What it does now is used of some quota.
[[nodiscard]] bool counts_use(const Decision& decision);

struct QuotaAccount {
  std::uint64_t bytes = 0;  // of frames, both directions, so far
  std::uint64_t bytes_said = 0;
  std::uint32_t messages_said = 0;
  std::vector<std::string> rules;  // for which the flow itself is counted

  /// Numbers of the data plane: they only rise.
  void saw(std::uint64_t from_initiator, std::uint64_t from_responder) {
    bytes = std::max(bytes, from_initiator + from_responder);
  }
  /// Mails at once, bytes now and then; `silent` since the flow's last event.
  [[nodiscard]] bool is_due(const Decision& decision, std::uint32_t messages, TimeNs silent) const {
    const bool news = messages > messages_said || (bytes > bytes_said && silent >= kQuotaSayEvery);
    return news && counts_use(decision);
  }
  /// Puts into the event what no event said before; `messages` is how many mails were sent so far.
  void say(const Decision& decision, std::uint32_t messages, event::FlowEvent& event);
};

}  // namespace weir::classifier
