// SPDX-License-Identifier: Apache-2.0
// What the store keeps, as plain structs, and how much of it. Times are nanoseconds since the Unix epoch.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/model/decision.h"
#include "policy/model/quota.h"
#include "policy/model/time.h"

namespace weir::policy {

inline constexpr std::size_t kStoreTextBytesMax = 1'024;  // of any text column except an event
/// The object under which violations are counted once a rule and subject have too many different ones.
inline constexpr const char* kOtherObjects = "(other)";

inline constexpr std::size_t kSeverities = static_cast<std::size_t>(Severity::kCritical) + 1;
inline constexpr TimeNs kStoreDay = 86'400 * kSecond;

/// How much the store keeps, and how long. A test makes it little. What goes first when a table is full is
/// said beside each.
struct StoreLimits {
  std::uint32_t flows = 100'000;         // the oldest goes
  std::uint32_t evidence_flows = 16;     // of one violation: the oldest goes
  std::uint32_t violations = 1'200'000;  // the longest closed goes, then the longest unseen
  std::uint32_t history_lines = 1'000;   // of one violation: further changes are refused
  std::uint32_t suppressions = 1'000;    // those that ended longest ago go; else a new one is refused
  std::uint32_t objects_per_rule_and_subject = 500;  // further ones are counted as kOtherObjects
  std::uint32_t software = 100'000;                  // the longest unseen goes
  std::uint32_t versions_per_product = 32;  // of one client: further ones are counted as kOtherObjects
  std::uint32_t sources = 1'000;            // the longest silent goes
  std::uint32_t gaps_per_source = 64;       // the oldest is given up: its events count as lost
  std::uint32_t quotas = 100'000;           // those whose period ended longest ago go
  std::uint32_t quota_minutes = 200'000;    // the first to come go: what comes later of one counts anew
  std::uint32_t sum_names = 2'000;          // of one minute, hour or day: further ones add to kOtherObjects
  std::array<TimeNs, kSeverities> due_after{};  // until a violation has to be closed, by severity; 0: never
  TimeNs keep_minutes = 2 * kStoreDay;          // sums of flows over a minute, an hour, a day
  TimeNs keep_hours = 92 * kStoreDay;
  TimeNs keep_days = 1'096 * kStoreDay;
  std::uint32_t notifications = 100'000;   // that wait to be told: the oldest go untold
  std::uint32_t detect_windows = 100'000;  // of one detector: the first to come go
  std::uint32_t detect_known = 200'000;    // of one detector: the longest unseen go
};

struct EventKey {
  std::string appliance;
  std::uint64_t boot = 0;
  std::uint32_t worker = 0;
  std::uint64_t sequence = 0;  // 1 .. INT64_MAX
};

/// One hit of one event, or what was said of a quota, or by a detector.
struct ViolationSighting {
  std::string rule;
  std::string section;
  std::string action;  // report | block
  bool would_block = false;
  Severity severity = Severity::kMedium;
  std::string subject;         // the client's address, or who shares a quota
  std::string object;          // what it is about: a name, an address, a product
  std::string flow_id;         // empty: no flow shows it
  std::uint32_t revision = 0;  // of the policy that said it
  TimeNs at = 0;
  std::string text{};        // what was seen, in words and numbers; empty: the rule says it
  bool goes_on = false;      // what was counted already is said anew: its words and its evidence change
  bool once_a_flow = false;  // its flow counts once, as far as the evidence goes back: it may be said again
};

/// Same rule, same subject, same object, not closed: one row, however often it was seen.
struct Violation {
  std::int64_t id = 0;
  std::string rule;
  std::string section;
  std::string action;
  bool would_block = false;
  Severity severity = Severity::kMedium;  // the highest seen
  std::string subject;
  std::string object;
  std::string text;            // of the last sighting that had one
  std::string state;           // of kViolationStates (violation_store.h)
  std::string resolution{};    // confirmed | justified | false_positive; empty: not decided
  std::string assignee{};      // empty: nobody's
  std::string exception{};     // of the policy, that was made for it
  std::int64_t follows = 0;    // the one of the same rule, subject and object that was closed before; 0: none
  TimeNs due = 0;              // when it has to be closed; 0: never
  std::uint32_t revision = 0;  // of the last sighting
  std::uint64_t count = 0;
  TimeNs first_seen = 0;
  TimeNs last_seen = 0;
  std::vector<std::string> evidence{};  // flow ids, newest first
};

enum class SoftwareState : std::uint8_t { kUnknown, kAuthorised, kUnauthorised };
[[nodiscard]] const char* to_string(SoftwareState state);

struct SoftwareSighting {
  std::string client;
  std::string product;
  std::string version;  // empty: did not show
  std::string evidence;
  std::string flow_id;
  std::optional<SoftwareState>
      state;  // nullopt: nobody could judge; a new row is unknown, an old one keeps its
  TimeNs at = 0;
};

struct Software {
  std::string client;
  std::string product;
  std::string version;
  std::string evidence;  // of the last sighting
  std::string flow_id;   // of the last sighting
  SoftwareState state = SoftwareState::kUnknown;
  std::uint64_t count = 0;
  TimeNs first_seen = 0;
  TimeNs last_seen = 0;
};

/// The last word on a flow, kept for `weirctl explain`.
struct FlowRecord {
  std::string flow_id;
  TimeNs ended = 0;
  std::string initiator;
  std::uint16_t initiator_port = 0;
  std::string responder;
  std::uint16_t responder_port = 0;
  std::uint8_t protocol = 0;
  std::string event;  // policy/engine/kept_event.h
};

/// What one subject used of a rule's quota in one period.
struct QuotaRecord {
  std::int64_t id = 0;
  std::string rule;
  std::string subject;
  TimeNs begins = 0;  // of the period
  TimeNs ends = 0;    // exclusive
  QuotaUse used;
  std::uint32_t percent_said = 0;  // of the limit, as a violation: 0, 80 or 100
  TimeNs last_used = 0;
  TimeNs told = 0;         // when the last fact about it was told; 0: none was
  bool fact_owed = false;  // one has to be told
};

/// Which quotas somebody asks for.
struct QuotaFilter {
  std::string rule;     // empty: all
  std::string subject;  // empty: all
  TimeNs after = 0;     // only periods that end after it
};

/// Counters of the engine, kept beside what they count. Names: see docs/events.md.
using EngineState = std::map<std::string, std::int64_t>;

}  // namespace weir::policy
