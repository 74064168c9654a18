// SPDX-License-Identifier: Apache-2.0
// What the policy says about a flow, and how it came to say it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/click_through.h"
#include "policy/model/quota.h"

namespace weir {

/// In rising order of strength. kLimit: the flow goes on at no more than a rate. kSafeSearch: a question for
/// a search engine's name is answered with that of its safe form, and the flow goes on. kRefuse: the one
/// recipient or message is refused in the words of its protocol and the session goes on. kPage: as kBlock,
/// but the name may be asked for in DNS, so that whoever wanted it sees why. kContinue: as kPage, until the
/// client clicks on the page that it wants to go on. kBlock: the flow ends.
enum class Action : std::uint8_t { kAllow, kReport, kLimit, kSafeSearch, kRefuse, kContinue, kPage, kBlock };
inline constexpr std::size_t kActions = 8;
[[nodiscard]] const char* to_string(Action action);
/// The action of this word.
[[nodiscard]] std::optional<Action> action_of(std::string_view word);
/// Something does not get to where it was sent.
[[nodiscard]] constexpr bool blocks(Action action) { return action >= Action::kSafeSearch; }
/// Whoever is refused is to see a page, so DNS answers for the name.
[[nodiscard]] constexpr bool shows_page(Action action) {
  return action == Action::kContinue || action == Action::kPage;
}

/// A rate of frame bytes, both directions together; of all limited flows of a client, or of each flow.
struct RateLimit {
  std::uint32_t bytes_s = 0;  // 0: none
  bool per_client = true;
  auto operator<=>(const RateLimit&) const = default;
};

enum class Section : std::uint8_t { kNetwork, kWeb, kEmail, kSoftware };
[[nodiscard]] const char* to_string(Section section);

enum class Severity : std::uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };
[[nodiscard]] const char* to_string(Severity severity);

/// One rule that matched with more than allow: what an officer will see as a violation.
struct RuleHit {
  std::string rule;  // the rule's name
  Section section = Section::kNetwork;
  Severity severity = Severity::kMedium;
  Action action = Action::kReport;
  bool would_block = false;  // monitor mode: the rule says more than report, the wire was left alone
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

/// A rule with a quota that matched, and how its quota stands.
struct QuotaMet {
  QuotaFact fact;        // what is known of the use; without any, `period_ends` is 0
  bool used_up = false;  // the rule spoke
  bool counts = true;    // what the flow sends is used of it
  bool operator==(const QuotaMet&) const = default;
};

struct Decision {
  Action action = Action::kAllow;             // what is enforced
  std::uint32_t revision = 0;                 // of the policy that decided
  RateLimit limit;                            // of kLimit
  bool moderate = false;                      // of kSafeSearch: the weaker form, where there are two
  std::string tell_user;                      // of the rule that decided
  std::string group;                          // the client's group; empty: none
  std::string rule;                           // the rule that decided the action; empty: no rule matched
  std::vector<RuleHit> hits;                  // at most one a section
  std::string exception;                      // the first one that lifted something; empty: none did
  std::vector<ClickThrough> clicked_through;  // of the rules that are silent by it
  std::int64_t lifted_until = 0;   // the first end of what lifted something, a TimeNs; 0: nothing did
  std::vector<QuotaMet> quotas;    // of the rules with one that matched
  std::vector<DecisionStep> path;  // filled only when asked for
};

}  // namespace weir
