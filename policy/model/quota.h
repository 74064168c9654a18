// SPDX-License-Identifier: Apache-2.0
// How much a rule with a quota lets each subject use before it speaks, and how much was used.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "policy/model/time.h"

namespace weir {

/// Who shares one quota. kUser: the user of the client whom a server vouches for, or the
/// client while there is none.
enum class QuotaPer : std::uint8_t { kClient, kUser, kGroup, kAll };
/// Local days, weeks from Monday, and months of the policy's time zone.
enum class QuotaEvery : std::uint8_t { kDay, kWeek, kMonth };

/// Amounts of one quota: what is allowed (0: without a limit) or what was used.
struct QuotaUse {
  std::uint64_t bytes = 0;     // of frames, both directions
  std::uint64_t seconds = 0;   // whole minutes in which at least kQuotaMinuteBytes passed
  std::uint64_t flows = 0;     // that the rule matched
  std::uint64_t messages = 0;  // mails that were sent
  auto operator<=>(const QuotaUse&) const = default;
};
inline constexpr std::uint64_t kQuotaMinuteBytes = 4'096;
inline constexpr std::uint64_t kQuotaAmountMax = 1'000'000'000'000'000;  // of each, as a limit
inline constexpr std::uint64_t kQuotaWarningPercent = 80;

struct Quota {
  QuotaUse limit;
  QuotaPer per = QuotaPer::kClient;
  QuotaEvery every = QuotaEvery::kDay;
  auto operator<=>(const Quota&) const = default;
};

/// Some amount that has a limit has reached `percent` of it (1..100).
[[nodiscard]] constexpr bool reaches(const QuotaUse& used, const QuotaUse& limit, std::uint64_t percent) {
  const auto one = [percent](std::uint64_t part, std::uint64_t of) {
    return of != 0 && part >= (of * percent + 99) / 100;
  };
  return one(used.bytes, limit.bytes) || one(used.seconds, limit.seconds) || one(used.flows, limit.flows) ||
         one(used.messages, limit.messages);
}

/// What the engine says of one subject: the whole use in the period that ends then. A later one of the same
/// rule and subject takes its place.
struct QuotaFact {
  std::string rule;
  std::string subject;  // "10.20.0.5", "anna@EXAMPLE.COM", "group staff", "all"
  TimeNs period_ends = 0;
  QuotaUse used;
  bool operator==(const QuotaFact&) const = default;
};

}  // namespace weir
