// SPDX-License-Identifier: Apache-2.0
// A client goes on from the page of a rule with `then: continue`.
#include "policy/engine/recorded_facts.h"
#include "tests/unit/classifier/engine/tls_flow.h"

namespace weir::classifier::test {
namespace {

using channel::InjectEnd;

constexpr const char* kShops =
    "web:\n  - {rule: ask-first, match: {domain: shop.example}, then: continue, for: 1h, severity: low, "
    "tell_user: At work}\n";

std::string get(const std::string& target, const std::string& host = "shop.example") {
  return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}
std::string post(const std::string& target, const std::string& host = "shop.example") {
  return "POST " + target + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n\r\n";
}

/// The target of the button in the page that was told last.
std::string button(const Bench& bench) {
  const std::string before = "action=\"";
  const std::size_t at = bench.told.find(before);
  if (at == std::string::npos) return {};
  std::string target = bench.told.substr(at + before.size());
  target.resize(target.find('"'));
  for (std::size_t amp = target.find("&amp;"); amp != std::string::npos; amp = target.find("&amp;"))
    target.replace(amp, 5, "&");
  return target;
}

/// What a new connection's only request gets.
Answer ask(Bench& bench, const std::string& request) {
  bench.handshake(80);
  bench.packet(kClient, request, 1'000);
  const std::vector<Answer> answers = bench.answers();
  EXPECT_EQ(answers.size(), 1U);
  return answers.empty() ? Answer{} : answers.back();
}

void expect_page(Bench& bench, const std::string& request) {
  EXPECT_EQ(ask(bench, request).type, AnswerType::kInject);
  EXPECT_TRUE(bench.told.starts_with("HTTP/1.1 403 ")) << bench.told;
}

TEST(Clicking, WhoClicksIsSentBackAndPasses) {
  Bench bench(kShops);
  expect_page(bench, get("/a?b=1&c=2"));
  EXPECT_NE(bench.told.find("At work"), std::string::npos);
  EXPECT_EQ(bench.sink.events.back().action(), "continue");
  EXPECT_EQ(bench.sink.events.back().hits(0).object(), "shop.example");

  const Answer clicked = ask(bench, post(button(bench)));
  EXPECT_EQ(clicked.type, AnswerType::kInject);
  EXPECT_EQ(clicked.inject_end, InjectEnd::kClose) << "the server never gets the click";
  EXPECT_TRUE(bench.told.starts_with("HTTP/1.1 303 See Other\r\nLocation: /a?b=1&c=2\r\n")) << bench.told;
  const event::FlowEvent& click = bench.sink.events.back();
  EXPECT_EQ(click.action(), "allow");
  ASSERT_EQ(click.hits_size(), 1);
  EXPECT_EQ(click.hits(0).action(), "continue");
  EXPECT_EQ(click.hits(0).rule(), "ask-first");
  EXPECT_EQ(click.hits(0).severity(), "low");
  EXPECT_EQ(click.hits(0).object(), "shop.example (clicked through)");
  EXPECT_EQ(bench.classifier().counts().clicks, 1U);

  EXPECT_EQ(ask(bench, get("/a?b=1&c=2")).type, AnswerType::kRelease);
  const event::FlowEvent& passed = bench.sink.events.back();
  EXPECT_EQ(passed.hits_size(), 0);
  ASSERT_EQ(passed.clicked_through_size(), 1);
  EXPECT_EQ(passed.clicked_through(0).rule(), "ask-first");
  EXPECT_EQ(passed.clicked_through(0).until_ns(), static_cast<std::uint64_t>(bench.now + 3'600 * kSecond));
  ASSERT_EQ(passed.path_size(), 2);
  EXPECT_FALSE(passed.path(0).matched());
  EXPECT_EQ(passed.path(0).why(),
            "the rule's domains has shop.example; the client clicked through until 23:13");
  EXPECT_EQ(policy::recorded_clicks(passed).size(), 1U);
}

TEST(Clicking, AnotherClientIsStillAsked) {
  Bench bench(kShops);
  expect_page(bench, get("/"));
  const std::string target = button(bench);
  bench.mac.bytes[5] = 8;
  expect_page(bench, post(target));
  EXPECT_EQ(bench.classifier().counts().clicks_refused, 1U);
  bench.mac.bytes[5] = 7;
  static_cast<void>(ask(bench, post(target)));
  EXPECT_EQ(bench.classifier().counts().clicks, 1U);
  bench.mac.bytes[5] = 8;
  expect_page(bench, get("/"));
}

TEST(Clicking, WhatIsMadeUpOrTooOldIsNoClick) {
  Bench bench(kShops);
  expect_page(bench, get("/a"));
  const std::string target = button(bench);
  std::string forged = target;
  forged.back() = 'b';
  expect_page(bench, post(forged));
  expect_page(bench, get(target));  // fetched ahead
  bench.now += kClickAgeMax + kSecond;
  expect_page(bench, post(target));
  EXPECT_EQ(bench.classifier().counts().clicks, 0U);
  EXPECT_EQ(bench.classifier().counts().clicks_refused, 2U);
}

TEST(Clicking, ARuleThatIsGoneOrOnlyRecordsCannotBeClickedThrough) {
  Bench bench(kShops);
  expect_page(bench, get("/"));
  const std::string target = button(bench);
  bench.classifier().set_policy(policy_of(
      "web:\n  - {rule: ask-first, match: {domain: shop.example}, then: continue, mode: monitor}\n", 2));
  bench.answers();
  EXPECT_EQ(ask(bench, post(target)).type, AnswerType::kRelease);
  bench.classifier().set_policy(policy_of("web:\n  - {rule: other, then: allow}\n", 3));
  bench.answers();
  EXPECT_EQ(ask(bench, post(target)).type, AnswerType::kRelease);
  EXPECT_EQ(bench.classifier().counts().clicks, 0U);
}

TEST(Clicking, OtherRulesStillSpeak) {
  Bench bench(std::string(kShops) + "  - {rule: no-guns, match: {path: /guns/*}, then: block}\n");
  expect_page(bench, get("/guns/1"));
  const Answer clicked = ask(bench, post(button(bench)));
  EXPECT_EQ(clicked.type, AnswerType::kInject);
  EXPECT_TRUE(bench.told.starts_with("HTTP/1.1 303 "));
  expect_page(bench, get("/guns/1"));
  EXPECT_EQ(bench.sink.events.back().rule(), "no-guns");
  EXPECT_EQ(button(bench), "") << "a block has no button";
  EXPECT_EQ(ask(bench, get("/books/1")).type, AnswerType::kRelease);
}

TEST(Clicking, ALiveFlowIsJudgedAgainWhenTheClickEnds) {
  Bench bench("web: [{rule: ask-first, match: {domain: shop.example}, then: continue, for: 1m}]\n");
  expect_page(bench, get("/"));
  static_cast<void>(ask(bench, post(button(bench))));
  bench.now += 20 * kSecond;
  bench.handshake(80);
  bench.packet(kClient, get("/"), 1'000);
  EXPECT_EQ(bench.answers().back().type, AnswerType::kRelease);
  bench.packet(kServer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 2'000);
  bench.answers();
  bench.now += 39 * kSecond;
  bench.packet(kClient, get("/b"), 1'000 + static_cast<std::uint32_t>(get("/").size()));
  EXPECT_EQ(bench.answers().back().type, AnswerType::kRelease);
  bench.packet(kServer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 2'038);
  bench.answers();
  bench.now += kSecond;
  bench.packet(kClient, "", 1'000 + static_cast<std::uint32_t>(get("/").size() + get("/b").size()));
  EXPECT_EQ(bench.answers().back().action, VerdictAction::kReset);
}

TEST(Clicking, AVerdictExpiresWithTheClick) {
  Bench bench(kShops);
  expect_page(bench, get("/"));
  static_cast<void>(ask(bench, post(button(bench))));
  bench.now += 600 * kSecond;
  ASSERT_NO_FATAL_FAILURE(play_tls(bench, "shop.example"));
  bench.redecide = true;
  bench.parked = false;
  const std::uint32_t next = 1'000 + static_cast<std::uint32_t>(tls_hello("shop.example").size());
  bench.packet(kClient, "more", next);
  Answer answer = bench.answers().back();
  EXPECT_EQ(answer.action, VerdictAction::kForward);
  EXPECT_EQ(answer.expires_s, 3'000U);
  bench.now += 3'000 * kSecond;
  bench.packet(kClient, "more", next);
  answer = bench.answers().back();
  EXPECT_EQ(answer.type, AnswerType::kFinal);
  EXPECT_EQ(answer.action, VerdictAction::kReset);
  EXPECT_EQ(bench.sink.events.back().action(), "continue");
  EXPECT_EQ(bench.sink.events.back().clicked_through_size(), 0);
}

TEST(Clicking, AClickOutlivesANewRevision) {
  Bench bench(kShops);
  expect_page(bench, get("/"));
  static_cast<void>(ask(bench, post(button(bench))));
  bench.classifier().set_policy(policy_of(kShops, 2));
  bench.answers();
  EXPECT_EQ(ask(bench, get("/")).type, AnswerType::kRelease);
}

TEST(Clicking, TheQuestionOfTheNameIsNotRefused) {
  Bench bench(kShops);
  bench.open(kProtocolUdp, 53);
  bench.packet(kClient, std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04shop\x07"
                                    "example\x00\x00\x01\x00\x01",
                                    30));
  EXPECT_EQ(bench.answers().back().type, AnswerType::kRelease);
}

TEST(Clicking, ALongPathGoesOnToTheFrontPage) {
  Bench bench(kShops);
  expect_page(bench, get("/" + std::string(1'500, 'a')));
  EXPECT_TRUE(button(bench).ends_with("&to=/"));
  expect_page(bench, get("/" + std::string(800, '\'')));  // fits a target, and not a page
  EXPECT_TRUE(button(bench).ends_with("&to=/"));
  expect_page(bench, get("//evil.example/"));
  static_cast<void>(ask(bench, post(button(bench))));
  EXPECT_NE(bench.told.find("Location: /.//evil.example/\r\n"), std::string::npos) << bench.told;
}

TEST(Clicking, WhoCannotBeToldApartHasNoButton) {
  Bench bench(kShops);
  expect_page(bench, "CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n");
  EXPECT_EQ(button(bench), "") << "not to a proxy";
  expect_page(bench, "HEAD / HTTP/1.1\r\nHost: shop.example\r\n\r\n");
  EXPECT_EQ(button(bench), "");
}

TEST(Clicking, AClickWhoseHeadComesInPartsCountsOnce) {
  Bench bench(kShops);
  expect_page(bench, get("/"));
  const std::string click = post(button(bench));
  const std::string first = click.substr(0, click.find("Content-Length"));
  bench.handshake(80);
  bench.packet(kClient, first, 1'000);
  EXPECT_EQ(bench.answers().back().type, AnswerType::kRelease);
  bench.packet(kClient, click.substr(first.size()), 1'000 + static_cast<std::uint32_t>(first.size()));
  EXPECT_EQ(bench.answers().back().type, AnswerType::kInject);
  EXPECT_TRUE(bench.told.starts_with("HTTP/1.1 303 "));
  EXPECT_EQ(bench.classifier().counts().clicks, 1U);
}

}  // namespace
}  // namespace weir::classifier::test
