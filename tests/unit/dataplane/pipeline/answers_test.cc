// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/answers.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

channel::FlowRef open_with(PipelineBench& bench, std::string_view payload) {
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kInsidePort, from_client("PA", 101, payload));
  return bench.requests()[0].flow;
}

TEST(Answers, FinalForwardReleasesBothDirectionsAndDecides) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.run(kOutsidePort, from_server("PA", 501, "reply"));
  bench.decide(flow, VerdictAction::kForward);
  EXPECT_EQ(bench.counters().parked, 0U);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 2U);
  EXPECT_EQ(bench.left_at(kInsidePort).size(), 1U);
  bench.requests();
  bench.run(kInsidePort, from_client("PA", 106, "more"));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 3U);
  EXPECT_TRUE(bench.requests().empty());  // decided flows are not shown
}

TEST(Answers, FinalDropEndsWhatWaitsAndWhatComes) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.decide(flow, VerdictAction::kDrop);
  bench.run(kOutsidePort, from_server("PA", 501, "reply"));
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyDrop), 1U);
  EXPECT_EQ(bench.dropped(kOutsidePort, DropReason::kPolicyDrop), 1U);
  EXPECT_TRUE(bench.left_at(kInsidePort).empty());
}

TEST(Answers, AResetIsSilentWhereThePairWantsIt) {
  PipelineBench bench;
  bench.pipeline->path().pairs[0].block = BlockAction::kDrop;
  const auto flow = open_with(bench, "hello");
  bench.decide(flow, VerdictAction::kReset);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyDrop), 1U);
  EXPECT_TRUE(bench.left_at(kInsidePort).empty());
}

TEST(Answers, AnAnswerForAnOlderGenerationIsIgnored) {
  PipelineBench bench;
  auto flow = open_with(bench, "hello");
  --flow.generation;
  bench.decide(flow, VerdictAction::kDrop);
  EXPECT_EQ(bench.counters().answers_stale, 1U);
  EXPECT_EQ(bench.counters().parked, 1U);
}

TEST(Answers, ALateReleaseNeverFitsAPacketThatWasShownAfterIt) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.run(kInsidePort, from_client("PA", 106, "again"));  // number 3
  bench.decide(flow, VerdictAction::kForward, 0);
  bench.set_revision(2);
  bench.run(kInsidePort, from_client("PA", 111, "later"));  // asked about once more
  ASSERT_EQ(bench.counters().parked, 1U);
  bench.release(flow, Direction::kFromInitiator, 3);  // said before the classifier saw it
  EXPECT_EQ(bench.counters().parked, 1U);
  bench.release(flow, Direction::kFromInitiator, 4);
  EXPECT_EQ(bench.counters().parked, 0U);
}

TEST(Answers, DropPacketTakesOneAndNamesTheConflict) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");  // SYN is number 1, "hello" number 2
  bench.run(kInsidePort, from_client("PA", 101, "HELLO"));
  bench.answer({.type = AnswerType::kDropPacket, .flow = flow, .through = 3});
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kConflict), 1U);
  EXPECT_EQ(bench.counters().parked, 1U);
  bench.answer(
      {.type = AnswerType::kDropPacket, .flow = flow, .through = 9});  // no such packet: nothing happens
  EXPECT_EQ(bench.counters().parked, 1U);
}

TEST(Answers, DropPacketTakesAllOfItsDirectionUpToOneWhenTold) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.run(kInsidePort, from_client("PA", 106, "again"));
  bench.run(kInsidePort, from_client("PA", 106, "AGAIN"));  // number 4
  const auto drop = [&](Direction direction) {
    bench.answer(
        {.type = AnswerType::kDropPacket, .direction = direction, .flow = flow, .through = 3, .swallow = 1});
  };
  drop(Direction::kFromResponder);
  EXPECT_EQ(bench.counters().parked, 3U);
  drop(Direction::kFromInitiator);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kConflict), 2U);
  EXPECT_EQ(bench.counters().parked, 1U);
  bench.release(flow, Direction::kFromInitiator, 4);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 2U);
}

