// SPDX-License-Identifier: Apache-2.0
// A revision that goes back by itself unless somebody confirms it in time: the file `pending` beside the
// policy. So that a policy that locks its author out ends with its time, or with the next start of the
// machine, whoever is left to look at it: weirctl takes it back, and a classifier that starts does not take
// it up. A canary is such a revision that decides for the clients of one group, while the one before decides
// for all others; at the end of its time it goes back too, or becomes the policy for all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "policy/model/time.h"

namespace weir::policy {

struct Pending {
  std::uint32_t revision = 0;
  std::uint32_t back = 0;  // the revision to go back to
  TimeNs deadline = 0;     // of the clock that boot_time_now reads
  std::string boot;        // of the machine, as the kernel names it
  std::string group{};     // of a canary; empty: it decides for all
  bool promotes = false;   // a canary whose end makes it the policy for all

  /// Its time has passed, or the machine was started again.
  [[nodiscard]] bool is_over() const;
  /// Over or not: the machine was not started again, and at its end it becomes the policy for all.
  [[nodiscard]] bool stays() const;
};

/// Since the machine was started, with the time that it slept; no step of a clock changes it.
[[nodiscard]] TimeNs boot_time_now();
/// Read once and kept: the first call must be before a sandbox.
[[nodiscard]] const std::string& boot_id();

[[nodiscard]] std::string pending_path(const std::string& policy_path);
/// Where an earlier revision's text is kept. That of the revision in force is there only while another takes
/// its place, or where that was broken off: then it still holds.
[[nodiscard]] std::string kept_path(const std::string& policy_path, std::uint32_t revision);
/// nullopt: nothing waits, or the file is damaged.
[[nodiscard]] std::optional<Pending> read_pending(const std::string& policy_path);
[[nodiscard]] std::string to_text(const Pending& pending);

struct TextInForce {
  std::string file;
  std::uint32_t revision = 0;
};
/// With a canary: for whom `text` decides, and what decides for all others.
struct TextsInForce {
  TextInForce text;
  std::string group{};  // of the policy `others`; empty: there is no canary
  TextInForce others{};
};
/// The policy's file and `revision`, which is the one on disk; or what it goes back to; or what holds until
/// another policy has taken its place whole.
[[nodiscard]] TextInForce text_in_force(const std::string& policy_path, std::uint32_t revision);
[[nodiscard]] TextsInForce texts_in_force(const std::string& policy_path, std::uint32_t revision);

}  // namespace weir::policy
