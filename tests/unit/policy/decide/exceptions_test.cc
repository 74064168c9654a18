// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/exceptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/decide/policy_tests.h"
#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {
namespace {

using testing::HasSubstr;

constexpr std::string_view kRules = R"(
groups: {lab: {subnets: [10.20.0.0/28]}, staff: {subnets: [10.20.0.0/16]}}
network:
  - {rule: no-torrents, match: {app: BitTorrent}, then: block}
web:
  - {rule: no-bets, match: {domain: [bet.example, poker.example]}, then: block}
  - {rule: web-seen, then: report}
email:
  - {rule: no-mail-out, match: {recipient: old.example}, then: block}
software:
  unknown: report
  unauthorised: [{product: teamviewer, then: block}]
exceptions:
)";
/// One exception that ends when the Sunday does, UTC.
std::shared_ptr<const Policy> with(const std::string& subject_and_object) {
  return policy_of(std::string(kRules) + "  - {exception: x, " + subject_and_object +
                   ", until: 2026-11-22, owner: it-desk, reason: trial}\n");
}
constexpr TimeNs kEnd = kSundayNoon + 12 * 3'600 * kSecond;

Flow mail_to(const std::string& pending, const std::vector<std::string>& before = {}) {
  Flow flow;
  flow.facts.mail.seen = true;
  flow.facts.mail.protocol = "smtp";
  flow.facts.mail.pending_recipient = pending;
  flow.facts.mail.recipients = before;
  return flow;
}
Flow using_product(const char* product) {
  Flow flow;
  flow.facts.software = {{product, "", "user-agent"}};
  return flow;
}

std::string said(const std::shared_ptr<const Policy>& policy, const Flow& flow, TimeNs now = kSundayNoon) {
  const Decision decision = decide(*policy, flow.facts, DynamicFacts{}, now);
  return std::string(to_string(decision.action)) + (decision.rule.empty() ? "" : " " + decision.rule) +
         (decision.exception.empty() ? "" : " but " + decision.exception);
}

TEST(Exceptions, ADomainAllowsWholeFlowsOfItsSubjectUntilItsEnd) {
  const auto policy = with("client: 10.20.0.7, domain: bet.example");
  const Flow flow = Flow{}.tls("www.bet.example");
  EXPECT_EQ(said(policy, flow), "allow but x");
  EXPECT_EQ(said(policy, flow, kEnd - 1), "allow but x");
  EXPECT_EQ(said(policy, flow, kEnd), "block no-bets");
  EXPECT_EQ(said(policy, Flow{}.tls("www.bet.example").client("10.20.0.8")), "block no-bets");
  EXPECT_EQ(said(policy, Flow{}.tls("poker.example")), "block no-bets");
  EXPECT_EQ(said(policy, Flow{}.tls("notbet.example")), "report web-seen");
  const Decision decision = decide(*policy, flow.facts, DynamicFacts{}, kSundayNoon);
  EXPECT_EQ(decision.lifted_until, kEnd);
  EXPECT_TRUE(decision.hits.empty());
}

TEST(Exceptions, EveryNameOfTheFlowHasToBeAllowed) {
  const auto policy = with("client: 10.20.0.7, domain: good.example");
  Flow fronted = Flow{}.http("bet.example");
  fronted.facts.tls.seen = true;
  fronted.facts.tls.sni = "good.example";
  EXPECT_EQ(said(policy, fronted), "block no-bets");
  EXPECT_EQ(said(policy, Flow{}), "allow") << "without a name there is nothing to allow";
}

TEST(Exceptions, SubjectsAreAddressesNetworksCardsAndGroups) {
  const Flow flow = Flow{}.tls("bet.example");
  EXPECT_EQ(said(with("client: [10.1.0.0/16, 10.20.0.0/24], domain: bet.example"), flow), "allow but x");
  EXPECT_EQ(said(with("group: lab, domain: bet.example"), flow), "allow but x");
  EXPECT_EQ(said(with("group: staff, domain: bet.example"), flow), "block no-bets") << "lab holds it first";
  Flow card = flow;
  card.facts.client_mac = *MacAddress::parse("02:00:00:00:00:01");
  EXPECT_EQ(said(with("mac: \"02:00:00:00:00:01\", domain: bet.example"), card), "allow but x");
  EXPECT_EQ(said(with("mac: \"02:00:00:00:00:01\", domain: bet.example"), flow), "block no-bets");
  EXPECT_EQ(said(with("client: 10.9.9.9, group: lab, domain: bet.example"), flow), "allow but x")
      << "one subject is enough";
}

