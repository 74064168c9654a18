// SPDX-License-Identifier: Apache-2.0
// What the policy says about a flow, and how it came to say it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// In rising order of strength: block beats report beats allow.
enum class Action : std::uint8_t { kAllow, kReport, kBlock };
[[nodiscard]] const char* to_string(Action action);

enum class Section : std::uint8_t { kNetwork, kWeb, kEmail, kSoftware };
[[nodiscard]] const char* to_string(Section section);

enum class Severity : std::uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };
[[nodiscard]] const char* to_string(Severity severity);

/// One rule that matched with report or block: what an officer will see as a violation.
struct RuleHit {
  std::string rule;  // the rule's name
  Section section = Section::kNetwork;
  Severity severity = Severity::kMedium;
  Action action = Action::kReport;
  bool would_block = false;  // monitor mode: the rule says block, the wire was left alone
  std::string object;        // what it is about: a name, an address, a product, an application
  std::string tell_user;
  auto operator<=>(const RuleHit&) const = default;
};

/// One step of the evaluation, in the order taken; enough to explain the decision in words.
struct DecisionStep {
  Section section = Section::kNetwork;
  std::string rule;  // empty: the section's end without a match
  bool matched = false;
  std::string why;  // "category gambling has bet.example", "application not known yet"
};

struct Decision {
  Action action = Action::kAllow;   // what is enforced
  std::uint32_t revision = 0;       // of the policy that decided
  std::string group;                // the client's group; empty: none
  std::string rule;                 // the rule that decided the action; empty: no rule matched
  std::vector<RuleHit> hits;        // at most one a section
  std::string exception;            // the first one that lifted something; empty: none did
  std::int64_t exception_ends = 0;  // the first end of those that did, a TimeNs; 0: none did
  std::vector<DecisionStep> path;   // filled only when asked for
};

}  // namespace weir
