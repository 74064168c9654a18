// SPDX-License-Identifier: Apache-2.0
// Asks a daemon over its control socket: one line of JSON there, one line back.
#pragma once

#include <chrono>
#include <string>

#include "policy/ctl/output.h"
#include "policy/model/error.h"

namespace weir::ctl {

inline constexpr std::size_t kReplyBytesMax = 16U << 20U;
inline constexpr std::chrono::milliseconds kControlTimeout{5'000};  // of the whole exchange

/// The reply as it came. kUnavailable: nobody there, or no answer in time; kCorrupt: an answer that is not
/// JSON.
[[nodiscard]] Result<Json> ask(const std::string& socket_path, const Json& request,
                               std::chrono::milliseconds timeout = kControlTimeout);

}  // namespace weir::ctl
