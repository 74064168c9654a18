// SPDX-License-Identifier: Apache-2.0
// What one flow used of the quotas that it falls under, and how much of it was said. Part of FlowContext.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/decision.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/time.h"

namespace weir::classifier {

/// While a flow counts, its use is said this often, if there is any, and its verdict holds no longer.
inline constexpr TimeNs kQuotaSayEvery = 4 * kSecond;
/// And as soon as it is this much. No more than that of a stream passes unseen at a time.
inline constexpr std::uint32_t kQuotaSayBytes = 1U << 20U;

/// What it does now is used of some quota.
[[nodiscard]] bool counts_use(const Decision& decision);

struct QuotaAccount {
  std::uint64_t bytes = 0;  // of frames, both directions, so far
  std::uint64_t bytes_said = 0;
  std::uint32_t messages_said = 0;
  std::vector<std::string> rules;  // for which the flow itself is counted
  bool ending = false;             // an end of the connection passed since the last event

  /// Numbers of the data plane: they only rise.
  void saw(const std::array<std::uint64_t, 2>& so_far) { bytes = std::max(bytes, so_far[0] + so_far[1]); }
  /// Mails and the end at once, bytes now and then, and where there are many; `silent` since the flow's last
  /// event.
  [[nodiscard]] bool is_due(const Decision& decision, std::uint32_t messages, TimeNs silent) const {
    const std::uint64_t unsaid = bytes - bytes_said;
    const bool many = unsaid >= kQuotaSayBytes || silent >= kQuotaSayEvery || ending;
    return (messages > messages_said || (unsaid > 0 && many)) && counts_use(decision);
  }
  /// Puts into the event what no event said before; `messages` is how many mails were sent so far.
  void say(const Decision& decision, std::uint32_t messages, event::FlowEvent& event);
};

}  // namespace weir::classifier
