// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/policy_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kRules = R"(timezone: America/Toronto
groups:
  mail-servers: {hosts: [10.20.0.25]}
  guests: {vlans: [30]}
  printers: {macs: ["02:00:00:00:00:01"]}
  lab: {names: ["lab-*"], users: [anna]}
schedules:
  office: {days: mon-fri, hours: "08:00-17:30"}
network:
  - {rule: printers-stay, who: printers, match: {port: 1-65535}, then: block}
  - {rule: lab-stays, who: lab, match: {port: 80}, then: block}
  - {rule: no-doh, match: {app: doh}, then: block}
  - {rule: not-there, match: {country: XX, asn: 64496, protocol: udp}, then: report}
web:
  - {rule: no-bets, who: guests, match: {domain: bet.example}, then: block}
  - {rule: no-videos, when: office, match: {app: YouTube, domain: video.example}, then: block, mode: monitor}
email:
  - {rule: our-relay, who: {not: mail-servers}, match: {protocol: smtp}, then: block}
  - {rule: needs-tls, match: {recipient: partner.example, tls: none}, then: block}
software:
  authorised: [{product: firefox, versions: ">=115", until: 2027-06-30}]
)";

std::vector<std::string> failures(const std::string& tests) {
  std::vector<std::string> texts;
  for (const Error& error : failed_tests(*policy_of(kRules + ("tests:\n" + tests)), "p"))
    texts.push_back(to_text(error));
  return texts;
}

TEST(PolicyTests, AFlowMayBeAQuestionForASearchEngine) {
  const auto fails = [](const std::string& flow, const std::string& expected) {
    return failed_tests(*policy_of("web: [{rule: safe, then: safe_search}]\n"
                                   "tests: [{test: t, flow: {client: 10.0.0.1, host: www.a.example" +
                                   flow + "}, expect: " + expected + "}]\n"),
                        "p")
        .size();
  };
  EXPECT_EQ(fails(", engine: search", "safe_search, rule: safe"), 0U);
  EXPECT_EQ(fails("", "allow"), 0U) << "the connection is not looked at";
  EXPECT_EQ(fails(", engine: search", "allow"), 1U);
}

TEST(PolicyTests, AFlowMayHaveBeenClickedThrough) {
  const std::string rules =
      "web: [{rule: ask, match: {domain: a.example}, then: continue}, {rule: seen, then: report}]\n";
  const auto fails = [&](const std::string& clicks, const std::string& expected) {
    return failed_tests(*policy_of(rules + "tests: [{test: t, flow: {client: 10.0.0.1, host: a.example" +
                                   clicks + "}, expect: " + expected + "}]\n"),
                        "p")
        .size();
  };
  EXPECT_EQ(fails("", "continue, rule: ask"), 0U);
  EXPECT_EQ(fails(", clicked_through: ask", "report, rule: seen"), 0U);
  EXPECT_EQ(fails(", clicked_through: ask", "continue"), 1U);
}

TEST(PolicyTests, EveryKeyOfAFlowIsAFact) {
  const auto fails = [](const std::string& flow, const std::string& expected) {
    return failures("  - {test: t, flow: {client: " + flow + "}, expect: " + expected + "}\n");
  };
  EXPECT_THAT(fails("10.0.0.1, mac: \"02:00:00:00:00:01\"", "block, rule: printers-stay"), IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, client_name: Lab-7.example, port: 80", "block, rule: lab-stays"), IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, user: anna@EXAMPLE.LAN, port: 80", "block, rule: lab-stays"), IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, client_name: pc, user: bert, port: 80", "allow"), IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, app: doh", "block, rule: no-doh"), IsEmpty());
  EXPECT_THAT(fails("\"fd00::1\", country: xx, asn: AS64496, protocol: udp", "report, rule: not-there"),
              IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, vlan: 30, host: WWW.Bet.example.", "block, rule: no-bets"), IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, host: www.bet.example", "allow"), IsEmpty());
  const std::string relay = "10.20.0.25, mail: smtp, sender: a@our.example, recipient: ";
  EXPECT_THAT(fails(relay + "b@other.example, tls: none", "allow"), IsEmpty());
  EXPECT_THAT(fails(relay + "b@partner.example, tls: none", "block, rule: needs-tls"), IsEmpty());
  EXPECT_THAT(fails(relay + "b@partner.example, tls: starttls", "allow"), IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, mail: submission", "allow"), IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, software: \"firefox 102\"", "report, rule: unknown-software"), IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, software: [firefox 128, curl]", "allow"), IsEmpty());
  EXPECT_THAT(fails("10.0.0.1, software: firefox 128, at: \"2027-07-01 00:00\"", "report"), IsEmpty());
}

TEST(PolicyTests, HoldAtTheirLocalTimeWhateverTheClockSays) {
  const std::string flow = "flow: {client: 10.0.0.1, host: video.example, app: YouTube";
  EXPECT_THAT(failures("  - {test: noon, " + flow + "}, expect: block, rule: no-videos}\n" +  //
                       "  - {test: begins, " + flow + ", at: \"fri 08:00\"}, expect: block}\n" +
                       "  - {test: over, " + flow + ", at: \"fri 17:30\"}, expect: allow}\n" +
                       "  - {test: sunday, " + flow + ", at: \"sun 12:00\"}, expect: allow}\n" +
                       // The clocks went forward at 02:00 on the eighth.
                       "  - {test: summer, " + flow + ", at: \"2026-03-09 08:00\"}, expect: block}\n" +
                       "  - {test: summer-before, " + flow + ", at: \"2026-03-09 07:59\"}, expect: allow}\n"),
              IsEmpty());
}

TEST(PolicyTests, WhatDoesNotHoldIsSaidWithItsPlaceAndWhy) {
  EXPECT_THAT(
      failures("  - {test: bets, flow: {client: 10.0.0.1, host: bet.example}, expect: block, rule: no-bets}\n"
               "  - {test: other-rule, flow: {client: 10.0.0.1, app: doh}, expect: block, rule: no-bets}\n"
               "  - {test: mail, flow: {client: 10.0.0.1, mail: smtp}, expect: allow}\n"),
      ElementsAre("p:24:5: error: test bets expects block by no-bets, and the policy says allow: no-bets: "
                  "the client is "
                  "of no group (mend the rules, or the test)",
                  "p:25:5: error: test other-rule expects block by no-bets, and the policy says block by "
                  "no-doh: no-bets "
                  "was not reached (mend the rules, or the test)",
                  "p:26:5: error: test mail expects allow, and the policy says block by our-relay: "
                  "our-relay: the client "
                  "is of no group; the mail protocol is smtp (mend the rules, or the test)"));
}

TEST(PolicyTests, OneTooManyIsAMistake) {
  std::string tests = "tests:\n";
  for (std::size_t i = 0; i <= kTestsMax; ++i)
    tests += "  - {test: t" + std::to_string(i) + ", flow: {client: 10.0.0.1}, expect: allow}\n";
  const auto compiled = compile("weir-policy: 1\n" + tests, {.file = "p"});
  ASSERT_FALSE(compiled);
  EXPECT_THAT(compiled.error().front().what, testing::HasSubstr("1001 tests, more than 1000"));
}

}  // namespace
}  // namespace weir::policy
