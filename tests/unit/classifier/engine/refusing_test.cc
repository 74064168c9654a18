// SPDX-License-Identifier: Apache-2.0
// What a refused client is told, and how a refused command leaves the stream.
#include <gtest/gtest.h>

#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

using channel::InjectEnd;

constexpr const char* kWeb =
    "web:\n  - {rule: no-bets, match: {domain: bet.example}, then: block, tell_user: Not here}\n";
constexpr const char* kMail =
    "email:\n  - {rule: no-rival, match: {recipient: rival.example}, then: refuse, tell_user: Ask first}\n";
const std::string kDnsQuestion{
    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03"
    "bet\x07"
    "example\x00\x00\x01\x00\x01",
    29};
const std::string kOtherQuestion{
    "\x12\x35\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03"
    "our\x07"
    "example\x00\x00\x01\x00\x01",
    29};

/// The one answer since the last call.
Answer one_answer(Bench& bench) {
  const std::vector<Answer> answers = bench.answers();
  EXPECT_EQ(answers.size(), 1U);
  return answers.empty() ? Answer{} : answers.back();
}

/// The client is told, and the connection ends.
Answer expect_closing_words(Bench& bench) {
  const Answer answer = one_answer(bench);
  EXPECT_EQ(answer.type, AnswerType::kInject);
  EXPECT_EQ(answer.inject_end, InjectEnd::kClose);
  return answer;
}

/// A mail session up to the reply to EHLO; what comes next has the numbers client and server.
struct Mail {
  explicit Mail(Bench& b) : bench(b) {
    bench.handshake(25);
    says("220 mx.example ESMTP\r\n");
    sends("EHLO pc.example\r\n");
    says("250-mx.example\r\n250 PIPELINING\r\n");
    bench.answers();
  }
  void says(const std::string& text) {
    bench.packet(kServer, text, server);
    server += static_cast<std::uint32_t>(text.size());
  }
  void sends(const std::string& text) {
    bench.packet(kClient, text, client);
    client += static_cast<std::uint32_t>(text.size());
  }
  /// The sender's TCP sends again what was not acknowledged.
  void repeats(const std::string& text, std::uint32_t from) { bench.packet(kClient, text, from); }

  Bench& bench;
  std::uint32_t client = 1'000;
  std::uint32_t server = 2'000;
};

