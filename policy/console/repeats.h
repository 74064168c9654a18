// SPDX-License-Identifier: Apache-2.0
// A POST with an Idempotency-Key is done once: whoever sends it again, since no answer came, gets the answer
// of the first. Refused requests are not kept; a console that dies between its deed and its answer forgets
// it.
#pragma once

#include "policy/console/desk.h"

namespace weir::console {

inline constexpr std::size_t kKeyBytesMax = 64;
inline constexpr std::size_t kKeptBytesMax = 64U << 10U;  // of an answer; longer ones are not kept
inline constexpr TimeNs kKeptFor = 86'400 * kSecond;
inline constexpr std::string_view kReplayed = "Idempotent-Replayed";  // header: it is the answer of before

[[nodiscard]] Response answer_once(Desk& desk, const Operation& operation, const Call& call);

}  // namespace weir::console
