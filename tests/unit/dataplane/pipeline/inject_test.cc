// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/inject.h"

#include "dataplane/packet/build.h"
#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

using channel::InjectEnd;

PacketMeta parsed(const Frame& frame) {
  PacketMeta meta;
  EXPECT_EQ(parse_frame(frame, {}, meta), DropReason::kNone);
  return meta;
}
std::string payload_of(const Frame& frame) {
  const PacketMeta meta = parsed(frame);
  const Bytes bytes = Bytes{frame}.subspan(meta.payload_offset, meta.payload_bytes);
  return {bytes.begin(), bytes.end()};
}
std::string joined(const std::vector<Frame>& frames) {
  std::string all;
  for (const Frame& frame : frames) all += payload_of(frame);
  return all;
}

/// A session of one command at a time: the client's "bad" waits for an answer.
struct Session {
  Session() {
    bench.run(kInsidePort, from_client("S", 100));
    bench.run(kOutsidePort, from_server("PA", 401, std::string(100, 'g')));
    flow = bench.requests()[0].flow;
    bench.release(flow, Direction::kFromResponder, kAll);
    bench.run(kOutsidePort, from_server("A", 501));  // it has everything up to 101
    ask(101, "bad");
    clear();
  }
  void ask(std::uint32_t sequence, std::string_view text) {
    bench.run(kInsidePort, from_client("PA", sequence, text));
    number = last_number();
  }
  std::uint32_t last_number() {
    const auto shown = bench.requests(RequestType::kPacket);
    EXPECT_FALSE(shown.empty());
    return shown.back().head.number;
  }
  void inject(std::string_view text, InjectEnd end, bool swallow = false) {
    channel::Answer answer{.type = AnswerType::kInject, .flow = flow, .through = number};
    answer.inject_end = end;
    answer.swallow = swallow ? 1 : 0;
    EXPECT_TRUE(bench.classifier_end->try_inject(answer, as_bytes(text)));
    bench.pipeline->apply_answers();
  }
  void clear() {
    bench.left_at(kInsidePort).clear();
    bench.left_at(kOutsidePort).clear();
  }
  void wait(TimeNs now) { bench.pipeline->look_after(now); }
  std::vector<Frame>& to_client() { return bench.left_at(kInsidePort); }
  std::vector<Frame>& to_server() { return bench.left_at(kOutsidePort); }

  static constexpr std::uint32_t kAll = 0xfff;
  PipelineBench bench;
  channel::FlowRef flow;
  std::uint32_t number = 0;
};

TEST(Inject, APageThenAFinAndAResetForTheServer) {
  Session session;
  const std::string page(3'000, 'p');
  session.inject(page, InjectEnd::kClose);
  ASSERT_EQ(session.to_client().size(), 3U);
  EXPECT_EQ(joined(session.to_client()), page);
  std::uint32_t next = 501;
  for (std::size_t i = 0; i < 3; ++i) {
    const PacketMeta meta = parsed(session.to_client()[i]);
    EXPECT_EQ(meta.tcp_sequence, next);
    EXPECT_EQ(meta.tcp_acknowledgement, 104U) << "the request arrived";
    EXPECT_EQ(meta.tcp_flags, i == 2 ? kTcpFin | kTcpPsh | kTcpAck : kTcpAck);
    next += meta.payload_bytes;
  }
  ASSERT_EQ(session.to_server().size(), 1U);
  const PacketMeta reset = parsed(session.to_server()[0]);
  EXPECT_EQ(reset.tcp_flags, kTcpRst | kTcpAck);
  EXPECT_EQ(reset.tcp_sequence, 101U);
  EXPECT_EQ(session.bench.dropped(kInsidePort, DropReason::kAnswered), 1U);
  EXPECT_EQ(session.bench.counters().answers_given, 1U);
}

TEST(Inject, ThePageFollowsWhatIsOnItsWay) {
  Session session;
  session.bench.run(kOutsidePort, from_server("PA", 501, "on its way"));
  session.bench.release(session.flow, Direction::kFromResponder, Session::kAll);
  session.bench.run(kOutsidePort, from_server("PA", 511, "waits"));
  session.clear();
  session.inject("page", InjectEnd::kClose);
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_sequence, 511U);
  EXPECT_EQ(session.bench.counters().parked, 0U);
}