TEST(Refusing, AnHttpClientGetsThePageAndTheFlowItsEnd) {
  Bench bench(kWeb);
  bench.handshake(80);
  bench.packet(kClient, http_get("www.bet.example"), 1'000);
  expect_closing_words(bench);
  EXPECT_NE(bench.told.find("www.bet.example"), std::string::npos);
  EXPECT_NE(bench.told.find("Not here"), std::string::npos);
  ASSERT_FALSE(bench.sink.events.empty());
  EXPECT_NE(bench.told.find(bench.sink.events.back().flow_id()), std::string::npos);
  EXPECT_EQ(bench.sink.events.back().action(), "block");
  EXPECT_EQ(bench.classifier().counts().refused, 1U);
}

TEST(Refusing, ASecondRequestThatIsOutOfTurnIsReset) {
  Bench bench(kWeb);
  bench.handshake(80);
  bench.packet(kClient, http_get("our.example") + http_get("bet.example"), 1'000);
  const Answer answer = one_answer(bench);
  EXPECT_EQ(answer.type, AnswerType::kFinal);
  EXPECT_EQ(answer.action, VerdictAction::kReset);
}

TEST(Refusing, WhatDoesNotWaitCannotBeAnswered) {
  Bench bench(kWeb);
  bench.handshake(80);
  bench.parked = false;
  bench.packet(kClient, http_get("bet.example"), 1'000);
  EXPECT_EQ(one_answer(bench).type, AnswerType::kFinal);
}

TEST(Refusing, ADnsQuestionIsAnsweredAndTheFlowGoesOn) {
  Bench bench(kWeb);
  bench.open(kProtocolUdp, 53);
  bench.packet(kClient, kDnsQuestion);
  const Answer refused = one_answer(bench);
  EXPECT_EQ(refused.type, AnswerType::kInject);
  EXPECT_EQ(refused.inject_end, InjectEnd::kContinue);
  EXPECT_EQ(bench.told.substr(0, 4), std::string("\x12\x34\x81\x83", 4));
  bench.packet(kClient, kDnsQuestion);  // asked again, for lack of an answer
  EXPECT_EQ(one_answer(bench).type, AnswerType::kInject);
  bench.packet(kClient, kOtherQuestion);
  EXPECT_EQ(one_answer(bench).type, AnswerType::kRelease);
}

TEST(Refusing, APageLetsTheNameBeAskedFor) {
  Bench bench("web:\n  - {rule: no-bets, match: {domain: bet.example}, then: page}\n");
  bench.open(kProtocolUdp, 53);
  bench.packet(kClient, kDnsQuestion);
  EXPECT_EQ(one_answer(bench).type, AnswerType::kRelease);
  bench.handshake(80);
  bench.packet(kClient, http_get("bet.example"), 1'000);
  EXPECT_EQ(one_answer(bench).type, AnswerType::kInject);
}

TEST(Refusing, ALimitGoesWithEveryAnswer) {
  Bench bench(
      "web:\n  - {rule: slow, match: {domain: bet.example}, then: limit, rate: 8 Mbit/s, per: flow}\n");
  bench.handshake(80);
  bench.packet(kClient, http_get("bet.example"), 1'000);
  const Answer answer = one_answer(bench);
  EXPECT_EQ(answer.type, AnswerType::kRelease);
  EXPECT_EQ(answer.limit_bytes_s, 1'000'000U);
  EXPECT_EQ(answer.limit_scope, channel::LimitScope::kFlow);
}

TEST(Refusing, ARecipientAloneInItsPacketIsAnsweredAtOnce) {
  Bench bench(kMail);
  Mail mail(bench);
  mail.sends("MAIL FROM:<a@our.example>\r\n");
  mail.says("250 ok\r\n");
  bench.answers();
  const std::uint32_t from = mail.client;
  mail.sends("RCPT TO:<b@rival.example>\r\n");
  const Answer answer = one_answer(bench);
  EXPECT_EQ(answer.type, AnswerType::kInject);
  EXPECT_EQ(answer.inject_end, InjectEnd::kContinue);
  EXPECT_EQ(answer.swallow, 1);
  EXPECT_EQ(answer.skip_from_sequence, from);
  EXPECT_EQ(answer.skip_bytes, 27U);
  EXPECT_TRUE(bench.told.starts_with("550 5.7.1 Ask first (reference "));
  const event::FlowEvent& said = bench.sink.events.back();
  EXPECT_EQ(said.action(), "refuse");
  EXPECT_EQ(said.hits(0).object(), "b@rival.example");
  // The session goes on, and the server knows nothing of it.
  mail.sends("RCPT TO:<c@friend.example>\r\n");
  EXPECT_EQ(one_answer(bench).type, AnswerType::kRelease);
  mail.says("250 ok\r\n");
  mail.sends("QUIT\r\n");
  bench.close();
  EXPECT_EQ(bench.sink.events.back().mail().recipients_size(), 1);
  EXPECT_EQ(bench.sink.events.back().mail().recipients(0), "c@friend.example");
}

TEST(Refusing, APipelinedRecipientIsCutOutAndAnsweredWhenItIsItsTurn) {
  Bench bench(kMail);
  Mail mail(bench);
  bench.acknowledges = false;  // the server has no more than was let go
  const std::string before = "MAIL FROM:<a@our.example>\r\nRCPT TO:<c@friend.example>\r\n";
  const std::string refused = "RCPT TO:<b@rival.example>\r\n";
  const std::string behind = "RCPT TO:<d@friend.example>\r\nDATA\r\n";
  const std::uint32_t from = mail.client + static_cast<std::uint32_t>(before.size());
  mail.sends(before + refused + behind);
  Answer answer = one_answer(bench);
  EXPECT_EQ(answer.type, AnswerType::kCut);
  EXPECT_EQ(answer.skip_from_sequence, from);
  // Not yet: MAIL has its reply, RCPT has not.
  mail.says("250 ok\r\n");
  bench.answers();
  mail.repeats(refused + behind, from);
  EXPECT_EQ(one_answer(bench).type, AnswerType::kCut);
  mail.says("250 ok\r\n");
  bench.answers();
  mail.repeats(refused + behind, from);
  answer = one_answer(bench);
  EXPECT_EQ(answer.type, AnswerType::kInject);
  EXPECT_EQ(answer.skip_bytes, refused.size());
  mail.repeats(behind, from + static_cast<std::uint32_t>(refused.size()));
  EXPECT_EQ(one_answer(bench).type, AnswerType::kRelease);
  mail.says("250 ok\r\n354 go\r\n");
  mail.sends("Subject: x\r\n\r\nhello\r\n.\r\n");
  mail.says("250 queued\r\n");
  bench.close();
  const auto& said = bench.sink.events.back().mail();
  ASSERT_EQ(said.recipients_size(), 2);
  EXPECT_EQ(said.recipients(1), "d@friend.example");
  EXPECT_EQ(said.messages(), 1U);
}

TEST(Refusing, TwoRecipientsInARowAreRefusedOneAfterTheOther) {
  Bench bench(kMail);
  Mail mail(bench);
  mail.sends("MAIL FROM:<a@our.example>\r\n");
  mail.says("250 ok\r\n");
  bench.answers();
  const std::string one = "RCPT TO:<b@rival.example>\r\n";
  const std::string two = "RCPT TO:<c@rival.example>\r\n";
  const std::uint32_t from = mail.client;
  mail.sends(one + two);
  EXPECT_EQ(one_answer(bench).skip_from_sequence, from);
  bench.parked = false;  // the client acknowledges the reply, and the next command is read
  mail.repeats("", from + static_cast<std::uint32_t>(one.size()));
  EXPECT_TRUE(bench.answers().empty());
  bench.parked = true;
  mail.repeats(two, from + static_cast<std::uint32_t>(one.size()));
  const Answer second = one_answer(bench);
  EXPECT_EQ(second.type, AnswerType::kInject);
  EXPECT_EQ(second.skip_from_sequence, from + one.size());
  EXPECT_EQ(bench.classifier().counts().refused, 2U);
}

TEST(Refusing, ACommandThatBeganInAnEarlierPacketOfTheBurstWasKeptForIt) {
  Bench bench(kMail);
  Mail mail(bench);
  const std::string before = "MAIL FROM:<a@our.example>\r\n";
  const std::uint32_t from = mail.client + static_cast<std::uint32_t>(before.size());
  mail.sends(before + "RCPT TO:<b@riv");
  EXPECT_EQ(one_answer(bench).through, bench.last_number() - 1);  // it waits for the rest of the command
  mail.sends("al.example>\r\n");
  const Answer answer = one_answer(bench);
  EXPECT_EQ(answer.type, AnswerType::kCut);
  EXPECT_EQ(answer.skip_from_sequence, from);
}

TEST(Refusing, InALongRowOnlyThePacketWithTheOpenCommandWaits) {
  Bench bench(kMail);
  Mail mail(bench);
  mail.sends("MAIL FROM:<a@our.example>\r\nRCPT TO:<b@fri");
  bench.answers();
  mail.sends("end.example>\r\nRCPT TO:<c@fri");
  const Answer answer = one_answer(bench);
  EXPECT_EQ(answer.type, AnswerType::kRelease);
  EXPECT_EQ(answer.through, bench.last_number() - 1);
}

TEST(Refusing, APacketThatIsSentAgainBeforeTheRestOfItsCommandComesIsLetGo) {
  Bench bench(kMail);
  Mail mail(bench);
  const std::string part = "MAIL FROM:<a@our.example>\r\nRCPT TO:<b@riv";
  const std::uint32_t from = mail.client;
  mail.sends(part);
  bench.answers();
  mail.repeats(part, from);
  EXPECT_EQ(one_answer(bench).through, bench.last_number());
  mail.says("250 ok\r\n");
  bench.answers();
  mail.sends("al.example>\r\n");
  const Answer answer = one_answer(bench);  // too late for the session to go on
  EXPECT_EQ(answer.type, AnswerType::kInject);
  EXPECT_EQ(answer.inject_end, InjectEnd::kClose);
}

TEST(Refusing, ACommandOfWhichAPartHasLeftEndsTheSessionInWords) {
  Bench bench(kMail);
  Mail mail(bench);
  mail.sends("MAIL FROM:<a@our.example>\r\n");
  mail.says("250 ok\r\n");
  mail.sends("RCPT TO:<b@riv");  // nothing is outstanding: as if it was typed
  bench.answers();
  mail.sends("al.example>\r\n");
  expect_closing_words(bench);
}

TEST(Refusing, ACommandThatGotThroughAllTheSameEndsTheSession) {
  Bench bench(kMail);
  Mail mail(bench);
  const std::string before = "MAIL FROM:<a@our.example>\r\n";
  mail.sends(before + "RCPT TO:<b@rival.example>\r\n");
  EXPECT_EQ(one_answer(bench).type, AnswerType::kCut);
  mail.says("250 ok\r\n250 ok\r\n");  // acknowledges more than was let go
  const Answer answer = one_answer(bench);
  EXPECT_EQ(answer.type, AnswerType::kFinal);
  EXPECT_EQ(answer.action, VerdictAction::kReset);
}

TEST(Refusing, ARuleAboutTheWholeSessionEndsItInWords) {
  Bench bench("email:\n  - {rule: no-mail, match: {protocol: smtp}, then: refuse}\n");
  bench.handshake(25);
  bench.packet(kServer, "220 mx.example ESMTP\r\n", 2'000);
  bench.answers();
  bench.packet(kClient, "EHLO pc.example\r\n", 1'000);
  const Answer answer = expect_closing_words(bench);
  EXPECT_EQ(answer.swallow, 0);
  EXPECT_TRUE(bench.told.starts_with("550 5.7.1 "));
}

TEST(Refusing, WhatWasAcceptedBeforeTheRuleIsRefusedAtItsData) {
  Bench bench("email:\n  - {rule: no-rival, match: {sender: rival.example}, then: report}\n");
  Mail mail(bench);
  mail.sends("MAIL FROM:<a@our.example>\r\n");
  mail.says("250 ok\r\n");
  mail.sends("RCPT TO:<b@rival.example>\r\n");
  mail.says("250 ok\r\n");
  bench.classifier().set_policy(policy_of(kMail, 2));
  bench.answers();
  mail.sends("DATA\r\n");
  expect_closing_words(bench);
}

TEST(Refusing, AMessageIsRefusedInWordsAndTheSessionEnds) {
  Bench bench("email:\n  - {rule: no-rival, match: {sender: rival.example}, then: report}\n");
  Mail mail(bench);
  mail.sends("MAIL FROM:<a@our.example>\r\n");
  mail.says("250 ok\r\n");
  mail.sends("RCPT TO:<b@rival.example>\r\n");
  mail.says("250 ok\r\n");
  mail.sends("DATA\r\n");
  mail.says("354 go\r\n");
  bench.answers();
  bench.classifier().set_policy(policy_of(kMail, 2));
  bench.answers();
  mail.sends("Subject: x\r\n\r\nhello\r\n");
  expect_closing_words(bench);
}

}  // namespace
}  // namespace weir::classifier::test
