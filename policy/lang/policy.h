// SPDX-License-Identifier: Apache-2.0
// A compiled policy: what `compile` makes of the text and `decide` reads. Immutable once made; any number of
// threads may read it. Names are resolved to indices and sets here, so that deciding looks nothing up by
// name.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/categories/domain_table.h"
#include "policy/lang/group_index.h"
#include "policy/lang/name_index.h"
#include "policy/lang/rule_index.h"
#include "policy/lang/time_zone.h"
#include "policy/lang/version_range.h"
#include "policy/model/decision.h"
#include "policy/model/error.h"
#include "policy/model/flow_facts.h"
#include "policy/model/ip_address.h"
#include "policy/model/quota.h"
#include "policy/model/time.h"

namespace weir::policy {

struct DetectSection;  // detectors.h

inline constexpr std::size_t kGroupsMax = 256;
inline constexpr std::size_t kSchedulesMax = 64;
inline constexpr std::size_t kRulesMax = 10'000;               // all sections together
inline constexpr std::size_t kValuesPerKeyMax = 1'000;         // of one key of a match or a group
inline constexpr std::int64_t kQuotaCountMax = 1'000'000'000;  // flows or messages of a quota
inline constexpr std::size_t kTestsMax = 1'000;
inline constexpr std::int64_t kRecipientsCountedMax = 1'000;  // of recipients_over: as many as are kept
inline constexpr std::size_t kTellBytesMax = 300;             // tell_user, tell_officer
inline constexpr TimeNs kClickForMin = 60 * kSecond;          // how long a click-through may hold
inline constexpr TimeNs kClickForMax = 24 * 3'600 * kSecond;
inline constexpr TimeNs kClickForUsual = 30 * 60 * kSecond;

/// The first group that holds a client names it.
struct Group {
  std::string name;
  std::vector<Subnet> subnets;  // hosts are subnets of one address
  std::vector<std::uint16_t> vlans;
  std::vector<MacAddress> macs;
  std::vector<std::string> names;      // patterns of host names (name_index.h)
  std::uint8_t names_from = 0;         // bit n: a name by HostNameSource n counts
  std::vector<std::string> users;      // patterns
  std::vector<std::string> directory;  // groups of the mapping file (directory_map.h)
};

/// Minutes of a local day; `end` before or at `begin`: the span passes midnight and belongs to the day it
/// begins on.
struct HourSpan {
  std::uint16_t begin = 0;    // 0..1439
  std::uint16_t end = 1'440;  // 1..1440, exclusive
};

struct Schedule {
  std::string name;
  std::uint8_t days = 0x7f;  // bit 0: Monday
  std::vector<HourSpan> hours;
};

/// `who` and `when`: indices of groups or of schedules.
struct Condition {
  bool always = true;  // the key was not written
  bool negated = false;
  std::vector<std::uint16_t> any_of;
};

struct AppMatch {
  enum class Kind : std::uint8_t { kName, kDoh, kDot, kDoq };
  Kind kind = Kind::kName;
  std::string name;  // nDPI's spelling, or doh, dot, doq
};

struct PortRange {
  std::uint16_t low = 0;
  std::uint16_t high = 0;
};

struct NamedSet {
  DomainSet set{};
  std::string label;  // "category gambling", "list partners", "the rule's domains"
};

/// Mail addresses by their domain, or whole.
struct AddressMatch {
  std::vector<NamedSet> sets;
  std::vector<std::string> addresses;  // lower case
  [[nodiscard]] bool empty() const { return sets.empty() && addresses.empty(); }
};

/// Of a mail's attachment: what is written holds of one and the same.
struct AttachmentMatch {
  std::vector<std::string>
      types;  // lower case: a type by its bytes ("pe"), or the ending of its name ("exe")
  std::vector<std::string> names;  // patterns (pattern.h)
  std::uint64_t over = 0;          // bytes; 0: of any size
  std::optional<bool> encrypted;
};

/// All keys that are written must hold; of one key's values any.
struct Match {
  bool of_content = false;              // a key of those at the end is written
  std::vector<std::uint8_t> protocols;  // IANA numbers
  std::vector<PortRange> ports;
  std::vector<Subnet> destinations;
  std::vector<std::uint32_t> asns;
  std::vector<std::string> countries;
  std::vector<AppMatch> apps;
  std::vector<NamedSet> domains;
  std::vector<NamedSet> categories;
  std::vector<std::string> mail_protocols;
  AddressMatch sender;
  AddressMatch recipient;
  std::optional<bool> tls;  // tls: none is false, tls: starttls is true

