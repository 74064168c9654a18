// SPDX-License-Identifier: Apache-2.0
// What people do with violations: find them, take them on, decide, close, and suppress what is known.
//
// new -> in_review -> confirmed | justified | false_positive -> closed. Whoever decides may skip the review,
// and may decide otherwise until it is closed; what is closed stays so, and a sighting after that opens a new
// violation that names the closed one. All that somebody does to a violation is written down with it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "policy/store/store.h"

namespace weir::policy {

inline constexpr std::array kViolationStates{"new",       "in_review",      "confirmed",
                                             "justified", "false_positive", "closed"};
inline constexpr std::uint32_t kViolationPageMax = 10'000;  // rows
inline constexpr TimeNs kSuppressionMax = 366 * kStoreDay;  // from when it is made until it ends
inline constexpr std::size_t kSearchBytesMax = 256;
inline constexpr std::ptrdiff_t kSearchCharactersMin = 3;  // fewer are in no index

/// Who does something, when, and why.
struct Act {
  std::string who;
  TimeNs at = 0;
  std::string reason;
};

/// One thing that was done to a violation.
struct ViolationChange {
  TimeNs at = 0;
  std::string who;
  std::string what;  // state | severity | assignee | exception | note
  std::string from;
  std::string to;
  std::string reason;  // of a note: its text
};

enum class ViolationOrder : std::uint8_t { kLastSeen, kDue };  // newest first; soonest due first

/// Which violations somebody asks for; an empty text or 0 leaves a condition out.
struct ViolationFilter {
  std::vector<std::string> states{};   // one of these; none: all but closed
  std::vector<Severity> severities{};  // one of these; none: any
  std::string rule{};
  std::string subject{};
  std::string object_part{};  // its object contains this, in any letter case
  std::string assignee{};
  bool unassigned = false;
  TimeNs seen_from = 0;                              // seen last at this time or later
  TimeNs seen_before = 0;                            // seen last before it
  TimeNs overdue_at = 0;                             // was to be closed before this time
  ViolationOrder order = ViolationOrder::kLastSeen;  // kDue leaves out what is never due
};

struct ViolationPage {
  std::vector<Violation> rows;  // with their evidence
  std::string next;             // cursor of the page behind it; empty: this was the last
};

/// At most `count` rows from `cursor` on, which is empty for the first page. kInvalid: no such cursor, or a
/// part of an object that is too short or too long.
[[nodiscard]] Result<ViolationPage> violation_page(Store& store, const ViolationFilter& filter,
                                                   const std::string& cursor, std::uint32_t count);
/// How the queue stands, without its rows.
struct QueueState {
  std::int64_t newest = 0;                        // the highest id of all; 0: there is none
  TimeNs last_seen = 0;                           // of the last sighting of one that is not closed
  std::array<std::uint64_t, kSeverities> open{};  // not closed, by severity
};
[[nodiscard]] Result<QueueState> queue_state(Store& store);
/// The oldest first.
[[nodiscard]] Result<std::vector<ViolationChange>> violation_history(Store& store, std::int64_t id);

/// Each of these writes its line of history. kNotFound: no such violation; kInvalid: it is closed, or cannot
/// go there from its state; kLimit: its history is full.
[[nodiscard]] Result<void> move_violation(Batch& batch, std::int64_t id, const std::string& state,
                                          const Act& act);
/// Empty: nobody's any more.
[[nodiscard]] Result<void> assign_violation(Batch& batch, std::int64_t id, const std::string& assignee,
                                            const Act& act);
/// The exception of the policy that was made for it.
[[nodiscard]] Result<void> link_exception(Batch& batch, std::int64_t id, const std::string& exception,
                                          const Act& act);
/// Also of a closed one.
[[nodiscard]] Result<void> note_violation(Batch& batch, std::int64_t id, const Act& act);

/// Sightings that are no violations until a time. "*" stands for any rule, subject or object.
struct Suppression {
  std::int64_t id = 0;
  std::string rule;
  std::string subject;
  std::string object;
  std::string owner;  // who answers for it
  std::string by;     // who made it
  std::string reason;
  TimeNs made = 0;
  TimeNs ends = 0;
  std::string ended_by;  // who ended it before its time; empty: nobody did
  std::string end_reason;
  std::uint64_t count = 0;  // sightings that it took
  TimeNs last_seen = 0;
};

/// Its id. kInvalid: it ends too late or has ended, or takes every sighting there is; kLimit: too many are in
/// force.
[[nodiscard]] Result<std::int64_t> suppress(Batch& batch, const Suppression& made);
/// Ends it before its time. kNotFound: none of that number is in force at `act.at`.
[[nodiscard]] Result<void> end_suppression(Batch& batch, std::int64_t id, const Act& act);
/// Those in force at `at`, or with `ended` all that are kept; the one that ends first comes first.
[[nodiscard]] Result<std::vector<Suppression>> suppressions(Store& store, TimeNs at, bool ended);

}  // namespace weir::policy
