// SPDX-License-Identifier: Apache-2.0
// What each rule of a policy was there for: recorded flows by the rules that matched them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/ctl/flow_sums.h"
#include "policy/lang/policy.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/time.h"

namespace weir::ctl {

class RuleUsage {
 public:
  explicit RuleUsage(const policy::Policy& policy);

  /// The next event of streams that are walked from their newest entry backwards: a flow's final event comes
  /// first.
  void visit(const event::FlowEvent& event);
  /// Flows that were opened before what was walked.
  void finish();

  /// A row a rule, in the order of the policy, behind them those of other revisions: rule, section, then,
  /// flows, bytes, clients, first, last.
  [[nodiscard]] Json rows() const;
  /// Of one rule: that row, and by_client, by_name, by_application as `most_of`; null: no policy or flow has
  /// it.
  [[nodiscard]] Json detail(const std::string& rule, std::size_t most) const;
  /// The same for people; empty as above.
  [[nodiscard]] std::string detail_text(const std::string& rule, std::size_t most) const;
  /// "2 of 5 rules matched nothing"
  [[nodiscard]] std::string summary() const;

 private:
  enum Dimension : std::uint8_t { kClient, kName, kApplication };
  struct Use {
    std::string rule;
    std::string section;  // empty: no rule of this policy
    std::string then;
    FlowSum all;
    TimeNs first = 0;
    TimeNs last = 0;
    std::array<FlowSums, 3> by;
  };
  struct Moment {
    std::size_t use = 0;
    TimeNs first = 0;
    TimeNs last = 0;
  };
  struct Seen {
    std::array<std::string, 3> names;  // by Dimension
    std::uint64_t bytes = 0;
    std::vector<Moment> rules;
  };
  static constexpr std::array<const char*, 3> kDimensions{"client", "name", "application"};

  void add_rule(std::string rule, std::string section, std::string then);
  void note(Seen& flow, const std::string& rule, TimeNs at);
  void take(const Seen& flow);
  [[nodiscard]] const Use* find(const std::string& rule) const;
  [[nodiscard]] static Json row_of(const Use& use);

  std::vector<Use> uses_;
  std::unordered_map<std::string, std::size_t> by_rule_;
  std::unordered_map<std::string, Seen> flows_;
};

}  // namespace weir::ctl