  // Of what is said, beyond names and ends; patterns are those of pattern.h.
  std::vector<std::string> paths;
  std::vector<std::string> methods;
  std::vector<std::string> files;
  std::vector<std::string> content_types;
  std::uint64_t download_over = 0;  // bytes; 0: of any size
  std::vector<std::string> ja4;
  std::uint16_t tls_below = 0;  // as the wire has it, 0x0303 for 1.2; 0: of any version
  bool unnamed = false;         // name: none
  AddressMatch from;            // of the header
  std::vector<std::string> subjects;
  std::optional<std::uint32_t> recipients_over;
  std::uint64_t message_over = 0;  // bytes; 0: of any size
  std::optional<AttachmentMatch> attachment;
};

/// What every decision reads stands at the front: among ten thousand rules few lie in a cache.
struct Rule {
  std::string name;
  Section section = Section::kNetwork;
  Action then = Action::kAllow;
  Severity severity = Severity::kMedium;
  bool monitor = false;  // the rule's own or the whole policy's
  bool allow_guess = false;
  bool moderate = false;  // of then: safe_search
  RateLimit limit;        // of then: limit
  Condition who;
  Condition when;
  std::optional<Quota> quota;         // the rule speaks once it is used up
  TimeNs click_for = kClickForUsual;  // of then: continue
  std::string tell_user;
  Match match;
  std::string tell_officer;
};

struct AuthorisedProduct {
  std::string product;
  VersionRange versions;
  std::string owner;
  std::optional<TimeNs> ends;  // the first instant after `until`
  std::string until;           // as written
};

struct UnauthorisedProduct {
  std::string product;
  Rule rule;  // its match is empty
};

struct SoftwareSection {
  bool present = false;
  std::vector<AuthorisedProduct> authorised;
  std::vector<UnauthorisedProduct> unauthorised;
  Rule unknown;  // for products of neither list, named unknown-software
};

/// What somebody may do although a rule speaks against it, until a day. Of its subjects one must hold, of its
/// objects all that are written.
struct Exception {
  std::string name;
  std::vector<Subnet> clients;
  std::vector<MacAddress> macs;
  std::vector<std::uint16_t> groups;  // indices
  std::vector<AppMatch> apps;
  std::vector<std::string> domains;     // canonical; what is below them as well
  std::vector<std::string> recipients;  // domains, or whole addresses in lower case
  std::vector<std::string> products;
  std::vector<std::string> rules;  // the only ones that are silent; empty: see policy/decide/exceptions.h
  std::string owner;
  std::string reason;
  std::string until;  // as written
  TimeNs ends = 0;    // Unix time: it holds before
  bool kept = false;  // in the file beside the policy, and not in its text
  int line = 0;       // of either
};

/// One line of `weirctl policy show`.
struct RuleSummary {
  std::string name;
  Section section = Section::kNetwork;
  std::string who;    // "staff", "not mail-servers", empty: everyone
  std::string when;   // as who; empty: always
  std::string match;  // "category gambling; port 443"
  Action then = Action::kAllow;
  Severity severity = Severity::kMedium;
  bool monitor = false;
  std::string tell_officer;
  int line = 0;  // of the policy text
};

/// A flow that somebody thought of, and what the policy has to say about it (policy/decide/policy_tests.h).
struct PolicyTest {
  std::string name;
  FlowFacts facts;
  std::vector<ClickThrough> clicked_through;  // of the client
  TimeNs at = 0;
  Action expect = Action::kAllow;
  std::string rule;                  // that has to decide; empty: any
  std::string exception;             // that has to hold; empty: any or none
  std::vector<std::string> used_up;  // rules whose quota the client has used up
  int line = 0;                      // of the policy text
  int column = 0;
};

/// The parts of a policy, filled by the compiler and then frozen in a Policy.
struct PolicyParts {
  std::uint32_t revision = 0;
  bool monitor = false;  // mode: monitor for the whole policy
  std::string zone_name = "UTC";
  TimeZone zone;
  std::vector<Group> groups;
  NameIndex client_names{host_label};  // of all groups
  NameIndex users{user_part};
  std::vector<Schedule> schedules;
  DomainTable domains;
  std::vector<Rule> rules[3];             // network, web, email, by the value of Section
  GroupIndex group_index;                 // of groups
  std::array<RuleIndex, 3> rule_indices;  // of rules
  SoftwareSection software;
  std::vector<Exception> exceptions;
  std::vector<std::pair<IpAddress, std::uint16_t>> exception_hosts;  // of those for single clients, sorted
  std::vector<std::uint16_t> exceptions_wide;                        // the others
  std::vector<Error> exception_faults;  // of kept ones that do not fit this policy, and lift nothing
  std::vector<RuleSummary> summaries;
  std::vector<PolicyTest> tests;
  std::shared_ptr<const DetectSection> detect;  // nullptr: the policy has no such section

  /// Some group depends on what the identity tables know of a client.
  [[nodiscard]] bool names_clients() const { return !client_names.empty() || !users.empty(); }
};

class Policy {
 public:
  explicit Policy(PolicyParts parts) : parts_(std::move(parts)) {}
  [[nodiscard]] std::uint32_t revision() const { return parts_.revision; }
  /// Every rule in the order of the text.
  [[nodiscard]] const std::vector<RuleSummary>& rules() const { return parts_.summaries; }
  [[nodiscard]] const PolicyParts& parts() const { return parts_; }

 private:
  PolicyParts parts_;
};

}  // namespace weir::policy
