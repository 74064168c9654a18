// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/policy_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::ctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> changes(const std::string& from, const std::string& to) {
  std::vector<std::string> texts;
  for (const PolicyChange& change : policy_diff(*parse_document(from, "a"), *parse_document(to, "b")))
    texts.push_back(std::string(to_string(change.kind)) + " " + change.where + " " + change.name + "|" +
                    change.what);
  return texts;
}

TEST(PolicyDiff, HowItIsWrittenIsNoDifference) {
  EXPECT_THAT(changes("weir-policy: 1\nweb:\n  - {rule: a, then: block}\n",
                      "# said otherwise\nweir-policy: 1\nweb:\n  - rule: a\n    then: block\n"),
              IsEmpty());
}

TEST(PolicyDiff, RulesByTheirNames) {
  EXPECT_THAT(
      changes("web: [{rule: a, then: block, who: staff}, {rule: b, then: allow}]",
              "web: [{rule: a, then: report, severity: low}, {rule: c, then: allow}]"),
      ElementsAre("changed web a|then: block -> report; severity: not said -> low; who: staff -> not said",
                  "added web c|{rule: c, then: allow}", "removed web b|{rule: b, then: allow}"));
  EXPECT_THAT(changes("web: [{rule: a, then: block}]", "mode: monitor"),
              ElementsAre("added mode |monitor", "removed web a|{rule: a, then: block}"));
}

TEST(PolicyDiff, TheFewestMovesExplainAnotherOrder) {
  const auto rules = [](const std::string& names) {
    std::string text = "web: [";
    for (const char name : names) text += std::string("{rule: ") + name + ", then: allow},";
    return text + "]";
  };
  EXPECT_THAT(changes(rules("abcd"), rules("dabc")), ElementsAre("moved web d|its place among the others"));
  EXPECT_THAT(changes(rules("abcd"), rules("acd")), ElementsAre("removed web b|{rule: b, then: allow}"));
  EXPECT_THAT(changes(rules("abcd"), rules("axbcd")), ElementsAre("added web x|{rule: x, then: allow}"));
}

TEST(PolicyDiff, GroupsListsAndSoftware) {
  EXPECT_THAT(changes("timezone: UTC\ngroups: {a: {vlans: [1]}, b: {vlans: [2]}}\n"
                      "software: {unknown: report, authorised: [{product: x}]}",
                      "timezone: Europe/Paris\ngroups: {a: {vlans: [1, 3]}, c: {hosts: [10.0.0.1]}}\n"
                      "software: {unknown: block, authorised: [{product: x, versions: \"1\"}]}"),
              ElementsAre("changed timezone |UTC -> Europe/Paris", "changed groups a|vlans: [1] -> [1, 3]",
                          "added groups c|{hosts: [10.0.0.1]}", "removed groups b|{vlans: [2]}",
                          "changed software.unknown |report -> block",
                          "changed software.authorised x|versions: not said -> \"1\""));
}

}  // namespace
}  // namespace weir::ctl
