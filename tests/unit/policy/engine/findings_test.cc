// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/findings.h"

#include <gtest/gtest.h>

#include "policy/engine/kept_event.h"
#include "tests/unit/policy/engine/event_builder.h"

namespace weir::policy {
namespace {

const SoftwareJudge kNobody = [](const auto&, const auto&) { return std::nullopt; };

TEST(Findings, EachHitIsAViolationOfTheInsideEnd) {
  event::FlowEvent event = test::flow_event(1, event::KIND_OPENED);
  event.set_initiator_inside(false);
  test::add_hit(event, "no-gambling", "dice.example").set_would_block(true);
  test::add_hit(event, "odd", "").set_severity("nonsense");
  const Findings found = evaluate(event, kNobody);
  ASSERT_EQ(found.violations.size(), 2U);
  EXPECT_EQ(found.violations[0].rule, "no-gambling");
  EXPECT_EQ(found.violations[0].subject, "93.184.216.34");
  EXPECT_EQ(found.violations[0].object, "dice.example");
  EXPECT_EQ(found.violations[0].severity, Severity::kHigh);
  EXPECT_TRUE(found.violations[0].would_block);
  EXPECT_EQ(found.violations[0].revision, 7U);
  EXPECT_EQ(found.violations[0].flow_id, event.flow_id());
  EXPECT_TRUE(found.violations[0].once_a_flow);
  EXPECT_EQ(found.violations[1].object, "bet.example") << "the host, where the hit names nothing";
  EXPECT_EQ(found.violations[1].severity, Severity::kMedium);
  EXPECT_FALSE(found.flow) << "only a final event ends a flow";
}

TEST(Findings, WithoutAnyNameThePeerIsTheObject) {
  event::FlowEvent event = test::flow_event(1);
  event.clear_host();
  test::add_hit(event, "odd", "");
  EXPECT_EQ(evaluate(event, kNobody).violations.at(0).object, "93.184.216.34");
}

TEST(Findings, SoftwareIsJudgedByThePolicyInForce) {
  event::FlowEvent event = test::flow_event(1, event::KIND_UPDATE);
  test::add_software(event, "firefox", "115.0");
  test::add_software(event, "bittorrent", "");
  test::add_software(event, "", "1");
  const auto judge = [](const std::string& product, const std::string&) {
    return std::optional{product == "firefox" ? SoftwareState::kAuthorised : SoftwareState::kUnauthorised};
  };
  const Findings found = evaluate(event, judge);
  ASSERT_EQ(found.software.size(), 2U);
  EXPECT_EQ(found.software[0].client, "10.0.0.2");
  EXPECT_EQ(found.software[0].version, "115.0");
  EXPECT_EQ(found.software[0].evidence, "user-agent: firefox/115.0");
  EXPECT_EQ(found.software[0].state, SoftwareState::kAuthorised);
  EXPECT_EQ(found.software[1].state, SoftwareState::kUnauthorised);
  EXPECT_EQ(evaluate(event, kNobody).software[0].state, std::nullopt);
}

TEST(Findings, UsesOfQuotasAreThoseOfTheEventAtItsTime) {
  event::FlowEvent event = test::flow_event(3, event::KIND_UPDATE);
  event::QuotaUse& use = *event.add_quota_uses();
  use.set_rule("video");
  use.set_subject("group staff");
  use.set_bytes(UINT64_MAX);
  use.set_seconds(60);
  use.set_flows(1);
  use.set_messages(2);
  const Findings found = evaluate(event, kNobody);
  ASSERT_EQ(found.quota_uses.size(), 1U);
  EXPECT_EQ(found.quota_uses[0].rule, "video");
  EXPECT_EQ(found.quota_uses[0].subject, "group staff");
  EXPECT_EQ(found.quota_uses[0].used, (QuotaUse{kQuotaAmountMax, 0, 1, 2}))
      << "the engine counts minutes itself";
  EXPECT_EQ(found.quota_uses[0].at, 3'000'000);
  EXPECT_EQ(found.quota_uses[0].flow_id, event.flow_id());
  EXPECT_EQ(found.quota_uses[0].revision, 7U);
}

TEST(Findings, AFinalEventIsKeptForExplanation) {
  const Findings found = evaluate(test::flow_event(9), kNobody);
  ASSERT_TRUE(found.flow);
  EXPECT_EQ(found.flow->flow_id, "0000000000abcdef-0-9");
  EXPECT_EQ(found.flow->initiator, "10.0.0.2");
  EXPECT_EQ(found.flow->responder_port, 443);
  EXPECT_EQ(kept_event(found.flow->event).value().host(), "bet.example");
}

}  // namespace
}  // namespace weir::policy
