// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/keep.h"

#include "tests/support/temporary_directory.h"
#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

constexpr FlowFileIdentity kMine{.worker = 0, .workers = 1, .pairs = 7};

class KeepTest : public ::testing::Test {
 protected:
  std::unique_ptr<FlowFile> fresh() {
    auto file = FlowFile::create(path_, 64, kMine);
    EXPECT_TRUE(file);
    EXPECT_TRUE((*file)->publish());
    return std::move(*file);
  }
  FlowsTaken restart(PipelineBench& bench, TimeNs now = kStart + kSecond) {
    const auto kept = KeptFlows::open(path_, kMine, now);
    EXPECT_TRUE(kept) << to_text(kept.error());
    return take_over(bench.pipeline->path(), **kept, now);
  }
  test::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/flows-0";
};

/// Everything of a flow as a classifier would have it said.
channel::FlowRef decided(PipelineBench& bench, VerdictAction action) {
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  const auto seen = bench.requests(RequestType::kPacket);
  bench.decide(seen.back().flow, action, 3);
  return seen.back().flow;
}

TEST_F(KeepTest, ADecidedFlowGoesOnWithItsVerdictAndItsCounters) {
  const auto file = fresh();
  {
    PipelineBench before({.flow_memory = file->memory()});
    decided(before, VerdictAction::kDrop);
  }  // nothing is tidied up in the file
  PipelineBench after;
  EXPECT_EQ(restart(after).taken, 1U);
  EXPECT_EQ(after.pipeline->path().policy_revision, 3U) << "nobody is asked again for the policy in force";
  after.run(kInsidePort, from_client("PA", 106, "more"), kStart + kSecond);
  EXPECT_EQ(after.dropped(kInsidePort, DropReason::kPolicyDrop), 1U);
  EXPECT_EQ(after.pipeline->path().flows.cold(0).packets[0], 2U);
  EXPECT_TRUE(after.requests().empty());
}

TEST_F(KeepTest, UndecidedTornAndIdleFlowsAreLeftOut) {
  const auto file = fresh();
  {
    PipelineBench before({.exceptions = ExceptionAction::kPass, .flow_memory = file->memory()});
    before.run(kInsidePort, ipv4("10.0.0.9", kServer).udp(1, 53).payload("x"));
    const auto flow = decided(before, VerdictAction::kForward);
    before.pipeline->path().flows.hot(flow.slot).verdict = VerdictAction::kDrop;  // written, and then the end
  }
  PipelineBench after;
  const FlowsTaken result = restart(after);
  EXPECT_EQ(result.taken, 0U);
  EXPECT_EQ(result.left_out, 2U);
}

TEST_F(KeepTest, NumbersGoOnAndNoneIsUsedTwice) {
  const auto file = fresh();
  {
    PipelineBench before({.flow_memory = file->memory()});
    decided(before, VerdictAction::kForward);
    before.run(kInsidePort, ipv4("10.0.0.9", kServer).udp(1, 53).payload("x"));
  }
  PipelineBench after;
  EXPECT_EQ(restart(after).taken, 1U);
  EXPECT_EQ(after.pipeline->path().flows.rest(0).number, 3U);
  EXPECT_EQ(after.pipeline->path().flows_numbered, 3U);
}

}  // namespace
}  // namespace weir::dataplane
