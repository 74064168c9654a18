// SPDX-License-Identifier: Apache-2.0
// A bypass that somebody turned on by hand: who, why, until when. Kept in a small file with a checksum, so
// that it outlives the data plane and weirctl, and written to a log that is only ever appended to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/duration.h"
#include "policy/model/error.h"
#include "policy/model/settings.h"
#include "policy/model/time.h"

namespace weir::dataplane {

inline constexpr TimeNs kBypassLongest = kDurationLongest;  // of one by hand

inline constexpr std::size_t kReasonBytesMax = 200;
inline constexpr std::size_t kManualFileBytesMax = 64U << 10U;

struct Who {
  std::uint32_t uid = 0;
  std::string user;
};
[[nodiscard]] Who who_is(std::uint32_t uid);

struct ManualBypass {
  std::string pair;
  TimeNs since = 0;
  TimeNs until = 0;
  Who who;
  std::string reason;
};

[[nodiscard]] std::string manual_file(const Settings& settings);  // <state>/bypass.state
[[nodiscard]] std::string audit_file(const Settings& settings);   // <state>/bypass.log

/// 1 to kReasonBytesMax printable bytes.
[[nodiscard]] Result<void> check_reason(std::string_view reason);

/// None when there is no file; kCorrupt when it is damaged or says what nobody could have asked for.
[[nodiscard]] Result<std::vector<ManualBypass>> read_manual(const std::string& path);
/// The old file or the new one, never half of one.
[[nodiscard]] Result<void> write_manual(const std::string& path, const std::vector<ManualBypass>& all);

/// One line of JSON; `event`: "on", "off", "gap".
struct AuditLine {
  std::string event;
  ManualBypass bypass;
  TimeNs ended = 0;  // of "off" and "gap"
  std::string why;   // why it ended: "by hand", "expired", ...
  std::string by;    // the program that writes
};
[[nodiscard]] Result<void> append_audit(const std::string& path, const AuditLine& line);

}  // namespace weir::dataplane
