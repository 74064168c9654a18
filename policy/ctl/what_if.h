// SPDX-License-Identifier: Apache-2.0
// What another policy would change: flows that two policies judged, counted by what became of each, and by
// rule, client, name and application.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "policy/ctl/flow_sums.h"
#include "policy/model/decision.h"

namespace weir::ctl {

/// What one policy says of a flow over all that is known of it: the strongest word, and whose it was last.
struct Said {
  Action action = Action::kAllow;
  std::string rule;  // empty: no rule matched

  void add_later(Action other, const std::string& by) {
    if (other < action || (other == action && by.empty())) return;
    action = other;
    rule = by;
  }
  void add_earlier(Action other, const std::string& by) {
    if (other > action || rule.empty()) add_later(other, by);
  }
};

struct JudgedFlow {
  std::string id;
  std::string client;
  std::string name;  // host name, or the far end
  std::string app;
  std::uint64_t bytes = 0;
  Said running;
  Said candidate;
};

enum class Change : std::uint8_t {
  kNone,
  kBlocked,           // and was not
  kNoLongerBlocked,   // reported or allowed, or limited
  kMadeSafe,          // a search engine's name is answered with its safe one, and was not, nor blocked
  kNoLongerMadeSafe,  // limited, reported or allowed
  kLimited,           // and was not, nor blocked
  kNoLongerLimited,   // reported or allowed
  kReported,          // and was allowed
  kNoLongerReported,  // allowed
  kOtherRule,         // the same by another rule, or blocked in another way
};
inline constexpr std::size_t kChanges = 10;
[[nodiscard]] const char* to_string(Change change);
[[nodiscard]] Change change_of(const Said& running, const Said& candidate);

class WhatIf {
 public:
  void count(const JudgedFlow& flow);
  [[nodiscard]] std::uint64_t flows() const { return flows_; }
  [[nodiscard]] std::uint64_t changed() const;

  /// flows, changed, changes: [{change, flows, bytes, by_rule: [{name, flows, bytes}], by_client ...}], at
  /// most `most` names each, those with the most flows first.
  [[nodiscard]] Json json(std::size_t most) const;
  /// The same for people.
  [[nodiscard]] std::string text(std::size_t most) const;

 private:
  enum Dimension : std::uint8_t { kRule, kClient, kName, kApplication };
  struct Changed {
    FlowSum all;
    std::array<FlowSums, 4> by;
  };
  static constexpr std::array<const char*, 4> kDimensions{"rule", "client", "name", "application"};

  std::uint64_t flows_ = 0;
  std::array<Changed, kChanges> changes_;
};

}  // namespace weir::ctl
