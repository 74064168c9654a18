// SPDX-License-Identifier: Apache-2.0
// Groups by host name and user: a client that comes into another group while its flows live.
#include "tests/support/client_messages.h"
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

const std::string kLab =
    "groups: {lab: {names: [\"lab-*\"], users: [anna]}}\n"
    "network: [{rule: lab-stays, who: lab, match: {port: 5999}, then: block}]\n";

/// The client says its name by DHCP, in a flow of its own.
void say_name(Bench& bench, const std::string& name, std::uint32_t slot) {
  bench.open(kProtocolUdp, 67, slot);
  bench.packet(kClient, weir::test::dhcp(1, bench.mac, weir::test::dhcp_option(12, name)));
}

/// Its switch says who uses it (status 1), or does no more (2), and the server acknowledges.
void say_user(Bench& bench, const std::string& user, char status, std::uint32_t slot) {
  bench.open(kProtocolUdp, 1'813, slot);
  bench.packet(kClient,
               weir::test::radius(4, 1,
                                  weir::test::radius_attribute(1, user) +
                                      weir::test::radius_attribute(31, bench.mac.to_string()) +
                                      weir::test::radius_attribute(40, std::string("\0\0\0", 3) + status)));
  bench.packet(kServer, weir::test::radius(5, 1, ""));
}

/// Answers about the flow in a slot since the last call.
std::vector<Answer> answers_about(Bench& bench, std::uint32_t slot) {
  std::vector<Answer> all = bench.answers();
  std::erase_if(all, [&](const Answer& answer) { return answer.flow.slot != slot; });
  return all;
}

void decide(Bench& bench, std::uint32_t slot) {
  bench.open(kProtocolUdp, 5'999, slot);
  EXPECT_EQ(final_of(bench).action, VerdictAction::kForward);
}

TEST(Regroup, ADecidedFlowGetsAnotherAnswerWhenItsClientIsNamed) {
  Bench bench{kLab};
  decide(bench, 1);
  say_name(bench, "lab-7", 2);
  const auto answers = answers_about(bench, 1);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kFinal);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  EXPECT_EQ(answers[0].flow.generation, 1U);
  const auto said = std::find_if(bench.sink.events.begin(), bench.sink.events.end(),
                                 [](const event::FlowEvent& event) { return event.rule() == "lab-stays"; });
  ASSERT_NE(said, bench.sink.events.end());
  EXPECT_EQ(said->group(), "lab");
  EXPECT_EQ(said->client().host_name(), "lab-7");
  EXPECT_EQ(bench.classifier().counts().regrouped, 1U);
}

TEST(Regroup, OneThatIsLookedAtSeesItAtItsNextPacket) {
  Bench bench{kLab};
  bench.open(kProtocolUdp, 5'999, 1);
  bench.packet(kClient, "\x01unknown");
  const channel::FlowRef flow = bench.flow();
  say_name(bench, "lab-7", 2);
  bench.answers();
  bench.resume(flow, kProtocolUdp);
  bench.packet(kClient, "\x01unknown");
  const auto answers = answers_about(bench, 1);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
}

TEST(Regroup, AUserComesAndGoes) {
  Bench bench{kLab};
  decide(bench, 1);
  say_user(bench, "anna@EXAMPLE.LAN", '\1', 2);
  auto answers = answers_about(bench, 1);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  say_user(bench, "anna@EXAMPLE.LAN", '\2', 3);
  answers = answers_about(bench, 1);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kForward);
}

/// The canary itself has no groups: by its name alone the flow's group would stay what it was.
TEST(Regroup, AClientThatComesIntoTheGroupOfACanaryIsJudgedByIt) {
  const std::string running = "groups: {pilot: {names: [\"lab-*\"]}}\n";
  Bench bench{running};
  PolicyInForce both = policy_of("network: [{rule: tried, match: {port: 5999}, then: block}]\n", 8);
  both.canary = "pilot";
  both.others = policy_of(running, 7).policy;
  bench.classifier().set_policy(both);
  decide(bench, 1);
  say_name(bench, "lab-7", 2);
  const auto answers = answers_about(bench, 1);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  EXPECT_EQ(bench.classifier().counts().regrouped, 1U);
}

TEST(Regroup, WhatIsKnownGetsOldWithoutAWord) {
  Bench bench{kLab};
  say_name(bench, "lab-7", 1);
  bench.open(kProtocolUdp, 5'999, 2);
  ASSERT_EQ(answers_about(bench, 2).size(), 1U);
  bench.now += 86'400 * kSecond + 1;
  bench.open(kProtocolUdp, 53, 3);
  const auto answers = answers_about(bench, 2);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kForward);
}

TEST(Regroup, NothingIsLookedAtWithoutAReason) {
  Bench bench{kLab};
  decide(bench, 1);
  say_name(bench, "other", 2);
  EXPECT_TRUE(answers_about(bench, 1).empty()) << "the group is the same";
  say_name(bench, "other", 3);
  EXPECT_FALSE(bench.classifier().look_at_groups());
  Bench plain{"groups: {lab: {hosts: [10.20.0.7]}}\nnetwork: [{rule: r, who: lab, then: report}]\n"};
  decide(plain, 1);
  say_name(plain, "lab-7", 2);
  EXPECT_FALSE(plain.classifier().look_at_groups()) << "no group is by name";
}

TEST(Regroup, ManyFlowsAreLookedAtAFewAtATime) {
  Bench bench{kLab};
  constexpr std::uint32_t kFlows = 3 * kLookFlows;
  for (std::uint32_t slot = 1; slot <= kFlows; ++slot) decide(bench, slot);
  say_name(bench, "lab-7", kFlows + 1);
  const std::uint64_t at_once = bench.classifier().counts().regrouped;
  EXPECT_GT(at_once, 0U);
  EXPECT_LE(at_once, 2 * kLookFlows) << "opening, and one packet";
  while (bench.classifier().look_at_groups()) continue;
  EXPECT_EQ(bench.classifier().counts().regrouped, kFlows);
}

TEST(Regroup, AnEventSaysWhomItsDecisionWasMadeOf) {
  Bench bench{kLab};
  bench.open(kProtocolUdp, 5'999, 1);
  bench.packet(kClient, "\x01unknown");
  const channel::FlowRef flow = bench.flow();
  say_name(bench, "lab-7", 2);
  bench.sink.events.clear();
  bench.resume(flow, kProtocolUdp);
  bench.close();
  const event::FlowEvent& last = bench.sink.events.back();
  EXPECT_EQ(last.action(), "allow");
  EXPECT_EQ(last.group(), "");
  EXPECT_EQ(last.client().host_name(), "") << "by that name it would have been blocked";
}

TEST(Regroup, APolicyThatBeginsToNameClientsKnowsThem) {
  Bench bench{""};
  decide(bench, 1);
  const channel::FlowRef flow = bench.flow();
  say_name(bench, "lab-7", 2);
  bench.classifier().set_policy(policy_of(kLab, 2));
  bench.answers();
  bench.resume(flow, kProtocolUdp);
  bench.redecide = true;
  bench.packet(kClient, "\x01unknown");
  const auto answers = answers_about(bench, 1);
  ASSERT_FALSE(answers.empty());
  EXPECT_EQ(answers.back().action, VerdictAction::kReset);
}

}  // namespace
}  // namespace weir::classifier::test