TEST(Exceptions, AnApplicationAndAllObjectsThatAreWritten) {
  const Flow torrent = Flow{}.app("BitTorrent", "");
  EXPECT_EQ(said(with("client: 10.20.0.7, app: bittorrent"), torrent), "allow but x");
  EXPECT_EQ(said(with("client: 10.20.0.7, app: [SSH, DNS]"), torrent), "block no-torrents");
  EXPECT_EQ(said(with("client: 10.20.0.7, app: BitTorrent, domain: tracker.example"), torrent),
            "block no-torrents");
}

TEST(Exceptions, ARuleIsSilentAndTheNextOneSpeaks) {
  const auto policy = with("group: lab, rule: no-bets");
  EXPECT_EQ(said(policy, Flow{}.tls("bet.example")), "report web-seen but x");
  EXPECT_EQ(said(policy, Flow{}.app("BitTorrent", "").tls("bet.example")), "block no-torrents but x");
  EXPECT_EQ(said(with("group: lab, rule: no-bets, domain: bet.example"), Flow{}.tls("poker.example")),
            "block no-bets");
  EXPECT_EQ(said(with("group: lab, rule: unknown-software"), using_product("curl")), "allow but x");
}

TEST(Exceptions, ARecipientLiftsTheSectionEmailForThatRecipientOnly) {
  const auto policy = with("client: 10.20.0.7, recipient: [Boss@old.example, fine.example]");
  EXPECT_EQ(said(policy, mail_to("BOSS@old.example")), "allow but x");
  EXPECT_EQ(said(policy, mail_to("other@old.example")), "block no-mail-out");
  EXPECT_EQ(said(policy, mail_to("other@old.example", {"boss@old.example"})), "block no-mail-out");
  EXPECT_EQ(said(policy, mail_to("", {"boss@old.example", "other@old.example"})), "block no-mail-out");
  EXPECT_EQ(said(policy, mail_to("", {"boss@old.example"})), "allow but x");
}

TEST(Exceptions, AProductIsExcusedAndOpensNothingElse) {
  const auto policy = with("client: 10.20.0.7, product: [teamviewer, curl]");
  EXPECT_EQ(said(policy, using_product("teamviewer")), "allow but x");
  EXPECT_EQ(said(policy, using_product("curl")), "allow but x");
  EXPECT_EQ(said(policy, using_product("wget")), "report unknown-software");
  Flow betting = using_product("curl");
  betting.tls("bet.example");
  EXPECT_EQ(said(policy, betting), "block no-bets but x");
}

TEST(Exceptions, AClockThatIsSetBackRevivesNone) {
  const auto policy = with("client: 10.20.0.7, domain: bet.example");
  const Flow flow = Flow{}.tls("bet.example");
  const DynamicFacts seen{.clock_reached = kEnd};
  EXPECT_EQ(decide(*policy, flow.facts, seen, kSundayNoon).action, Action::kBlock);
  const DynamicFacts earlier{.clock_reached = kEnd - 1};
  EXPECT_EQ(decide(*policy, flow.facts, earlier, kSundayNoon).action, Action::kAllow);
}

TEST(Exceptions, ThePathSaysWhichOneAndUntilWhen) {
  const Flow flow = Flow{}.tls("bet.example");
  const auto path = [&](const std::string& text) {
    return decide(*with(text), flow.facts, DynamicFacts{}, kSundayNoon, Trace::kOn).path;
  };
  const auto whole = path("client: 10.20.0.7, domain: bet.example");
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].why, "exception x of it-desk allows the flow until 2026-11-22");
  const auto silent = path("group: lab, rule: no-bets");
  const auto step = std::find_if(silent.begin(), silent.end(),
                                 [](const DecisionStep& one) { return one.rule == "no-bets"; });
  ASSERT_NE(step, silent.end());
  EXPECT_FALSE(step->matched);
  EXPECT_THAT(step->why, HasSubstr("exception x of it-desk keeps the rule silent until 2026-11-22"));
}

TEST(Exceptions, TestsOfThePolicyKnowThem) {
  const auto policy = policy_of(std::string(kRules) + R"(
  - {exception: x, group: lab, domain: bet.example, until: 2026-11-22, owner: o, reason: r}
tests:
  - {test: open, flow: {client: 10.20.0.7, host: bet.example}, expect: allow, exception: x}
  - {test: over, flow: {client: 10.20.0.7, host: bet.example, at: "2026-11-23 00:00"}, expect: block}
  - {test: wrong, flow: {client: 10.20.0.7, host: poker.example}, expect: block, exception: x}
)");
  const auto outcomes = run_tests(*policy);
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_TRUE(outcomes[0].holds());
  EXPECT_THAT(outcomes[0].why, HasSubstr("exception x of o allows the flow"));
  EXPECT_TRUE(outcomes[1].holds());
  EXPECT_FALSE(outcomes[2].holds());
}

}  // namespace
}  // namespace weir::policy
