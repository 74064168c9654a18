// SPDX-License-Identifier: Apache-2.0
// What is made of events and of what left, with both played by the test.
#include "policy/prove/proof.h"

#include <gtest/gtest.h>

#include "policy/lang/compile.h"
#include "policy/prove/frame.h"
#include "tests/support/temporary_directory.h"

namespace weir::prove {
namespace {

constexpr TimeNs kNow = 1'767'571'200 * kSecond;
constexpr const char* kPolicy = R"(weir-policy: 1
network:
  - {rule: no-video, match: {app: YouTube}, then: block}
web:
  - {rule: ours, match: {app: Dropbox}, then: allow}
  - {rule: no-bets, match: {domain: bet.example}, then: block}
)";

class Proving : public ::testing::Test {
 protected:
  Proving() : policy_(*policy::compile(kPolicy, {})) {
    const policy::Rule* const rule = rules_to_prove(*policy_).back();
    auto found = CanaryFinder{*policy_, kNow}.find(*rule);
    found.canaries.resize(1);
    client_ = found.canaries[0].refused().facts.client().to_string();
    proof_.emplace(*policy_, std::move(found.canaries));
    EXPECT_TRUE(proof_->write(home_.path()));
    leave({});
  }
  /// What left at the outside port.
  void leave(const std::vector<TimedFrame>& frames) const {
    EXPECT_TRUE(write_capture(home_.file("out-outside.pcap"), frames));
    EXPECT_TRUE(write_capture(home_.file("out-inside.pcap"), {}));
  }
  [[nodiscard]] std::vector<TimedFrame> came_in() const {
    return read_capture(home_.file("inside.pcap")).value_or(std::vector<TimedFrame>{});
  }
  event::FlowEvent event(const std::string& action, const std::string& rule) const {
    event::FlowEvent out;
    out.set_kind(event::KIND_FINAL);
    out.set_flow_id("00000000000000aa-0-1");
    out.set_initiator(client_);
    out.set_responder("192.0.2.77");
    out.set_responder_port(443);
    out.set_protocol(kProtocolTcp);
    out.set_initiator_inside(true);
    out.set_started_ns(kNow);
    out.set_host("bet.example");
    out.set_host_source("tls-sni");
    out.mutable_tls()->set_version(0x0304);
    out.set_master("TLS");
    out.set_confidence("DPI");
    out.set_action(action);
    out.set_rule(rule);
    return out;
  }
  Outcome outcome() const {
    const auto outcomes = proof_->outcomes(home_.path());
    EXPECT_TRUE(outcomes && outcomes->size() == 1);
    return outcomes && !outcomes->empty() ? outcomes->front() : Outcome{};
  }
  test::TemporaryDirectory home_;
  std::shared_ptr<const policy::Policy> policy_;
  std::string client_;
  std::optional<Proof> proof_;
};

TEST_F(Proving, IsDoneWhenTheRuleBlocksAndNothingLeaves) {
  proof_->take(event("block", "no-bets"));
  EXPECT_EQ(outcome().fate, Fate::kProved);
  EXPECT_EQ(outcome().flow_id, "00000000000000aa-0-1");
  leave({came_in()[0], came_in()[1]});  // the handshake
  EXPECT_EQ(outcome().fate, Fate::kProved);
}

TEST_F(Proving, FailsWithoutAnEvent) {
  EXPECT_EQ(outcome().fate, Fate::kUnproved);
  EXPECT_NE(outcome().why.find("no event tells of it"), std::string::npos);
}

TEST_F(Proving, FailsWhenTheFlowIsLetPass) {
  proof_->take(event("allow", ""));
  EXPECT_EQ(outcome().fate, Fate::kUnproved);
  EXPECT_TRUE(outcome().why.ends_with(": allow")) << outcome().why;
}

TEST_F(Proving, FailsWhenAnotherRuleBlocksWithoutAReason) {
  proof_->take(event("block", "no-video"));  // which was not recognised
  EXPECT_EQ(outcome().fate, Fate::kUnproved);
  EXPECT_TRUE(outcome().why.ends_with(": block by no-video")) << outcome().why;
}

TEST_F(Proving, FailsWhenWhatIsRefusedLeaves) {
  proof_->take(event("block", "no-bets"));
  leave(came_in());
  EXPECT_EQ(outcome().fate, Fate::kUnproved);
  EXPECT_NE(outcome().why.find("bytes left all the same"), std::string::npos) << outcome().why;
  // A part of it, and it alone behind something else.
  auto frames = came_in();
  auto last = *read_frame(frames.back().bytes);
  const std::string whole = last.payload;
  last.payload = whole.substr(0, 1);
  frames.back().bytes = frame_bytes(last);
  leave(frames);
  EXPECT_EQ(outcome().fate, Fate::kUnproved);
  last.payload = "x" + whole;
  frames.back().bytes = frame_bytes(last);
  leave(frames);
  EXPECT_EQ(outcome().fate, Fate::kUnproved);
}

TEST_F(Proving, TakesAResetForWeirsOwn) {
  proof_->take(event("block", "no-bets"));
  auto frames = came_in();
  auto reset = *read_frame(frames.back().bytes);
  reset.tcp_flags = kTcpReset | kTcpAcknowledges;
  frames.back().bytes = frame_bytes(reset);
  leave(frames);
  EXPECT_EQ(outcome().fate, Fate::kProved);
}

TEST_F(Proving, IsDoneWhenARuleOfAnotherSectionBlocksToo) {
  for (const bool would_block : {true, false}) {
    event::FlowEvent both = event("block", "no-video");
    event::Hit* const hit = both.add_hits();
    hit->set_rule("no-bets");
    hit->set_action("block");
    hit->set_would_block(would_block);
    proof_->take(both);
    EXPECT_EQ(outcome().fate, would_block ? Fate::kUnproved : Fate::kProved);
  }
}

TEST_F(Proving, ShowsNothingWhenWhatWasRecognisedMakesAnotherRuleSpeak) {
  event::FlowEvent taken = event("allow", "ours");
  taken.set_app("Dropbox");
  proof_->take(taken);
  EXPECT_EQ(outcome().fate, Fate::kTaken);
  EXPECT_NE(outcome().why.find("rule ours speaks for it, since it is recognised as Dropbox"),
            std::string::npos);
}

TEST_F(Proving, IsNotExcusedByARuleThatSpeaksForWhatWasNotUnderstood) {
  event::FlowEvent taken = event("allow", "ours");
  taken.set_app("Dropbox");
  taken.clear_host();
  proof_->take(taken);
  EXPECT_EQ(outcome().fate, Fate::kUnproved);
}

TEST_F(Proving, SaysWhenWhatLeftCannotBeRead) {
  proof_->take(event("block", "no-bets"));
  std::filesystem::remove(home_.file("out-outside.pcap"));
  EXPECT_FALSE(proof_->outcomes(home_.path()));
}

}  // namespace
}  // namespace weir::prove
