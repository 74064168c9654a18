// SPDX-License-Identifier: Apache-2.0
#include "classifier/engine/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_builder.h"
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

constexpr const char* kNoBet =
    "web: [{rule: no-bet, match: {domain: bet.example}, then: block, severity: high}]";
const std::string kDnsQuery = std::string{"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03", 13} +
                              "www\x07" + "example" + std::string{"\x00\x00\x01\x00\x01", 5};

TEST(Classifier, AnAddressRuleBlocksBeforeAnyByte) {
  Bench bench{"network: [{rule: no-net, match: {destination: 192.0.2.0/24}, then: block}]"};
  bench.open(kProtocolTcp, 443);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kFinal);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  EXPECT_EQ(answers[0].flow, bench.flow());
  EXPECT_EQ(answers[0].policy_revision, 1U);
  ASSERT_EQ(bench.sink.events.size(), 1U);
  EXPECT_EQ(bench.sink.events[0].kind(), event::KIND_OPENED);
  EXPECT_EQ(bench.sink.events[0].action(), "block");
  EXPECT_EQ(bench.sink.events[0].rule(), "no-net");
  EXPECT_GT(bench.sink.events[0].path_size(), 0);
  bench.close(channel::EndReason::kBlocked);
  ASSERT_EQ(bench.sink.events.size(), 2U);
  EXPECT_EQ(bench.sink.events[1].kind(), event::KIND_FINAL);
  EXPECT_EQ(bench.sink.events[1].end_reason(), "blocked");
  EXPECT_EQ(bench.sink.events[1].hits_size(), 0);  // said once
}