TEST(Answers, ReleasePacketPassesThoseBeforeIt) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.answer({.type = AnswerType::kReleasePacket, .flow = flow, .through = 3});
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 2U);  // the SYN and this one
  EXPECT_EQ(bench.counters().parked, 1U);
}

TEST(Answers, SkippedBytesPassUnseenAndTheNextOnesAreShown) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.answer(
      {.type = AnswerType::kSkip, .flow = flow, .through = 2, .skip_bytes = 10, .skip_from_sequence = 106});
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 2U);
  bench.run(kInsidePort, from_client("PA", 106, "01234"));
  bench.run(kInsidePort, from_client("PA", 111, "56789"));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 4U);
  EXPECT_TRUE(bench.requests().empty());
  bench.run(kInsidePort, from_client("PA", 116, "after"));
  EXPECT_EQ(bench.counters().parked, 1U);
  EXPECT_EQ(bench.counters().packets_skipped, 2U);
}

TEST(Answers, WhatReachesOutOfTheSkippedRangeIsShown) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.answer(
      {.type = AnswerType::kSkip, .flow = flow, .through = 2, .skip_bytes = 10, .skip_from_sequence = 106});
  bench.run(kInsidePort, from_client("PA", 114, "0123"));   // ends beyond it
  bench.run(kInsidePort, from_client("PA", 104, "01234"));  // begins before it: bytes that were judged
  EXPECT_EQ(bench.counters().parked, 2U);
}

TEST(Answers, SkipRangesMayWrapAround) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 0xffff'fff0U, "0123456789"));
  const auto flow = bench.requests()[0].flow;
  bench.answer({.type = AnswerType::kSkip,
                .flow = flow,
                .through = 1,
                .skip_bytes = 20,
                .skip_from_sequence = 0xffff'fffaU});
  bench.run(kInsidePort, from_client("PA", 0xffff'fffaU, "0123456789"));
  bench.run(kInsidePort, from_client("PA", 4, "0123456789"));
  EXPECT_EQ(bench.counters().packets_skipped, 2U);
  bench.run(kInsidePort, from_client("PA", 14, "x"));
  EXPECT_EQ(bench.counters().parked, 1U);
}

TEST(Answers, SkipOfDatagramsCountsTheirPayload) {
  PipelineBench bench;
  const auto datagram = [] { return ipv4(kClient, kServer).udp(1'000, 53).payload("0123456789"); };
  bench.run(kInsidePort, datagram());
  const auto flow = bench.requests()[0].flow;
  bench.answer({.type = AnswerType::kSkip, .flow = flow, .through = 1, .skip_bytes = 15});
  bench.run(kInsidePort, datagram());
  EXPECT_EQ(bench.counters().parked, 0U);
  bench.run(kInsidePort, datagram());  // only five bytes are left
  EXPECT_EQ(bench.counters().parked, 1U);
}

TEST(Answers, APolicyRevisionMakesADecidedFlowAskAgain) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.set_revision(1);
  bench.decide(flow, VerdictAction::kForward, 1);
  bench.run(kInsidePort, from_client("PA", 106, "more"));
  EXPECT_TRUE(bench.requests().empty());
  bench.set_revision(2);
  bench.run(kInsidePort, from_client("PA", 110, "again"));
  const auto seen = bench.requests();
  ASSERT_EQ(seen.size(), 1U);  // its context is still there: not announced again
  EXPECT_EQ(seen[0].head.redecide, 1);
  EXPECT_EQ(seen[0].head.parked, 0);
  bench.run(kInsidePort, from_client("PA", 115, "meanwhile"));
  EXPECT_TRUE(bench.requests().empty()) << "one question";
  EXPECT_EQ(bench.counters().decided_again, 1U);
  EXPECT_EQ(bench.counters().old_verdict_kept, 2U);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 5U);
  bench.decide(flow, VerdictAction::kDrop, 2);
  bench.run(kInsidePort, from_client("PA", 124, "over"));
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyDrop), 1U);
}

TEST(Answers, AnAnswerUnderAPolicyThatIsPastIsAskedForOnceMore) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.set_revision(1);
  bench.decide(flow, VerdictAction::kForward, 1);
  bench.requests();
  bench.set_revision(2);
  bench.run(kInsidePort, from_client("PA", 106, "second"));
  bench.set_revision(3);
  bench.run(kInsidePort, from_client("PA", 112, "third"));
  EXPECT_EQ(bench.requests().size(), 1U);
  bench.decide(flow, VerdictAction::kForward, 2);
  bench.run(kInsidePort, from_client("PA", 117, "fourth"));
  EXPECT_EQ(bench.requests().size(), 1U);
  EXPECT_EQ(bench.counters().decided_again, 2U);
}

