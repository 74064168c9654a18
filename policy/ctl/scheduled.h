// SPDX-License-Identifier: Apache-2.0
// Policies that come into force at a time: files `scheduled-N` beside the policy in force, each a line of
// JSON with who, why, when and over what, and then the text as it was given. Each is replaced whole, under
// the lock of the policy's folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/ctl/policy_files.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::ctl {

inline constexpr std::size_t kScheduledMax = 16;
inline constexpr TimeNs kScheduledAheadMax = 366 * 24 * 3'600 * kSecond;
inline constexpr TimeNs kScheduledLateMax = 6 * 3'600 * kSecond;  // then it is missed

struct Scheduled {
  std::uint32_t number = 0;
  TimeNs at = 0;     // by the wall clock
  TimeNs made = 0;   // likewise
  std::string name;  // of the file that was given
  std::string author;
  std::string reason;
  TimeNs confirm_within = 0;  // 0: for good
  std::uint32_t over = 0;     // the revision in force when it was made; 0: there was none
  bool over_changes = false;  // also over another text than that revision's
  std::uint32_t becomes = 0;  // the revision as which it is being put in force; 0: nobody has begun
  std::string outcome{};      // why it did not come into force; empty: it waits
  std::string text{};

  [[nodiscard]] bool waits() const { return outcome.empty(); }
};

/// In the order of their times. A file that is damaged is none.
[[nodiscard]] std::vector<Scheduled> scheduled_in(const std::string& policy_path);
[[nodiscard]] std::optional<Scheduled> read_scheduled(const std::string& policy_path, std::uint32_t number);
/// The text in force is that over which it was made, or may be any.
[[nodiscard]] bool fits(const Scheduled& one, const std::string& policy_path);
/// In a folder that is locked. kLimit: there are kScheduledMax others.
[[nodiscard]] Result<void> put_scheduled(const PolicyFolder& folder, const Scheduled& one);
[[nodiscard]] Result<void> remove_scheduled(const PolicyFolder& folder, std::uint32_t number);

}  // namespace weir::ctl