TEST(Inject, ThePageIsRepeatedUntilItIsAcknowledged) {
  Session session;
  session.inject(std::string(2'000, 'p'), InjectEnd::kClose);
  session.clear();
  session.wait(kStart + kInjectionResendNs - 1);
  EXPECT_TRUE(session.to_client().empty());
  session.wait(kStart + kInjectionResendNs);
  EXPECT_EQ(joined(session.to_client()).size(), 2'000U);
  session.clear();
  // The first segment arrived: three times the same acknowledgement asks for the rest at once.
  for (int i = 0; i < 4; ++i) {
    session.bench.run(kInsidePort, from_client("A", 104).acknowledgement(
                                       static_cast<std::uint32_t>(501 + kSegmentBytesMax)));
  }
  ASSERT_EQ(session.to_client().size(), 1U);
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_sequence, 501U + kSegmentBytesMax);
  EXPECT_EQ(payload_of(session.to_client()[0]).size(), 2'000U - kSegmentBytesMax);
  session.clear();
  session.bench.run(kInsidePort, from_client("FA", 104).acknowledgement(501 + 2'001));
  ASSERT_EQ(session.to_client().size(), 1U) << "its FIN is acknowledged";
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_acknowledgement, 105U);
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_sequence, 501U + 2'001);
  EXPECT_EQ(session.bench.counters().injections, 0U);
  session.clear();
  session.wait(kStart + 100 * kSecond);
  EXPECT_TRUE(session.to_client().empty());
}

TEST(Inject, NothingIsRepeatedForEver) {
  Session session;
  session.inject("page", InjectEnd::kClose);
  session.clear();
  for (int i = 0; i < 1'000; ++i) session.wait(kStart + i * kInjectionResendNs);
  EXPECT_LE(session.to_client().size(), kInjectionAttemptsMax);
  EXPECT_EQ(session.bench.counters().injections, 0U);
}

TEST(Inject, AfterThePageBothEndsHearWhatLetsThemClose) {
  Session session;
  session.inject("page", InjectEnd::kClose);
  session.clear();
  session.bench.run(kInsidePort, from_client("PA", 101, "bad"));  // again
  session.bench.run(kOutsidePort, from_server("PA", 501, "still here"));
  ASSERT_EQ(session.to_client().size(), 1U);
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_flags, kTcpAck);
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_acknowledgement, 104U);
  ASSERT_EQ(session.to_server().size(), 1U);
  EXPECT_EQ(parsed(session.to_server()[0]).tcp_flags & kTcpRst, kTcpRst);
  EXPECT_EQ(parsed(session.to_server()[0]).tcp_sequence, 101U) << "what the server says it expects";
  for (int i = 0; i < 300; ++i) session.bench.run(kInsidePort, from_client("PA", 104, "a flood"));
  EXPECT_LE(session.to_client().size(), kAnsweredRepliesMax);
  session.bench.set_revision(9);
  session.bench.run(kInsidePort, from_client("PA", 104, "more"));
  EXPECT_TRUE(session.bench.requests(RequestType::kPacket).empty()) << "nobody is asked again";
}

TEST(Inject, TheStreamGoesOnWithOtherNumbers) {
  Session session;
  session.inject("notice", InjectEnd::kContinue);
  ASSERT_EQ(session.to_client().size(), 1U);
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_sequence, 501U);
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_acknowledgement, 101U) << "the question still waits";
  EXPECT_EQ(session.bench.counters().parked, 1U);
  session.bench.release(session.flow, Direction::kFromInitiator, Session::kAll);
  EXPECT_EQ(payload_of(session.to_server().back()), "bad");
  session.clear();
  session.bench.run(kInsidePort, from_client("A", 104).acknowledgement(507));
  EXPECT_EQ(parsed(session.to_server().back()).tcp_acknowledgement, 501U) << "what the server sent";
  session.bench.run(kOutsidePort, from_server("PA", 501, "reply"));
  session.bench.release(session.flow, Direction::kFromResponder, Session::kAll);
  EXPECT_EQ(parsed(session.to_client().back()).tcp_sequence, 507U);
  session.bench.decide(session.flow, VerdictAction::kForward);
  session.bench.run(kInsidePort, from_client("A", 104).acknowledgement(512));
  EXPECT_EQ(parsed(session.to_server().back()).tcp_acknowledgement, 506U);
  session.bench.run(kOutsidePort, from_server("PA", 506, "decided"));
  EXPECT_EQ(parsed(session.to_client().back()).tcp_sequence, 512U);
  EXPECT_EQ(session.bench.counters().injections, 1U);
}

TEST(Inject, ACommandIsReplacedAndTheSessionGoesOn) {
  Session session;
  session.inject("550 no\r\n", InjectEnd::kContinue, true);
  ASSERT_EQ(session.to_client().size(), 1U);
  EXPECT_EQ(payload_of(session.to_client()[0]), "550 no\r\n");
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_acknowledgement, 104U) << "the command counts as arrived";
  EXPECT_TRUE(session.to_server().empty());
  EXPECT_EQ(session.bench.dropped(kInsidePort, DropReason::kAnswered), 1U);
  session.clear();

  session.ask(104, "next");
  session.bench.release(session.flow, Direction::kFromInitiator, Session::kAll);
  EXPECT_EQ(parsed(session.to_server().back()).tcp_sequence, 101U) << "the server never saw the bad one";
  session.bench.run(kOutsidePort, from_server("PA", 501, "250 ok").acknowledgement(105));
  session.bench.release(session.flow, Direction::kFromResponder, Session::kAll);
  const PacketMeta reply = parsed(session.to_client().back());
  EXPECT_EQ(reply.tcp_sequence, 509U);
  EXPECT_EQ(reply.tcp_acknowledgement, 108U);
  session.clear();

  // And once more, further on in the same session.
  session.bench.run(kInsidePort, from_client("PA", 108, "bad again").acknowledgement(515));
  session.number = session.last_number();
  session.inject("550 no\r\n", InjectEnd::kContinue, true);
  EXPECT_EQ(parsed(session.to_client().back()).tcp_sequence, 515U);
  EXPECT_EQ(parsed(session.to_client().back()).tcp_acknowledgement, 117U);
  session.bench.run(kInsidePort, from_client("PA", 117, "quit").acknowledgement(523));
  session.bench.release(session.flow, Direction::kFromInitiator, Session::kAll);
  const PacketMeta quit = parsed(session.to_server().back());
  EXPECT_EQ(quit.tcp_sequence, 105U);
  EXPECT_EQ(quit.tcp_acknowledgement, 507U);
}