TEST(Answers, WithoutRoomForTheQuestionTheNextPacketAsks) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.set_revision(1);
  bench.decide(flow, VerdictAction::kForward, 1);
  bench.requests();
  bench.set_revision(2);
  while (bench.dataplane_end->try_open({}, {}, kStart)) {
  }
  bench.run(kInsidePort, from_client("PA", 106, "more"));
  EXPECT_EQ(bench.counters().decided_again, 0U);
  EXPECT_EQ(bench.counters().old_verdict_kept, 1U);
  bench.requests();
  bench.run(kInsidePort, from_client("PA", 110, "again"));
  EXPECT_EQ(bench.counters().decided_again, 1U);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 4U);
}

TEST(Answers, ABurstOfLiveFlowsAsksAFewAtATimeAndNoneWaits) {
  PipelineBench bench;
  const auto datagram = [](std::uint16_t port) { return ipv4(kClient, kServer).udp(port, 9).payload("x"); };
  constexpr std::uint16_t kFlows = 2 * kAsksAgainPerBurst + 1;
  std::vector<Frame> burst;
  for (std::uint16_t i = 0; i < kFlows; ++i)
    burst.push_back(datagram(static_cast<std::uint16_t>(1'000 + i)).bytes());
  bench.run(kInsidePort, burst);
  bench.set_revision(1);
  for (const auto& seen : bench.requests()) bench.decide(seen.flow, VerdictAction::kForward, 1);
  bench.set_revision(2);
  std::vector<std::size_t> asked;
  for (int i = 0; i < 4; ++i) {
    bench.run(kInsidePort, burst);
    const auto seen = bench.requests();
    asked.push_back(seen.size());
    for (const auto& each : seen) bench.decide(each.flow, VerdictAction::kForward, 2);
  }
  EXPECT_EQ(asked, (std::vector<std::size_t>{kAsksAgainPerBurst, kAsksAgainPerBurst, 1, 0}));
  EXPECT_EQ(bench.counters().decided_again, kFlows);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 5U * kFlows);
}

TEST(Answers, AClassifierThatDoesNotKnowTheFlowIsWaitedFor) {
  PipelineBench bench;
  const auto flow = open_with(bench, "hello");
  bench.set_revision(1);
  bench.decide(flow, VerdictAction::kForward, 1);
  bench.requests();
  bench.set_revision(2);
  bench.run(kInsidePort, from_client("PA", 106, "asks"));
  EXPECT_EQ(bench.counters().parked, 0U);
  bench.pipeline->detach();
  bench.attach();
  bench.run(kInsidePort, from_client("PA", 110, "asks again"));
  EXPECT_EQ(bench.counters().parked, 1U);
  EXPECT_EQ(bench.requests(RequestType::kFlowOpened).size(), 1U);
}

TEST(Answers, WhatAClassifierAnsweredBeforeItWentIsInForce) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop});
  const auto flow = open_with(bench, "hello");
  const auto before = bench.left_at(kOutsidePort).size();
  ASSERT_TRUE(bench.classifier_end->try_answer(
      {.type = AnswerType::kPolicyRevision, .flow = {}, .policy_revision = 1}));
  for (std::uint32_t i = 0; i < 2 * kAnswersPerTurn; ++i) {  // more than one turn takes
    ASSERT_TRUE(bench.classifier_end->try_answer({.type = AnswerType::kRelease, .flow = flow, .through = 0}));
  }
  ASSERT_TRUE(bench.classifier_end->try_answer(
      {.type = AnswerType::kFinal, .action = VerdictAction::kForward, .flow = flow, .policy_revision = 1}));
  bench.pipeline->detach();
  EXPECT_EQ(bench.counters().decided, 1U);
  EXPECT_GT(bench.left_at(kOutsidePort).size(), before);
  bench.attach();
  bench.set_revision(1);
  bench.run(kInsidePort, from_client("PA", 106, "goes on"));
  EXPECT_TRUE(bench.requests().empty()) << "the next classifier would say what it finds a second time";
}

