// SPDX-License-Identifier: Apache-2.0
// Exceptions that weirctl keeps beside the policy, in exceptions.yaml: those that were made by hand and end
// by themselves. The file has the keys of the policy's own list `exceptions`, and the latest time at which
// somebody looked at them: what had ended by then has ended, whatever a clock says afterwards.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/lang/time_zone.h"
#include "policy/model/document.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::policy {

inline constexpr std::size_t kExceptionsMax = 4'000;    // of the policy and of the file together
inline constexpr std::size_t kExceptionBytesMax = 300;  // reason, owner

/// Beside the policy.
[[nodiscard]] std::string exceptions_path(const std::string& policy_path);

struct ExceptionsFile {
  std::string file;   // what messages call it
  TimeNs judged = 0;  // the latest time at which the exceptions were looked at
  Node list{};        // of maps of the keys of an exception
  Node ended{};       // those that have ended or were removed, for people alone; none of them holds
};
/// A file that is not there has no exceptions. Of a damaged one nothing is known, and nothing holds.
[[nodiscard]] ResultAll<ExceptionsFile> read_exceptions(const std::string& path);
[[nodiscard]] ResultAll<ExceptionsFile> parse_exceptions(std::string_view text, const std::string& file);

/// When an exception ends: "2027-06-30" (that day is the last), "2027-06-30 18:00" (local time) or
/// "2027-06-30T16:00:00Z".
[[nodiscard]] std::optional<TimeNs> parse_end(const TimeZone& zone, std::string_view text);
inline constexpr const char* kEndAdvice =
    "write its last day, 2027-06-30, or \"2027-06-30 18:00\", or 2027-06-30T16:00:00Z";

}  // namespace weir::policy
