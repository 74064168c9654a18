// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dns_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::DnsParse;
using classifier::Inspected;
using testing::ElementsAre;

std::string dns_name(std::string_view name) {
  Wire out;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    out.u8(dot).raw(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return out.u8(0).str();
}
std::string header(std::size_t flags, std::size_t questions, std::size_t answers = 0,
                   std::size_t additionals = 0) {
  return Wire{}.u16(0x1234).u16(flags).u16(questions).u16(answers).u16(0).u16(additionals).str();
}
std::string query(std::string_view name, std::size_t type = 1) {
  return header(0x0100, 1) + dns_name(name) + Wire{}.u16(type).u16(1).str();
}
DnsFacts parsed(std::string_view message) {
  DnsFacts facts;
  EXPECT_EQ(classifier::parse_dns(as_bytes(message), facts), DnsParse::kOk);
  return facts;
}
DnsParse result(std::string_view message) {
  DnsFacts facts;
  return classifier::parse_dns(as_bytes(message), facts);
}

TEST(DnsMessage, Query) {
  const DnsFacts facts = parsed(query("WwW.BlOcKeD.ExAmPlE", 28));
  EXPECT_EQ(facts.query, "www.blocked.example");
  EXPECT_EQ(facts.query_type, 28);
  EXPECT_FALSE(facts.response);
  EXPECT_EQ(parsed(query("_sip._tcp.example")).query, "_sip._tcp.example");
  EXPECT_EQ(parsed(query("")).query, ".");
}

TEST(DnsMessage, LabelsThatAreNoHostNames) {
  EXPECT_EQ(parsed(header(0, 1) + Wire{}.u8(3).raw("a.b").u8(1).raw("C").u8(0).u16(1).u16(1).str()).query,
            "a\\046b.c");
  EXPECT_EQ(parsed(query(std::string_view("a\0b c.example", 13))).query, "a\\000b\\032c.example");
}

TEST(DnsMessage, Answers) {
  const std::string reply =
      header(0x8183, 1, 3) + dns_name("a.example") + Wire{}.u16(1).u16(1).str() +
      Wire{}.u16(0xc00c).u16(5).u16(1).u16(0).u16(60).u16(2).u16(0xc00c).str() +
      Wire{}.u16(0xc00c).u16(1).u16(1).u16(0).u16(60).u16(4).raw("\x0a\x01\x02\x03").str() +
      Wire{}.u16(0xc00c).u16(28).u16(1).u16(0).u16(60).u16(16).raw(std::string(15, '\0')).u8(1).str();
  const DnsFacts facts = parsed(reply);
  EXPECT_TRUE(facts.response);
  EXPECT_EQ(facts.rcode, 3);
  EXPECT_THAT(facts.answers, ElementsAre(*IpAddress::parse("10.1.2.3"), *IpAddress::parse("::1")));
}

TEST(DnsMessage, AnswersAreBounded) {
  std::string reply = header(0x8180, 1, 500) + dns_name("a.example") + Wire{}.u16(1).u16(1).str();
  for (int i = 0; i < 500; ++i)
    reply += Wire{}.u16(0xc00c).u16(1).u16(1).u16(0).u16(60).u16(4).raw("abcd").str();
  EXPECT_EQ(parsed(reply).answers.size(), classifier::kDnsAnswersMax);
}

TEST(DnsMessage, Malformed) {
  EXPECT_EQ(result("short"), DnsParse::kTooShort);
  EXPECT_EQ(result(header(0x0100, 2) + dns_name("a.example") + Wire{}.u16(1).u16(1).str() +
                   dns_name("b.example") + Wire{}.u16(1).u16(1).str()),
            DnsParse::kMalformed);
  const std::string tail = Wire{}.u16(1).u16(1).str();
  EXPECT_EQ(result(header(0x0100, 1) + Wire{}.u16(0xc00c).str() + tail), DnsParse::kMalformed);  // to itself
  EXPECT_EQ(result(header(0x0100, 1) + Wire{}.u16(0xc020).str() + tail), DnsParse::kMalformed);  // forwards
  EXPECT_EQ(result(header(0x0100, 1) + Wire{}.u8(1).raw("a").u16(0xc00c).str() + tail), DnsParse::kMalformed);
  EXPECT_EQ(result(header(0x0100, 1) + Wire{}.u8(64).raw(std::string(64, 'a')).u8(0).str() + tail),
            DnsParse::kMalformed);
  std::string labels;
  for (int i = 0; i < 128; ++i) labels += "a.";
  EXPECT_EQ(result(query(labels)), DnsParse::kMalformed);  // 257 bytes on the wire
  const std::string good = query("a.example");
  for (std::size_t cut = 12; cut < good.size(); ++cut)
    EXPECT_EQ(result(good.substr(0, cut)), DnsParse::kMalformed) << cut;
}

TEST(DnsFlow, EveryDatagramIsJudged) {
  InspectedFlow flow(53);
  const auto datagram = [&](std::string_view bytes) {
    return flow.inspector.on_datagram(channel::Direction::kFromInitiator, as_bytes(bytes), flow.facts);
  };
  EXPECT_TRUE(datagram(query("one.example")).facts_changed);
  EXPECT_EQ(flow.facts.host, "one.example");
  EXPECT_EQ(flow.facts.host_source, NameSource::kDnsQuery);
  EXPECT_TRUE(datagram("junk").parser_error);
  EXPECT_TRUE(datagram(query("two.example")).facts_changed);
  EXPECT_EQ(flow.facts.host, "two.example");
  EXPECT_FALSE(flow.inspector.names_final());
}

TEST(DnsFlow, OtherPorts) {
  InspectedFlow dns(5'300);
  const auto from = channel::Direction::kFromInitiator;
  EXPECT_TRUE(dns.inspector.on_datagram(from, as_bytes(query("hidden.example")), dns.facts).facts_changed);
  EXPECT_FALSE(dns.inspector.names_final());
  InspectedFlow other(5'300);
  EXPECT_FALSE(
      other.inspector.on_datagram(from, as_bytes("something else entirely"), other.facts).parser_error);
  EXPECT_TRUE(other.inspector.names_final());
}

TEST(DnsFlow, MulticastMayAskSeveralQuestions) {
  InspectedFlow flow(5'353);
  const std::string two = header(0, 2) + dns_name("a.local") + Wire{}.u16(1).u16(1).str() +
                          dns_name("b.local") + Wire{}.u16(1).u16(1).str();
  const Inspected seen =
      flow.inspector.on_datagram(channel::Direction::kFromInitiator, as_bytes(two), flow.facts);
  EXPECT_TRUE(seen.facts_changed);
  EXPECT_EQ(flow.facts.host, "a.local");
}

TEST(DnsFlow, NetbiosNamesAreNotDns) {
  InspectedFlow flow(137);
  const Inspected seen =
      flow.inspector.on_datagram(channel::Direction::kFromInitiator,
                                 as_bytes(query("ejfdebfeebfacacacacacacacacacaaa", 32)), flow.facts);
  EXPECT_FALSE(seen.facts_changed);
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(DnsFlow, EmptyMessageOverTcpIsAnError) {
  InspectedFlow flow(53);
  const std::string message = query("one.example");
  flow.client(Wire{}.u16(message.size()).raw(message).str());
  EXPECT_TRUE(flow.client(std::string("\0\0\0", 3)).parser_error);
}

TEST(DnsFlow, OverTcpInAnyPieces) {
  const auto framed = [](const std::string& message) {
    return Wire{}.u16(message.size()).raw(message).str();
  };
  const std::string both = framed(query("one.example")) + framed(query("two.example"));
  for (const std::size_t bytes : {1U, 2U, 13U, 1'000U}) {
    SCOPED_TRACE(bytes);
    InspectedFlow flow(53);
    flow.client_in_pieces(both, bytes);
    EXPECT_THAT(flow.hosts, ElementsAre("one.example", "two.example"));
    EXPECT_FALSE(flow.inspector.names_final());
  }
}

}  // namespace
}  // namespace weir::test