TEST(Answers, AFlowDecidedAgainKeepsItsVerdictWhileNobodyAnswers) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop});
  const auto flow = open_with(bench, "hello");
  bench.decide(flow, VerdictAction::kForward, 0);  // without a policy: nobody has judged it yet
  bench.set_revision(1);
  bench.run(kInsidePort, from_client("PA", 106, "again"));
  EXPECT_EQ(bench.counters().parked, 1U);
  bench.pipeline->detach();
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 3U);
  EXPECT_EQ(bench.counters().old_verdict_kept, 1U);
  bench.run(kInsidePort, from_client("PA", 111, "still"));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 4U);
}

TEST(Answers, AnExceptionOfANewClassifierLeavesAFlowItsOldVerdict) {
  for (const VerdictAction old : {VerdictAction::kForward, VerdictAction::kDrop}) {
    for (const bool judged : {true, false}) {  // by a policy, or without one
      PipelineBench bench({.exceptions = ExceptionAction::kDrop});
      const auto flow = open_with(bench, "hello");
      bench.set_revision(judged ? 1 : 0);
      bench.decide(flow, old, judged ? 1 : 0);
      bench.pipeline->detach();
      bench.attach();
      bench.set_revision(2);
      bench.run(kInsidePort, from_client("PA", 106, "from the middle"));
      ASSERT_EQ(bench.counters().parked, 1U);
      const auto before = bench.left_at(kOutsidePort).size();
      const auto cause = static_cast<std::uint8_t>(1U + static_cast<unsigned>(ExceptionCause::kParserError));
      bench.answer({.type = AnswerType::kFinal,
                    .action = VerdictAction::kForward,
                    .exception = cause,
                    .flow = flow,
                    .policy_revision = 2});
      const bool passes = judged && old == VerdictAction::kForward;
      EXPECT_EQ(bench.left_at(kOutsidePort).size() - before, passes ? 1U : 0U);
      EXPECT_EQ(bench.excepted(ExceptionCause::kParserError, ExceptionAction::kDrop), judged ? 0U : 1U);
      EXPECT_EQ(bench.counters().old_verdict_kept, judged ? 1U : 0U);
      bench.run(kInsidePort, from_client("PA", 121, "and on"));
      EXPECT_EQ(bench.left_at(kOutsidePort).size() - before, passes ? 2U : 0U);
    }
  }
}

TEST(Answers, AnExceptionOfTheClassifierIsTheTablesToDecide) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop});
  const auto flow = open_with(bench, "hello");
  const auto cause =
      static_cast<std::uint8_t>(1U + static_cast<unsigned>(ExceptionCause::kStreamUndecidable));
  bench.answer(
      {.type = AnswerType::kFinal, .action = VerdictAction::kForward, .exception = cause, .flow = flow});
  EXPECT_EQ(bench.excepted(ExceptionCause::kStreamUndecidable, ExceptionAction::kDrop), 1U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kException), 1U);
}

}  // namespace
}  // namespace weir::dataplane