TEST(Classifier, AForbiddenHostIsRefusedByThePacketThatNamesIt) {
  Bench bench{kNoBet};
  bench.handshake(80);
  bench.packet(kClient, http_get("www.bet.example"), 1'000);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kInject);
  EXPECT_EQ(answers[0].inject_end, channel::InjectEnd::kClose);
  ASSERT_EQ(bench.sink.events.size(), 1U);
  const auto& event = bench.sink.events[0];
  EXPECT_EQ(event.host(), "www.bet.example");
  ASSERT_EQ(event.hits_size(), 1);
  EXPECT_EQ(event.hits(0).rule(), "no-bet");
  EXPECT_EQ(event.hits(0).severity(), "high");
  ASSERT_EQ(event.software_size(), 1);
  EXPECT_EQ(event.software(0).version(), "7.88.1");
  // What crossed the verdict on its way gets it again, and no second event.
  bench.packet(kClient, "more", 2'000);
  ASSERT_EQ(bench.answers().size(), 1U);
  EXPECT_EQ(bench.sink.events.size(), 1U);
  EXPECT_EQ(bench.classifier().counts().reset, 1U);
}

TEST(Classifier, AnAllowedRequestGoesOnAndTheNextOneIsJudgedToo) {
  Bench bench{kNoBet};
  bench.handshake(80);
  const std::string first = http_get("good.example");
  bench.packet(kClient, first, 1'000);
  auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kRelease);
  EXPECT_EQ(answers[0].direction, kClient);
  EXPECT_EQ(answers[0].through, 3U);
  const std::string reply = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
  bench.packet(kServer, reply, 2'000);
  answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_NE(answers[0].type, AnswerType::kFinal);  // another request may come
  bench.packet(kClient, http_get("bet.example"), 1'000 + static_cast<std::uint32_t>(first.size()));
  answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kInject);
  EXPECT_EQ(answers[0].inject_end, channel::InjectEnd::kClose);
}

TEST(Classifier, ANamedAndLabelledFlowIsHandedOver) {
  Bench bench{kNoBet};
  bench.open(kProtocolUdp, 53);
  EXPECT_TRUE(bench.answers().empty());
  bench.packet(kClient, kDnsQuery);
  bool final = false;
  for (const Answer& answer : bench.answers()) final |= answer.type == AnswerType::kFinal;
  std::string reply = kDnsQuery;
  reply[2] = '\x81';
  reply[3] = '\x80';
  reply[7] = '\x01';
  reply += std::string{"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x05", 16};
  if (!final) bench.packet(kServer, reply);
  for (const Answer& answer : bench.answers()) final |= answer.type != AnswerType::kPolicyRevision;
  EXPECT_TRUE(final);
  bench.close();
  const auto& last = bench.sink.events.back();
  EXPECT_EQ(last.kind(), event::KIND_FINAL);
  EXPECT_EQ(last.master(), "DNS");
  EXPECT_EQ(last.host(), "www.example");
  EXPECT_EQ(last.host_source(), "dns-query");
  EXPECT_EQ(bench.classifier().counts().flows, 0U);
  EXPECT_EQ(bench.classifier().counts().bytes_held, 0U);
}

TEST(Classifier, AnEarlySegmentWaitsForTheMissingOne) {
  Bench bench{kNoBet};
  bench.handshake(80);
  const std::string request = http_get("good.example");
  bench.packet(kClient, request.substr(10), 1'010);
  EXPECT_TRUE(bench.answers().empty());
  EXPECT_GT(bench.classifier().counts().bytes_held, 0U);
  bench.packet(kClient, request.substr(0, 10), 1'000);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kRelease);
  EXPECT_EQ(answers[0].through, 4U);
}

TEST(Classifier, TwoHolesReleaseOnlyThePacketInOrder) {
  Bench bench{kNoBet};
  bench.handshake(80);
  const std::string request = http_get("good.example");
  bench.packet(kClient, request.substr(20), 1'020);
  bench.packet(kClient, request.substr(0, 10), 1'000);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kReleasePacket);
  EXPECT_EQ(answers[0].through, 4U);
}

class ExceptionTable : public ::testing::TestWithParam<ExceptionAction> {};

TEST_P(ExceptionTable, AStreamThatCannotBeDecidedFollowsIt) {
  ClassifierOptions options;
  options.inspect.stream_bytes_max = 256;
  options.pairs.resize(1);
  options.pairs[0].exceptions[static_cast<std::size_t>(ExceptionCause::kStreamUndecidable)] = GetParam();
  Bench bench{kNoBet, options};
  bench.handshake(80);
  bench.packet(kClient, "GET /" + std::string(200, 'a'), 1'000);
  bench.packet(kClient, std::string(200, 'a'), 1'205);
  bench.packet(kClient, std::string(200, 'a'), 1'405);
  const auto answers = bench.answers();
  ASSERT_FALSE(answers.empty());
  const auto cause = static_cast<std::uint8_t>(1 + static_cast<unsigned>(ExceptionCause::kStreamUndecidable));
  EXPECT_EQ(answers.back().exception, cause);
  const bool drop = GetParam() == ExceptionAction::kDrop;
  EXPECT_EQ(answers.back().type == AnswerType::kFinal && answers.back().action == VerdictAction::kDrop, drop);
  EXPECT_EQ(
      bench.classifier().counts().exceptions[static_cast<std::size_t>(ExceptionCause::kStreamUndecidable)],
      1U);
  bench.close();
  ASSERT_EQ(bench.sink.events.back().exceptions_size(), 1);
  EXPECT_EQ(bench.sink.events.back().exceptions(0), "stream-undecidable");
}

/// The data plane has the same table, looks the row up and counts it.
TEST(Classifier, APacketThatCannotBeJudgedIsLeftToTheTableAlone) {
  const auto row = [](ExceptionCause cause) {
    return static_cast<std::uint8_t>(1 + static_cast<unsigned>(cause));
  };
  Bench bench{kNoBet};
  bench.open(kProtocolUdp, 53);
  bench.fragment = true;
  bench.packet(kClient, std::string(100, 'x'));
  auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kReleasePacket);
  EXPECT_EQ(answers[0].through, 1U);
  EXPECT_EQ(answers[0].exception, row(ExceptionCause::kFragment));
  bench.fragment = false;
  bench.packet(kClient, "too short");
  answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kReleasePacket);
  EXPECT_EQ(answers[0].exception, row(ExceptionCause::kParserError));
  bench.packet(kClient, weir::test::dns_query("bet.example"));  // a message of its own
  answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kInject);
  EXPECT_EQ(answers[0].inject_end, channel::InjectEnd::kContinue);
}

INSTANTIATE_TEST_SUITE_P(PassAndDrop, ExceptionTable,
                         ::testing::Values(ExceptionAction::kPass, ExceptionAction::kDrop));

TEST(Classifier, TheTotalOfAssemblyBytesIsBounded) {
  ClassifierOptions options;
  options.stream_bytes_total_max = 100;
  Bench bench{kNoBet, options};
  bench.handshake(80);
  bench.packet(kClient, std::string(300, 'x'), 2'000);  // ahead of a hole: has to be held
  EXPECT_EQ(
      bench.classifier().counts().exceptions[static_cast<std::size_t>(ExceptionCause::kStreamUndecidable)],
      1U);
  EXPECT_EQ(bench.classifier().counts().bytes_held, 0U);
}

TEST(Classifier, OldGenerationsAndUnknownSlotsAreIgnored) {
  Bench bench{kNoBet};
  bench.open(kProtocolTcp, 80, 1, 1);
  bench.open(kProtocolTcp, 80, 1, 2);  // the end of the first was lost
  EXPECT_EQ(bench.sink.events.size(), 1U);
  EXPECT_EQ(bench.sink.events[0].kind(), event::KIND_FINAL);
  channel::Request stale = bench.base(channel::RequestType::kPacket);
  stale.flow.generation = 1;
  bench.classifier().on_request(stale);
  stale.flow = {63, 1};
  bench.classifier().on_request(stale);
  stale.flow = {64, 1};  // past the channel's slots
  bench.classifier().on_request(stale);
  stale.type = channel::RequestType::kFlowOpened;
  bench.classifier().on_request(stale);
  EXPECT_EQ(bench.classifier().counts().stale, 3U);
  EXPECT_EQ(bench.classifier().counts().flows, 1U);
  EXPECT_TRUE(bench.answers().empty());
}

TEST(Classifier, ANewPolicyIsAppliedToTheFactsOfADecidedFlow) {
  Bench bench{""};
  bench.open(kProtocolUdp, 5'999);
  for (int i = 0; i < 40 && bench.classifier().counts().forwarded == 0; ++i)
    bench.packet(kClient, "\x01unknown");
  ASSERT_EQ(bench.classifier().counts().forwarded, 1U);
  bench.answers();
  bench.classifier().set_policy(policy_of("network: [{rule: no-net, match: {port: 5999}, then: block}]", 2));
  auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kPolicyRevision);
  EXPECT_EQ(answers[0].policy_revision, 2U);
  bench.redecide = true;
  bench.packet(kClient, "\x01unknown");
  answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kFinal);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  EXPECT_EQ(answers[0].policy_revision, 2U);
  EXPECT_EQ(bench.sink.events.back().kind(), event::KIND_UPDATE);
  EXPECT_EQ(bench.sink.events.back().rule(), "no-net");
}

TEST(Classifier, AFlowDroppedByTheTableStaysDroppedUnderANewPolicy) {
  ClassifierOptions options;
  options.inspect.stream_bytes_max = 256;
  options.pairs.resize(1);
  options.pairs[0].exceptions[static_cast<std::size_t>(ExceptionCause::kStreamUndecidable)] =
      ExceptionAction::kDrop;
  Bench bench{"", options};
  bench.handshake(80);
  bench.packet(kClient, "GET /" + std::string(600, 'a'), 1'000);
  ASSERT_EQ(bench.classifier().counts().dropped, 1U);
  bench.classifier().set_policy(policy_of("", 2));
  bench.answers();
  bench.redecide = true;
  bench.packet(kClient, "x", 1'605);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kDrop);
}

TEST(Classifier, AnAnswerIsThereBeforeTheEventIsBuilt) {
  Bench bench{kNoBet};
  bench.handshake(80);
  bench.answers();
  std::vector<std::size_t> events_before;
  bench.classifier().on_answer([&] { events_before.push_back(bench.sink.events.size()); });
  bench.packet(kClient, "GET / HTTP/1.1\r\nHost: www.other.example\r\n\r\n", 1'000);
  ASSERT_FALSE(events_before.empty());
  EXPECT_EQ(events_before[0], 0U);
  EXPECT_EQ(bench.sink.events.size(), 1U);
}

TEST(Classifier, AHitIsSaidBeforeItsAnswerLeaves) {
  Bench bench{kNoBet};
  bench.handshake(80);
  bench.answers();
  std::size_t left = 0;
  bench.classifier().on_answer([&] { ++left; });
  bench.packet(kClient, "GET / HTTP/1.1\r\nHost: www.bet.example\r\n\r\n", 1'000);
  EXPECT_EQ(left, 0U) << "not while the event is not said";
  ASSERT_EQ(bench.sink.events.size(), 1U);
  EXPECT_EQ(bench.sink.events[0].hits_size(), 1);
  EXPECT_FALSE(bench.answers().empty());
}

TEST(Classifier, AnEndWithoutABeginningIsStillSaid) {
  Bench bench{kNoBet};
  channel::Request request = bench.base(channel::RequestType::kFlowClosed);
  request.flow = {5, 9};
  request.closed.flow.initiator = IpAddress::parse("10.20.0.9")->bytes();
  request.closed.flow.protocol = kProtocolTcp;
  request.closed.packets = {3, 2};
  bench.classifier().on_request(request);
  ASSERT_EQ(bench.sink.events.size(), 1U);
  EXPECT_EQ(bench.sink.events[0].kind(), event::KIND_FINAL);
  EXPECT_EQ(bench.sink.events[0].initiator(), "10.20.0.9");
  EXPECT_EQ(bench.sink.events[0].master(), "Unknown");
  EXPECT_EQ(bench.sink.events[0].counters().packets_from_initiator(), 3U);
  EXPECT_EQ(bench.classifier().counts().closed_unknown, 1U);
}

TEST(Classifier, ANewChannelEndsTheFlowsOfTheOldOne) {
  Bench bench{kNoBet};
  bench.handshake(80);
  bench.classifier().attach(64);
  ASSERT_EQ(bench.sink.events.size(), 1U);
  EXPECT_EQ(bench.sink.events[0].kind(), event::KIND_FINAL);
  EXPECT_EQ(bench.sink.events[0].end_reason(), "shutdown");
  const auto answers = bench.answers();  // the new data plane learns the revision first
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kPolicyRevision);
  EXPECT_EQ(bench.classifier().counts().flows, 0U);
}

TEST(Classifier, WhatIsLearnedAtTheEndIsReportedAsNotEnforced) {
  Bench bench{"network: [{rule: no-ssh, match: {app: SSH}, then: block, allow_guess: true}]"};
  bench.open(kProtocolTcp, 22);
  bench.packet(kClient, "", 999, kSyn);
  bench.close(channel::EndReason::kIdle);
  const auto& event = bench.sink.events.back();
  EXPECT_EQ(event.confidence(), "Match by port");
  EXPECT_EQ(event.action(), "allow");
  ASSERT_EQ(event.hits_size(), 1);
  EXPECT_TRUE(event.hits(0).would_block());
}

TEST(Classifier, UpdatesComeAtMostOnceAMinuteUnlessARuleMatched) {
  Bench bench{"web: [{rule: seen, match: {domain: report.example}, then: report}]"};
  bench.handshake(80);
  std::uint32_t client = 1'000;
  std::uint32_t server = 2'000;
  const auto exchange = [&](const std::string& host) {
    const std::string request = http_get(host);
    const std::string reply = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
    bench.packet(kClient, request, client);
    bench.packet(kServer, reply, server);
    client += static_cast<std::uint32_t>(request.size());
    server += static_cast<std::uint32_t>(reply.size());
  };
  exchange("one.example");
  exchange("two.example");
  ASSERT_EQ(bench.sink.events.size(), 1U);  // OPENED
  exchange("report.example");
  ASSERT_EQ(bench.sink.events.size(), 2U);
  EXPECT_EQ(bench.sink.events[1].kind(), event::KIND_UPDATE);
  EXPECT_EQ(bench.sink.events[1].hits_size(), 1);
  exchange("report.example");
  EXPECT_EQ(bench.sink.events.size(), 2U);  // said before
  bench.now += kUpdateInterval;
  exchange("three.example");
  EXPECT_EQ(bench.sink.events.size(), 3U);
  EXPECT_EQ(bench.sink.events[2].hits_size(), 0);
}

TEST(Classifier, PacketsThatAreNotParkedNeedNoAnswer) {
  Bench bench{kNoBet};
  bench.handshake(80);
  bench.parked = false;
  bench.packet(kClient, "", 1'000);
  EXPECT_TRUE(bench.answers().empty());
}

TEST(AnswerQueue, KeepsOrderAndSaysWhenItOverflowed) {
  AnswerQueue queue{3};
  for (std::uint32_t i = 0; i < 3; ++i) {
    Answer answer;
    answer.through = i;
    queue.push(answer);
  }
  EXPECT_FALSE(queue.overflowed());
  std::vector<std::uint32_t> taken;
  EXPECT_FALSE(queue.flush([&](const Answer& answer, std::string_view) {
    if (taken.size() == 2) return false;
    taken.push_back(answer.through);
    return true;
  }));
  EXPECT_THAT(taken, ::testing::ElementsAre(0, 1));
  EXPECT_EQ(queue.waiting(), 1U);
  for (int i = 0; i < 3; ++i) queue.push(Answer{});
  EXPECT_TRUE(queue.overflowed());
  EXPECT_EQ(queue.waiting(), 3U);
  queue.clear();
  EXPECT_FALSE(queue.overflowed());
}

}  // namespace
}  // namespace weir::classifier::test
