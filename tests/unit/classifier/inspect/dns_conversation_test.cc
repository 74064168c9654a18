// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dns_conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_builder.h"
#include "tests/support/inspected_flow.h"

namespace weir::test {
namespace {

using channel::Direction;
using classifier::DnsConversation;
using classifier::DnsHeard;
using classifier::DnsParse;
using classifier::Inspected;
using testing::ElementsAre;

constexpr Direction kAsker = Direction::kFromInitiator;
constexpr Direction kServer = Direction::kFromResponder;

std::string a_record(std::string_view name) {
  return dns_record(name, 1, std::string("\x0a\x01\x02\x03", 4));
}

struct Talk {
  DnsConversation conversation;
  FlowFacts facts;
  DnsHeard hear(Direction from, std::string_view bytes) {
    return conversation.message(from, as_bytes(bytes), facts);
  }
};

TEST(DnsConversation, AnswersToWhatWasAskedCount) {
  Talk talk;
  talk.hear(kAsker, dns_query("A.Example", 1, 7));
  EXPECT_FALSE(talk.facts.dns.response);
  const DnsHeard heard = talk.hear(kServer, dns_answer("a.eXample", 1, 1, a_record("a.example"), 7));
  EXPECT_TRUE(heard.answered);
  EXPECT_TRUE(talk.facts.dns.asked);
  EXPECT_EQ(talk.facts.host, "a.example");
  EXPECT_EQ(talk.facts.dns.answers.size(), 1U);
  EXPECT_FALSE(talk.hear(kServer, dns_answer("a.example", 1, 1, a_record("a.example"), 7)).answered)
      << "twice";
}

TEST(DnsConversation, OtherAnswersDoNot) {
  const struct {
    const char* what;
    Direction from;
    std::string bytes;
  } cases[] = {
      {"another id", kServer, dns_answer("a.example", 1, 1, a_record("a.example"), 8)},
      {"another name", kServer, dns_answer("b.example", 1, 1, a_record("b.example"), 7)},
      {"another type", kServer, dns_answer("a.example", 28, 1, a_record("a.example"), 7)},
      {"the asker's own", kAsker, dns_answer("a.example", 1, 1, a_record("a.example"), 7)},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.what);
    Talk talk;
    talk.hear(kAsker, dns_query("a.example", 1, 7));
    const DnsHeard heard = talk.hear(each.from, each.bytes);
    EXPECT_EQ(heard.parse, DnsParse::kOk);
    EXPECT_FALSE(heard.answered || heard.changed);
    EXPECT_EQ(talk.facts.host, "a.example");
    EXPECT_TRUE(talk.facts.dns.answers.empty());
  }
}

TEST(DnsConversation, AnAnswerBehindItsQuestionNamesTheFlow) {
  Talk talk;
  EXPECT_TRUE(talk.hear(kServer, dns_answer("a.example", 1, 1, a_record("a.example"))).changed);
  EXPECT_EQ(talk.facts.host, "a.example");
  EXPECT_FALSE(talk.facts.dns.asked);
  talk.hear(kServer, dns_header(0x8181, 0));  // an error without its question changes nothing
  EXPECT_EQ(talk.facts.host, "a.example");
  Talk bare;
  EXPECT_TRUE(bare.hear(kServer, dns_header(0x8181, 0)).changed);
  EXPECT_EQ(bare.facts.host, "");
}

TEST(DnsConversation, QuestionsAreForgottenWhenThereAreTooMany) {
  Talk talk;
  for (std::size_t id = 0; id <= classifier::kDnsUnansweredMax; ++id)
    talk.hear(kAsker, dns_query("a.example", 1, id));
  EXPECT_FALSE(talk.hear(kServer, dns_answer("a.example", 1, 1, a_record("a.example"), 0)).answered);
  EXPECT_TRUE(talk.hear(kServer, dns_answer("a.example", 1, 1, a_record("a.example"), 1)).answered);
  EXPECT_FALSE(talk.hear(kServer, dns_answer("a.example", 1, 1, a_record("a.example"), 1)).answered);
  EXPECT_TRUE(
      talk.hear(kServer, dns_answer("a.example", 1, 1, a_record("a.example"), classifier::kDnsUnansweredMax))
          .answered);
}

TEST(DnsConversation, KeysForEncryptedHelloAreEvidenceToo) {
  Talk talk;
  talk.hear(kAsker, dns_query("a.example", 65));
  const std::string https = Wire{}.u16(1).u8(0).u16(5).u16(3).raw("key").str();
  EXPECT_TRUE(
      talk.hear(kServer, dns_answer("a.example", 65, 1, dns_record("a.example", 65, https))).answered);
  talk.hear(kAsker, dns_query("b.example", 1));
  EXPECT_FALSE(talk.hear(kServer, dns_answer("b.example", 1, 0, "")).answered) << "nothing in it";
}

TEST(DnsFlow, EveryQuestionOfADatagramIsJudged) {
  for (const std::uint16_t port : {std::uint16_t{53}, std::uint16_t{5'353}}) {
    InspectedFlow flow(port);
    const std::string three = dns_header(0x0100, 3) + dns_question("a.example") + dns_question("b.example") +
                              dns_question("c.example");
    std::vector<std::string> judged;
    Inspected seen = flow.inspector.on_datagram(kAsker, as_bytes(three), flow.facts);
    judged.push_back(flow.facts.host);
    while (seen.more) {
      seen = flow.inspector.next(kAsker, flow.facts);
      if (seen.facts_changed) judged.push_back(flow.facts.host);
    }
    EXPECT_THAT(judged, ElementsAre("a.example", "b.example", "c.example"));
  }
}

TEST(DnsFlow, EveryDatagramIsJudged) {
  InspectedFlow flow(53);
  const auto datagram = [&](std::string_view bytes) {
    return flow.inspector.on_datagram(kAsker, as_bytes(bytes), flow.facts);
  };
  EXPECT_TRUE(datagram(dns_query("one.example")).facts_changed);
  EXPECT_EQ(flow.facts.host, "one.example");
  EXPECT_EQ(flow.facts.host_source, NameSource::kDnsQuery);
  EXPECT_TRUE(datagram("junk").broken);
  EXPECT_TRUE(datagram(dns_query("two.example")).facts_changed);
  EXPECT_EQ(flow.facts.host, "two.example");
  EXPECT_FALSE(flow.inspector.names_final());
  const Inspected answer = flow.inspector.on_datagram(
      kServer, as_bytes(dns_answer("two.example", 1, 1, a_record("two.example"))), flow.facts);
  EXPECT_TRUE(answer.dns_answer);
}

TEST(DnsFlow, OtherPorts) {
  InspectedFlow dns(5'300);
  EXPECT_TRUE(
      dns.inspector.on_datagram(kAsker, as_bytes(dns_query("hidden.example")), dns.facts).facts_changed);
  EXPECT_FALSE(dns.inspector.names_final());
  InspectedFlow other(5'300);
  EXPECT_FALSE(
      other.inspector.on_datagram(kAsker, as_bytes("something else entirely"), other.facts).parser_error);
  EXPECT_FALSE(other.inspector.names_final());  // a QUIC server would pass over it
  static_cast<void>(
      other.inspector.on_datagram(channel::Direction::kFromResponder, as_bytes("an answer"), other.facts));
  EXPECT_TRUE(other.inspector.names_final());
}

TEST(DnsFlow, AnswersOnOnesOwnNetworkAreNoEvidence) {
  InspectedFlow flow(5'355);
  static_cast<void>(flow.inspector.on_datagram(kAsker, as_bytes(dns_query("bank")), flow.facts));
  const Inspected spoof =
      flow.inspector.on_datagram(kServer, as_bytes(dns_answer("bank", 1, 1, a_record("bank"))), flow.facts);
  EXPECT_FALSE(spoof.dns_answer);
  const classifier::IdentityClaims claims = flow.inspector.take_claims();
  ASSERT_EQ(claims.size(), 1U);  // whether it is the sender's own is the table's to compare
  EXPECT_EQ(claims[0].host_source, HostNameSource::kLlmnr);
}

TEST(DnsFlow, NetbiosQueriesAreNotDns) {
  InspectedFlow flow(137);
  const Inspected seen = flow.inspector.on_datagram(
      kAsker, as_bytes(dns_query("ejfdebfeebfacacacacacacacacacaaa", 32)), flow.facts);
  EXPECT_FALSE(seen.facts_changed || seen.parser_error);
  static_cast<void>(
      flow.inspector.on_datagram(channel::Direction::kFromResponder, as_bytes("an answer"), flow.facts));
  EXPECT_TRUE(flow.inspector.names_final());
}

std::string framed(const std::string& message) { return Wire{}.u16(message.size()).raw(message).str(); }

TEST(DnsStream, EmptyMessageIsAnError) {
  InspectedFlow flow(53);
  flow.client(framed(dns_query("one.example")));
  EXPECT_TRUE(flow.client(std::string("\0\0\0", 3)).parser_error);
}

TEST(DnsStream, InAnyPieces) {
  const std::string both =
      framed(dns_query("one.example")) +
      framed(dns_header(0x0100, 2) + dns_question("two.example") + dns_question("three.example"));
  for (const std::size_t bytes : {1U, 2U, 13U, 1'000U}) {  // also within the length prefix
    SCOPED_TRACE(bytes);
    InspectedFlow flow(53);
    flow.client_in_pieces(both, bytes);
    EXPECT_THAT(flow.hosts, ElementsAre("one.example", "two.example", "three.example"));
    EXPECT_FALSE(flow.inspector.names_final());
  }
}

TEST(DnsStream, EveryAnswerIsShown) {
  InspectedFlow flow(53);
  flow.client(framed(dns_query("one.example", 1, 1)) + framed(dns_query("two.example", 1, 2)));
  const std::string answers = framed(dns_answer("two.example", 1, 1, a_record("two.example"), 2)) +
                              framed(dns_answer("six.example", 1, 1, a_record("six.example"), 6)) +
                              framed(dns_answer("one.example", 1, 1, a_record("one.example"), 1));
  std::vector<std::string> answered;
  Inspected seen = flow.inspector.on_segment(kServer, flow.next[1], 0x18, as_bytes(answers), flow.facts);
  if (seen.dns_answer) answered.push_back(flow.facts.dns.query);
  while (seen.more) {
    seen = flow.inspector.next(kServer, flow.facts);
    if (seen.dns_answer) answered.push_back(flow.facts.dns.query);
  }
  EXPECT_THAT(answered, ElementsAre("two.example", "one.example"));
}

}  // namespace
}  // namespace weir::test
