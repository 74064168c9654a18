// SPDX-License-Identifier: Apache-2.0
// How weirctl ends, the same for every command.
#pragma once

namespace weir::ctl {

enum ExitCode : int {
  kOk = 0,
  kNegative = 1,     // the answer is no: not found, refused, a check that failed, a replay that broke
  kUsage = 2,        // the command line is wrong
  kInvalid = 3,      // a policy or the settings file has mistakes
  kUnreachable = 4,  // a part of Weir does not answer
};

inline constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0  done, or the answer is yes\n"
    "  1  the answer is no: not found, refused, a check failed\n"
    "  2  the command line is wrong\n"
    "  3  the policy or the settings file has mistakes; each is printed with its place\n"
    "  4  a part of Weir does not answer\n";

}  // namespace weir::ctl
