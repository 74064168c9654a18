// SPDX-License-Identifier: Apache-2.0
// Exceptions that are made while a policy is in force: what weirctl (and who else asks on behalf of a person)
// does with the file beside the policy (policy/lang/exceptions.h). Text in, text out: putting it in force is
// policy_apply.h's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "policy/ctl/output.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/policy.h"
#include "policy/model/error.h"

namespace weir::ctl {

inline constexpr TimeNs kDay = 24 * 3'600 * kSecond;
inline constexpr int kExceptionDaysMax = 366;  // of one that is made by its duration
inline constexpr std::size_t kEndedMax = 200;  // that are remembered, the newest

struct NewException {
  std::string name;
  std::vector<std::pair<std::string, std::vector<std::string>>>
      keys;  // "client": values; those that are written
  TimeNs ends = 0;
  std::string owner;
  std::string reason;
  std::string by;
  std::int64_t violation = 0;  // that it is made for; 0: none
};

/// Who ends an exception before its time, and why.
struct Removal {
  std::string by;
  std::string reason;
};

/// "90m", "12h", "30d": from a minute to kExceptionDaysMax days.
[[nodiscard]] Result<TimeNs> parse_lasting(std::string_view text);

/// The text of the file with one more exception; those that ended are told from those that hold. kInvalid:
/// the name is taken, or it would have ended already.
[[nodiscard]] Result<std::string> with_exception(const policy::ExceptionsFile& file, const NewException& made,
                                                 TimeNs now);
/// Without one, which is remembered. kNotFound: there is none of that name.
[[nodiscard]] Result<std::string> without_exception(const policy::ExceptionsFile& file,
                                                    const std::string& name, const Removal& removal,
                                                    TimeNs now);

struct Ended {
  std::vector<std::string> names;  // of the policy's text as well
  std::string text;                // of the file without them, which remembers that they have ended
};
/// Those that ended since somebody looked last. `in_text`: of the policy, without the kept ones.
[[nodiscard]] Ended ended_exceptions(const policy::ExceptionsFile& file,
                                     const std::vector<policy::Exception>& in_text, TimeNs now);

/// How exceptions are shown.
struct ExceptionView {
  bool ended = false;  // also those that have ended or were removed, as far as they are remembered
  std::function<std::string(const std::string&)> client{};  // for an address or a card; empty: itself
};
/// A row an exception: exception, for, allows, until, state (in force, lifts nothing, ended, removed), owner,
/// reason, by, made, violation; of a removed one also removed, removed_by, removed_because. "": not known.
[[nodiscard]] Json exception_rows(const policy::ExceptionsFile& file, const policy::Policy& policy,
                                  TimeNs now, const ExceptionView& view);

}  // namespace weir::ctl
