// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/lang/compile.h"
#include "policy/lang/policy.h"

namespace weir::policy {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kKnown =
    "weir-policy: 1\n"
    "groups: {it: {hosts: [10.0.0.9]}, guests: {subnets: [10.30.0.0/16]}}\n"
    "schedules: {day: {hours: 08:00-17:00}}\n";

/// Empty: the policy holds. Otherwise its first mistake.
std::string mistake(const std::string& assertion, const std::string& rules) {
  const auto compiled =
      compile(kKnown + ("assert: [{assert: a, " + assertion + "}]\n") + rules, {.file = "p"});
  return compiled ? std::string{} : to_text(compiled.error().front());
}

std::string management(const std::string& rules) {
  return mistake("who: it, match: {destination: 10.0.0.2, port: [22, 443]}, stays: reachable", rules);
}
std::string shut(const std::string& rules) {
  return mistake("who: guests, match: {destination: 10.50.0.0/16, port: 80-90}, stays: blocked", rules);
}

TEST(Assertions, ARuleThatCutsOffManagementIsRefused) {
  EXPECT_EQ(management("network:\n  - {rule: no-lan, match: {destination: 10.0.0.0/8}, then: block}\n"),
            "p:4:10: error: the assertion does not hold: rule no-lan, line 6, blocks clients of it to "
            "10.0.0.2/32, port 22 (allow it in a rule before no-lan)");
  EXPECT_THAT(management("network: [{rule: r, match: {port: 400-500}, then: block}]\n"),
              HasSubstr("port 443"));
  EXPECT_THAT(management("network: [{rule: r, when: day, match: {app: SSH}, then: block}]\n"),
              HasSubstr("rule r"));
  EXPECT_THAT(management("web: [{rule: r, match: {tls_below: \"1.2\"}, then: page}]\n"), HasSubstr("rule r"));
  EXPECT_THAT(management("network: [{rule: r, quota: {flows: 9, every: day}, then: block}]\n"),
              HasSubstr("rule r"))
      << "some day it is used up";
  EXPECT_THAT(management("mode: monitor\nnetwork: [{rule: r, then: block}]\n"), HasSubstr("rule r"))
      << "as it would be enforced";
}

TEST(Assertions, AreProvedForEarlierGroupsByNameOrUserToo) {
  const auto with = [](const std::string& groups, const std::string& rules) {
    const auto compiled = compile("weir-policy: 1\ngroups: {" + groups +
                                      "}\nassert: [{assert: a, who: it, match: {destination: 10.0.0.2, port: "
                                      "22}, stays: reachable}]\n" +
                                      rules,
                                  {.file = "p"});
    return compiled ? std::string{} : to_text(compiled.error().front());
  };
  const std::string it = "it: {hosts: [10.0.0.9]}";
  const std::string rules = "network: [{rule: r, who: lab, then: block}]\n";
  EXPECT_THAT(
      with("lab: {names: [\"lab-*\"]}, " + it, rules),
      HasSubstr("rule r, line 4, blocks clients that lab takes by name or user to 10.0.0.2/32, port 22"));
  EXPECT_THAT(with("lab: {users: [anna]}, " + it, rules), HasSubstr("rule r"));
  EXPECT_THAT(with(it + ", lab: {names: [\"lab-*\"]}", rules), IsEmpty()) << "those of it stay there";
  EXPECT_THAT(with("lab: {hosts: [10.0.0.8]}, " + it, rules), IsEmpty());
  EXPECT_THAT(
      with("lab: {names: [\"lab-*\"]}, " + it,
           "network: [{rule: open, match: {destination: 10.0.0.2}, then: allow}, {rule: r, who: lab, then: "
           "block}]\n"),
      IsEmpty());
}

TEST(Assertions, WhatDoesNotConcernManagementIsNotHeldAgainstIt) {
  for (const char* const rules :
       {"network: [{rule: r, who: guests, then: block}]\n",
        "network: [{rule: r, match: {port: 25}, then: block}]\n",
        "network: [{rule: r, match: {protocol: udp}, then: block}]\n",
        "network: [{rule: r, match: {destination: 10.0.0.3}, then: block}]\n",
        "network: [{rule: r, match: {app: BitTorrent}, then: block}]\n",
        "network: [{rule: r, match: {country: RU}, then: block}]\n",
        "network: [{rule: r, then: block, mode: monitor}]\n", "network: [{rule: r, then: report}]\n",
        "network: [{rule: r, then: limit, rate: 1 Mbit/s}]\n", "web: [{rule: r, then: safe_search}]\n",
        "web: [{rule: r, match: {domain: bet.example}, then: block}]\n",
        "web: [{rule: r, match: {file: \"*.exe\"}, then: page}]\n",
        "network:\n  - {rule: first, who: it, match: {destination: 10.0.0.2}, then: allow}\n"
        "  - {rule: r, then: block}\n"}) {
    EXPECT_THAT(management(rules), IsEmpty()) << rules;
  }
}

TEST(Assertions, WhatIsAllowedForAPartOnlyDoesNotProtectTheWhole) {
  const std::string block = "  - {rule: r, then: block}\n";
  for (const char* const first :
       {"{destination: 10.0.0.2, port: 22}", "{destination: 10.0.0.2, app: SSH}", "{country: CA}"}) {
    EXPECT_THAT(
        management(std::string("network:\n  - {rule: first, match: ") + first + ", then: allow}\n" + block),
        HasSubstr("rule r"))
        << first;
  }
  EXPECT_THAT(management("network:\n  - {rule: first, when: day, then: allow}\n" + block),
              HasSubstr("rule r"));
  EXPECT_THAT(management("network:\n  - {rule: first, then: allow}\nweb:\n" + block), HasSubstr("rule r"))
      << "a stronger word of another section wins";
}

TEST(Assertions, WhatMustStayBlockedIsBlockedWholly) {
  EXPECT_THAT(shut("network: [{rule: r, who: guests, match: {destination: 10.0.0.0/8}, then: block}]\n"),
              IsEmpty());
  EXPECT_THAT(shut("network:\n  - {rule: tor, match: {app: Tor}, then: block}\n"
                   "  - {rule: r, match: {port: [1-100]}, then: block}\n"),
              IsEmpty());
  EXPECT_THAT(shut("network: [{rule: x, who: it, then: allow}, {rule: r, then: block}]\n"), IsEmpty());
  EXPECT_THAT(shut(""),
              HasSubstr("no rule of the section network blocks clients of guests to 10.50.0.0/16, ports "
                        "80 to 90 at any time"));
  for (const char* const rules :
       {"network: [{rule: r, match: {port: 80-85}, then: block}]\n",
        "network: [{rule: r, when: day, then: block}]\n", "network: [{rule: r, who: it, then: block}]\n",
        "network: [{rule: r, match: {destination: 10.50.1.0/24}, then: block}]\n",
        "network: [{rule: r, match: {protocol: udp}, then: block}]\n"}) {
    EXPECT_THAT(shut(rules), HasSubstr("no rule of the section network")) << rules;
  }
  for (const char* const first :
       {"then: report", "match: {destination: 10.50.7.7}, then: allow", "match: {app: Tor}, then: allow",
        "when: day, then: allow", "then: block, mode: monitor"}) {
    EXPECT_THAT(shut(std::string("network:\n  - {rule: first, ") + first + "}\n  - {rule: r, then: block}\n"),
                HasSubstr("rule first, line 6, lets pass clients of guests"))
        << first;
  }
  EXPECT_THAT(mistake("who: guests, match: {protocol: [tcp, udp]}, stays: blocked",
                      "network: [{rule: r, who: guests, match: {protocol: tcp}, then: block}]\n"),
              HasSubstr("to anywhere, ports 0 to 65535"));
}

TEST(Assertions, ClientsOfNoGroupAreClientsToo) {
  const std::string rules = "network: [{rule: r, who: {not: [it, guests]}, then: block}]\n";
  EXPECT_THAT(mistake("match: {port: 22}, stays: reachable", rules), HasSubstr("blocks clients of no group"));
  EXPECT_THAT(mistake("who: [it, guests], match: {port: 22}, stays: reachable", rules), IsEmpty());
}

TEST(Assertions, EachThatDoesNotHoldIsSaid) {
  const auto compiled = compile(std::string(kKnown) +
                                    "assert:\n"
                                    "  - {assert: a, match: {port: 22}, stays: reachable}\n"
                                    "  - {assert: b, match: {port: 80}, stays: reachable}\n"
                                    "network: [{rule: r, then: block}]\n",
                                {.file = "p"});
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().size(), 2U);
}

TEST(Assertions, HaveLimits) {
  std::string ports;
  for (std::size_t i = 0; i <= kAssertionEndsMax; ++i) ports += std::to_string(i + 1) + ", ";
  EXPECT_THAT(mistake("match: {port: [" + ports + "]}, stays: reachable", ""),
              HasSubstr("33 combinations of destination, port and protocol, more than 32"));
  std::string many = "weir-policy: 1\nassert:\n";
  for (std::size_t i = 0; i <= kAssertionsMax; ++i)
    many += "  - {assert: a" + std::to_string(i) + ", match: {port: 22}, stays: reachable}\n";
  const auto compiled = compile(many, {.file = "p"});
  ASSERT_FALSE(compiled);
  EXPECT_THAT(to_text(compiled.error().front()), HasSubstr("33 assertions, more than 32"));
}

}  // namespace
}  // namespace weir::policy
