// SPDX-License-Identifier: Apache-2.0
// Exceptions that are made while a policy is in force: what weirctl (and who else asks on behalf of a person)
// does with the file beside the policy (policy/lang/exceptions.h). Text in, text out: putting it in force is
// policy_apply.h's.
#pragma once

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

struct NewException {
  std::string name;
  std::vector<std::pair<std::string, std::vector<std::string>>>
      keys;  // "client": values; those that are written
  TimeNs ends = 0;
  std::string owner;
  std::string reason;
  std::string by;
};

/// "90m", "12h", "30d": from a minute to kExceptionDaysMax days.
[[nodiscard]] Result<TimeNs> parse_lasting(std::string_view text);

/// The text of the file with one more exception; those that ended go. kInvalid: the name is taken, or it
/// would have ended already.
[[nodiscard]] Result<std::string> with_exception(const policy::ExceptionsFile& file, const NewException& made,
                                                 TimeNs now);
/// Without one. kNotFound: there is none of that name.
[[nodiscard]] Result<std::string> without_exception(const policy::ExceptionsFile& file,
                                                    const std::string& name, TimeNs now);

struct Ended {
  std::vector<std::string> names;  // of the policy's text as well
  std::string text;                // of the file without them, which remembers that they have ended
};
/// Those that ended since somebody looked last. `in_text`: of the policy, without the kept ones.
[[nodiscard]] Ended ended_exceptions(const policy::ExceptionsFile& file,
                                     const std::vector<policy::Exception>& in_text, TimeNs now);

/// A row an exception: name, for whom, what, until, state, owner, reason, by, made.
[[nodiscard]] Json exception_rows(const policy::ExceptionsFile& file, const policy::Policy& policy,
                                  TimeNs now);

}  // namespace weir::ctl
