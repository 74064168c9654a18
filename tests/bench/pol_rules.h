// SPDX-License-Identifier: Apache-2.0
// Policies of many rules for the benchmarks of the policy, and flows for them.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "policy/model/flow_facts.h"

namespace weir::bench {

inline constexpr unsigned kGroups = 32;  // of one /24 each: 10.0.0.0/24 is g0

/// A rule that a list of 5-tuples can say as well.
struct EndsRule {
  int group = -1;                 // -1: everyone
  std::uint32_t destination = 0;  // IPv4
  unsigned prefix_bits = 0;       // 0: anywhere
  std::uint16_t port_low = 0;
  std::uint16_t port_high = 65'535;
  std::uint8_t protocol = 0;  // 0: any
};

/// As much of a flow's facts as changes from one question to the next.
struct Asked {
  FiveTuple tuple;
  std::string host;  // empty: not known
  std::string app;
  std::string country;
  std::uint32_t asn = 0;
};
void put(const Asked& asked, FlowFacts& facts);
[[nodiscard]] IpAddress v4_address(std::uint32_t number);

enum class RuleKind : std::uint8_t {
  kEnds,   // clients, destinations, ports and protocols alone
  kMixed,  // half of them; the others applications, countries, autonomous systems, and names on the web
};

/// A policy of so many rules, each with a flow that it is written for. All of them block.
class PolicyBed {
 public:
  PolicyBed(RuleKind kind, std::size_t rules);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::vector<EndsRule>& ends() const { return ends_; }  // of kEnds: every rule
  [[nodiscard]] const std::vector<Asked>& flows() const { return flows_; }   // rule by rule, as in the text
  /// A flow that hardly any rule is written for.
  [[nodiscard]] Asked stranger();

 private:
  [[nodiscard]] std::size_t below(std::size_t end) { return dice_() % end; }
  [[nodiscard]] Asked client_of(int group);
  void add_ends();
  void add_app();
  void add_place();
  void add_web();

  std::mt19937_64 dice_{20'261'128};
  std::string lists_;
  std::string network_;
  std::string web_;
  std::vector<EndsRule> ends_;
  std::vector<Asked> flows_;
};

}  // namespace weir::bench
