// SPDX-License-Identifier: Apache-2.0
// Questions for the names of search engines under a rule with `then: safe_search`.
#include "classifier/inspect/dns_message.h"
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

using channel::InjectEnd;

constexpr const char* kSafe = "web:\n  - {rule: safe, then: safe_search}\n";
constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kAaaa = 28;
constexpr std::uint16_t kHttps = 65;
constexpr std::uint16_t kAny = 255;

const policy::SafeSearchTable& table() {
  static const policy::SafeSearchTable kTable{{
      {"search",
       {"www.search.*"},
       {"safe.search.example", {*IpAddress::parse("192.0.2.80"), *IpAddress::parse("2001:db8::80")}}},
      {"tube",
       {"tube.example"},
       {"strict.tube.example", {*IpAddress::parse("192.0.2.81")}},
       policy::SafeName{"moderate.tube.example", {*IpAddress::parse("192.0.2.82")}}},
      {"bare", {"bare.example"}, {"safe.bare.example"}},
  }};
  return kTable;
}

std::string query(const std::string& name, std::uint16_t type = kA) {
  std::string bytes{"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12};
  std::size_t at = 0;
  while (at <= name.size()) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    bytes += static_cast<char>(dot - at);
    bytes += name.substr(at, dot - at);
    at = dot + 1;
  }
  return bytes +
         std::string{'\0', static_cast<char>(type >> 8U), static_cast<char>(type & 0xffU), '\0', '\1'};
}

struct SafeBench : Bench {
  explicit SafeBench(const std::string& policy) : Bench(policy, {}, nullptr, &table()) {}

  /// What the question was answered with: "alias address ..."; empty: it went on.
  std::string ask(const std::string& name, std::uint16_t type = kA) {
    packet(kClient, query(name, type));
    const std::vector<Answer> all = answers();
    EXPECT_EQ(all.size(), 1U);
    if (all.empty() || all[0].type == AnswerType::kRelease) return {};
    EXPECT_EQ(all[0].type, AnswerType::kInject);
    EXPECT_EQ(all[0].inject_end, InjectEnd::kContinue);
    DnsMessage message;
    EXPECT_EQ(read_dns(as_bytes(told), message), DnsParse::kOk);
    EXPECT_EQ(message.id, 0x1234);
    EXPECT_EQ(message.rcode, 0);
    DnsFacts facts;
    follow_answers(message, message.questions.at(0), facts);
    std::string text = facts.aliases.empty() ? "no data" : facts.aliases[0];
    for (const DnsAnswer& answer : facts.answers) {
      text += " " + answer.address.to_string();
      EXPECT_EQ(answer.ttl_s, kAliasTtlS);
    }
    return text;
  }
};

TEST(SafeAnswers, AQuestionGetsTheSafeNameAndItsAddresses) {
  SafeBench bench(kSafe);
  bench.open(kProtocolUdp, 53);
  EXPECT_EQ(bench.ask("www.search.co.uk"), "safe.search.example 192.0.2.80");
  EXPECT_EQ(bench.ask("WWW.Search.com", kAaaa), "safe.search.example 2001:db8::80");
  EXPECT_EQ(bench.ask("www.search.de", kAny), "safe.search.example 192.0.2.80 2001:db8::80");
  EXPECT_EQ(bench.ask("www.search.de", kHttps), "no data");
  EXPECT_EQ(bench.ask("bare.example"), "safe.bare.example") << "no addresses are known";
  EXPECT_EQ(bench.classifier().counts().made_safe, 5U);
}

TEST(SafeAnswers, OtherQuestionsGoOn) {
  SafeBench bench(kSafe);
  bench.open(kProtocolUdp, 53);
  EXPECT_EQ(bench.ask("search.example"), "");
  EXPECT_EQ(bench.ask("mail.search.com"), "");
  EXPECT_EQ(bench.ask("www.search.com", 16), "") << "TXT";
  bench.packet(kServer, std::string{"\x12\x34\x81\x80", 4} + query("www.search.com").substr(4));
  EXPECT_EQ(bench.answers().back().type, AnswerType::kRelease) << "somebody else's answer";
}

TEST(SafeAnswers, TheRuleSaysWhichRestrictionAndForWhom) {
  SafeBench bench(
      "groups: {pupils: {hosts: [10.20.0.7]}}\n"
      "web:\n  - {rule: tube, who: pupils, match: {domain: tube.example}, then: safe_search, youtube: "
      "moderate}\n"
      "  - {rule: others, who: {not: pupils}, then: safe_search}\n");
  bench.open(kProtocolUdp, 53);
  EXPECT_EQ(bench.ask("tube.example"), "moderate.tube.example 192.0.2.82");
  EXPECT_EQ(bench.ask("www.search.com"), "");
  SafeBench strict(kSafe);
  strict.open(kProtocolUdp, 53);
  EXPECT_EQ(strict.ask("tube.example"), "strict.tube.example 192.0.2.81");
}

TEST(SafeAnswers, TheEventSaysWhatWasAnsweredAndNothingIsViolated) {
  SafeBench bench(kSafe);
  bench.open(kProtocolUdp, 53);
  static_cast<void>(bench.ask("www.search.com"));
  const event::FlowEvent& said = bench.sink.events.back();
  EXPECT_EQ(said.action(), "safe_search");
  EXPECT_EQ(said.rule(), "safe");
  EXPECT_EQ(said.dns().engine(), "search");
  EXPECT_EQ(said.dns().safe_name(), "safe.search.example");
  EXPECT_EQ(said.hits_size(), 0);
}

TEST(SafeAnswers, InMonitorModeItIsOnlySaid) {
  SafeBench bench("web:\n  - {rule: safe, then: safe_search, mode: monitor}\n");
  bench.open(kProtocolUdp, 53);
  EXPECT_EQ(bench.ask("www.search.com"), "");
  const event::FlowEvent& said = bench.sink.events.back();
  EXPECT_EQ(said.action(), "report");
  ASSERT_EQ(said.hits_size(), 1);
  EXPECT_EQ(said.hits(0).action(), "safe_search");
  EXPECT_TRUE(said.hits(0).would_block());
}

TEST(SafeAnswers, OverTcpAndAfterOtherWordsTheConnectionEnds) {
  SafeBench bench(kSafe);
  bench.handshake(53);
  const std::string message = query("www.search.com");
  bench.packet(kClient, std::string{'\0', static_cast<char>(message.size())} + message, 1'000);
  const std::vector<Answer> answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kFinal);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
}

TEST(SafeAnswers, AFlowToASafeAddressIsKnownByWhatWasAskedFor) {
  SafeBench bench(kSafe);
  bench.open(kProtocolUdp, 53);
  static_cast<void>(bench.ask("www.search.com"));
  bench.responder = "192.0.2.80";
  bench.open(kProtocolTcp, 443, 2);
  bench.close();
  EXPECT_EQ(bench.sink.events.back().dns_name(), "www.search.com");
}

}  // namespace
}  // namespace weir::classifier::test
