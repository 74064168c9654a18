// SPDX-License-Identifier: Apache-2.0
// Every word of a report, in each of its languages. A further language is one more column of words.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::report {

enum class Language : std::uint8_t { kEnglish, kFrench };

enum class Word : std::uint8_t {
  kDailyReport,
  kWeeklyReport,
  kMonthlyReport,
  kAppliance,
  kPeriod,
  kComparedWith,
  kGenerated,
  kGroup,
  kAllGroups,
  kTo,
  kPage,
  kNothing,
  kMoreRows,
  kPrivacy,
  // figures
  kNewViolations,
  kOpenViolations,
  kClosedViolations,
  kHits,
  kSubjects,
  kNewProducts,
  kUnauthorisedProducts,
  kTraffic,
  kEventsLost,
  // charts
  kViolationsOverTime,
  kTrafficOverTime,
  // tables and what they show
  kBySeverity,
  kByState,
  kByRule,
  kByGroup,
  kOldestOpen,
  kTopObjects,
  kTopSubjects,
  kSoftwareUnauthorised,
  kSoftwareNew,
  kQuotas,
  kTrafficByApplication,
  kTrafficByCategory,
  kTrafficByGroup,
  kTrafficByClient,
  kHealth,
  kAboutState,
  kAboutByRule,
  kAboutOldest,
  kAboutSoftwareNew,
  kAboutQuotas,
  kAboutTraffic,
  kAboutSums,
  kAboutCategories,
  kAboutHealth,
  // columns
  kSeverity,
  kRule,
  kState,
  kNew,
  kPrevious,
  kChange,
  kOpen,
  kCount,
  kViolations,
  kFalsePositives,
  kNumber,
  kSubject,
  kObject,
  kFirstSeen,
  kLastSeen,
  kDays,
  kProduct,
  kVersion,
  kClients,
  kUsed,
  kReached,
  kApplication,
  kCategory,
  kClient,
  kFlows,
  kBytes,
  kShare,
  kMeasure,
  kValue,
  // severities, states and other values
  kInfo,
  kLow,
  kMedium,
  kHigh,
  kCritical,
  kStateNew,
  kInReview,
  kConfirmed,
  kJustified,
  kFalsePositive,
  kClosed,
  kUnknown,
  kAuthorised,
  kUnauthorised,
  kNoGroup,
  kUser,
  kEventsApplied,
  kEventsDuplicate,
  kEventsMissing,
  kEventsGone,
  kEventsDead,
  kRowsEvicted,
  kEnd,  // how many there are
};

[[nodiscard]] std::string_view text(Word word, Language language);
/// "12,345" or "12 345" with the narrow space that may not break.
[[nodiscard]] std::string count_text(std::int64_t count, Language language);
/// "1.5 GiB", "1,5 Gio": 1,024 of each a step.
[[nodiscard]] std::string bytes_text(std::int64_t bytes, Language language);
/// "12.5 %" of tenths of a percent.
[[nodiscard]] std::string percent_text(std::int64_t tenths, Language language);

}  // namespace weir::report