TEST(Inject, SwallowedBytesThatAreRepeatedDoNotLeave) {
  Session session;
  session.bench.run(kInsidePort, from_client("PA", 104, "second"));
  const std::uint32_t second = session.last_number();
  session.inject("550\r\n", InjectEnd::kContinue, true);
  session.clear();
  static_cast<void>(second);
  session.bench.decide(session.flow, VerdictAction::kForward);
  EXPECT_EQ(payload_of(session.to_server().back()), "second");
  EXPECT_EQ(parsed(session.to_server().back()).tcp_sequence, 101U);
  session.clear();
  session.bench.run(kInsidePort, from_client("PA", 101, "bad"));
  EXPECT_TRUE(session.to_server().empty());
  ASSERT_EQ(session.to_client().size(), 1U);
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_acknowledgement, 104U);
  EXPECT_EQ(session.bench.dropped(kInsidePort, DropReason::kAnswered), 2U);
  // Together with what stood before it: only that goes on.
  session.bench.run(kInsidePort, from_client("PA", 99, "okbadsecond"));
  ASSERT_EQ(session.to_server().size(), 1U);
  EXPECT_EQ(payload_of(session.to_server()[0]), "ok");
  EXPECT_EQ(parsed(session.to_server()[0]).tcp_sequence, 99U);
}

TEST(Inject, NoMoreIsAcknowledgedThanArrived) {
  Session session;
  session.bench.release(session.flow, Direction::kFromInitiator, Session::kAll);  // "bad" leaves and is lost
  session.bench.run(kInsidePort, from_client("PA", 104, "worse"));
  session.number = session.last_number();
  session.clear();
  session.inject("550\r\n", InjectEnd::kContinue, true);
  EXPECT_EQ(parsed(session.to_client()[0]).tcp_acknowledgement, 101U);
  session.clear();
  session.bench.run(kOutsidePort, from_server("A", 501).acknowledgement(104));
  EXPECT_EQ(parsed(session.to_client().back()).tcp_acknowledgement, 109U) << "now both";
}

TEST(Inject, AnswersThatFollowEachOtherStandBehindEachOther) {
  Session session;
  session.bench.run(kInsidePort, from_client("PA", 104, "worse"));
  const std::uint32_t second = session.last_number();
  session.inject("550 one\r\n", InjectEnd::kContinue, true);
  session.number = second;
  session.inject("550 two\r\n", InjectEnd::kContinue, true);
  EXPECT_EQ(joined(session.to_client()), "550 one\r\n550 two\r\n");
  EXPECT_EQ(parsed(session.to_client()[1]).tcp_sequence, 510U);
  EXPECT_EQ(parsed(session.to_client()[1]).tcp_acknowledgement, 109U);
  session.clear();
  session.bench.run(kInsidePort, from_client("PA", 109, "ok").acknowledgement(519));
  session.bench.release(session.flow, Direction::kFromInitiator, Session::kAll);
  EXPECT_EQ(parsed(session.to_server().back()).tcp_sequence, 101U);
  EXPECT_EQ(parsed(session.to_server().back()).tcp_acknowledgement, 501U);
}

