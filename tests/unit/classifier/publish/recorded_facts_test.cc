// SPDX-License-Identifier: Apache-2.0
// There and back: what a flow's event says of it is judged as the flow was, whatever the policy asks for.
#include "policy/engine/recorded_facts.h"

#include <gtest/gtest.h>

#include "classifier/publish/event_builder.h"
#include "tests/unit/policy/decide/random_policy.h"

namespace weir::classifier {
namespace {

using policy::Dice;
using policy::Flow;

FlowFacts there_and_back(const FlowFacts& facts) {
  EventBuilder builder{{.appliance = "test", .boot = 1, .worker = 0}, {"lan-wan"}};
  const Decision decision;
  const FlowStory story{.facts = facts, .decision = decision, .number = 1};
  return policy::recorded_facts(builder.build(event::KIND_FINAL, policy::kSundayNoon, story));
}

std::string judged(const std::shared_ptr<const policy::Policy>& policy, const FlowFacts& facts) {
  Flow flow;
  flow.facts = facts;
  return policy::in_short(policy::judge(policy, flow));
}

TEST(RecordedFacts, AreJudgedAsTheFlowWas) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Dice dice{seed};
    const std::string text = policy::naive::text_of(policy::random_policy(dice));
    const auto policy = policy::policy_of(text);
    for (int i = 0; i < 40; ++i) {
      const FlowFacts facts = policy::random_flow(dice).facts;
      ASSERT_EQ(judged(policy, there_and_back(facts)), judged(policy, facts)) << "seed " << seed << "\n"
                                                                              << text << policy::shown(facts);
    }
  }
}

TEST(RecordedFacts, QuotasStandAsTheyStood) {
  const auto policy = policy::policy_of(
      "network:\n  - {rule: a, quota: {flows: 3, every: day}, then: report}\n"
      "  - {rule: b, quota: {bytes: 1 MB, per: all, every: day}, then: block}\n");
  const FlowFacts facts = Flow{}.facts;
  const TimeNs now = policy::kSundayNoon;
  for (const std::uint64_t used : {std::uint64_t{0}, std::uint64_t{2'000'000}}) {
    QuotaTable quotas;
    ASSERT_TRUE(quotas.learn({"b", "all", now + kSecond, {.bytes = used}}, now));
    const Decision then = policy::decide(*policy, facts, {.quotas = &quotas}, now);
    ASSERT_EQ(then.quotas.size(), 2U);
    EventBuilder builder{{.appliance = "test", .boot = 1, .worker = 0}, {"lan-wan"}};
    const FlowStory story{.facts = facts, .decision = then, .number = 1};
    const QuotaTable again = policy::recorded_quotas(builder.build(event::KIND_FINAL, now, story));
    EXPECT_EQ(policy::decide(*policy, facts, {.quotas = &again}, now).quotas, then.quotas);
    EXPECT_EQ(then.action, used == 0 ? Action::kAllow : Action::kBlock);
  }
}

TEST(RecordedFacts, SayWhichRulesTheClientClickedThrough) {
  EventBuilder builder{{.appliance = "test", .boot = 1, .worker = 0}, {"lan-wan"}};
  Decision decision;
  decision.clicked_through = {{"ask", 7 * kSecond}, {"ask-again", 9}};
  const FlowFacts facts = Flow{}.http("shop.example").facts;
  const FlowStory story{.facts = facts, .decision = decision, .number = 1};
  const event::FlowEvent& event = builder.build(event::KIND_FINAL, policy::kSundayNoon, story);
  EXPECT_EQ(policy::recorded_clicks(event), decision.clicked_through);
}

TEST(RecordedFacts, KeepWhatFewFlowsHave) {
  const auto same = [](const std::string& rules, const Flow& flow, const std::string& expected) {
    const auto policy = policy::policy_of(rules);
    EXPECT_EQ(judged(policy, flow.facts), expected) << rules;
    EXPECT_EQ(judged(policy, there_and_back(flow.facts)), expected) << rules;
  };
  const std::string inside = "web: [{rule: r, match: {domain: inside.example}, then: block}]";
  Flow through_proxy = Flow{}.http("proxy.example").tls("inside.example");
  same(inside, through_proxy, "block r [r inside.example]");
  same("web: [{rule: r, match: {domain: proxy.example}, then: block}]", through_proxy,
       "block r [r proxy.example]");

  Flow covered = Flow{}.tls("cover.example");
  covered.facts.tls.ech_offered = covered.facts.dns_name_ech = true;
  covered.facts.dns_name = "inside.example";
  same(inside, covered, "block r [r inside.example]");

  Flow labelled = Flow{}.app("TLS", "");
  labelled.facts.host = "inside.example";
  labelled.facts.host_source = NameSource::kNdpi;
  labelled.facts.http.seen = labelled.facts.tls.seen = true;
  same(inside, labelled, "allow");

  Flow tunnelled;
  tunnelled.facts.tunnel = tunnel_of_type("gtp-u", true);
  tunnelled.facts.tunnel.low_end = *IpAddress::parse("198.51.100.1");
  same("network: [{rule: r, match: {app: GTP_U, port: 2152, destination: 198.51.100.1}, then: block}]",
       tunnelled, "block r [r GTP_U]");

  Flow tagged;
  tagged.facts.vlan = 30;
  tagged.facts.client_mac = *MacAddress::parse("02:00:00:00:00:01");
  same("groups: {g: {vlans: [30]}}\nnetwork: [{rule: r, who: g, then: block}]", tagged,
       "block r [r 203.0.113.5]");
  same("groups: {g: {macs: [\"02:00:00:00:00:01\"]}}\nnetwork: [{rule: r, who: g, then: block}]", tagged,
       "block r [r 203.0.113.5]");

  Flow over_tls = Flow{}.app("TLS", "").tls("smtp.example");
  over_tls.facts.mail.protocol = "submission";
  over_tls.facts.mail.visibility = "implicit-tls";
  same("email: [{rule: r, match: {protocol: submission}, then: block}]", over_tls, "allow");

  Flow resolver = Flow{}.app("TLS", "");
  resolver.facts.encrypted_dns = EncryptedDns::kDoh;
  same("network: [{rule: r, match: {app: doh}, then: block}]", resolver, "block r [r doh]");
}

}  // namespace
}  // namespace weir::classifier