TEST(Inject, WhatIsNeverAcknowledgedEndsInAReset) {
  Session session;
  session.inject("550\r\n", InjectEnd::kContinue, true);
  session.bench.run(kInsidePort, from_client("PA", 104, "waits"));
  session.clear();
  for (int i = 0; i < 1'000; ++i) session.wait(kStart + i * kMillisecond * 20);
  EXPECT_EQ(session.bench.counters().answers_lost, 1U);
  EXPECT_EQ(session.bench.counters().answers_resent, kInjectionAttemptsMax);
  EXPECT_GE(session.bench.dropped(kInsidePort, DropReason::kPolicyReset) +
                session.bench.dropped(kInsidePort, DropReason::kException),
            1U);
}

TEST(Inject, AQueryIsAnsweredInTheServersName) {
  PipelineBench bench;
  bench.run(kInsidePort, ipv6("fd00::1", "2001:db8::53").udp(5'353, 53).payload("query").vlan(30));
  const auto requests = bench.requests(RequestType::kPacket);
  channel::Answer answer{.flow = requests[0].flow, .through = requests[0].head.number};
  ASSERT_TRUE(bench.classifier_end->try_inject(answer, as_bytes("answer")));
  bench.pipeline->apply_answers();
  ASSERT_EQ(bench.left_at(kInsidePort).size(), 1U);
  const PacketMeta meta = parsed(bench.left_at(kInsidePort)[0]);
  EXPECT_EQ(meta.kind, PacketKind::kUdp);
  EXPECT_EQ(payload_of(bench.left_at(kInsidePort)[0]), "answer");
  EXPECT_EQ(meta.key.vlan, 30);
  EXPECT_TRUE(bench.left_at(kOutsidePort).empty());
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kAnswered), 1U);
}

TEST(Inject, WhatCannotBeAnsweredIsReset) {
  PipelineBench bench;
  bench.run(kInsidePort, ipv4(kClient, kServer).protocol(47).payload("tunnelled"));
  ASSERT_TRUE(bench.classifier_end->try_inject({.flow = bench.requests()[0].flow}, as_bytes("answer")));
  bench.pipeline->apply_answers();
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyReset), 1U);
  EXPECT_EQ(bench.counters().answers_refused, 1U);

  PipelineBench long_datagram;
  long_datagram.run(kInsidePort, ipv4(kClient, kServer).udp(5'353, 53).payload("query"));
  const std::string long_answer(kBuiltDatagramBytesMax + 1, 'x');
  ASSERT_TRUE(long_datagram.classifier_end->try_inject({.flow = long_datagram.requests()[0].flow},
                                                       as_bytes(long_answer)));
  long_datagram.pipeline->apply_answers();
  EXPECT_EQ(long_datagram.dropped(kInsidePort, DropReason::kPolicyReset), 1U);
}

TEST(Inject, NothingWaitsAnyMoreOrTheFlowIsOver) {
  Session session;
  session.bench.decide(session.flow, VerdictAction::kDrop);
  session.clear();
  session.inject("late", InjectEnd::kClose);
  EXPECT_TRUE(session.to_client().empty());
  EXPECT_EQ(session.bench.counters().answers_refused, 1U);
  EXPECT_EQ(session.bench.counters().answers_given, 0U);
}

TEST(Injections, AFullPoolResetsInsteadOfPassing) {
  Session session;
  Injections& pool = session.bench.pipeline->path().injections;
  for (std::uint32_t i = 0; i < kInjectionsMax; ++i) ASSERT_NE(pool.ensure(1'000'000 + i), nullptr);
  EXPECT_EQ(pool.ensure(7), nullptr);
  session.inject("550\r\n", InjectEnd::kContinue, true);
  EXPECT_EQ(session.bench.counters().answers_refused, 1U);
  EXPECT_EQ(session.bench.dropped(kInsidePort, DropReason::kPolicyReset), 1U);
  for (std::uint32_t i = 0; i < kInjectionsMax; ++i) pool.release(1'000'000 + i);
  EXPECT_EQ(pool.count(), 0U);
}

}  // namespace
}  // namespace weir::dataplane
