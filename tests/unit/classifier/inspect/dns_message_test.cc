// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dns_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_builder.h"

namespace weir::test {
namespace {

using classifier::DnsMessage;
using classifier::DnsParse;
using classifier::DnsSections;
using testing::ElementsAre;
using testing::IsEmpty;

DnsMessage parsed(std::string_view bytes, DnsSections sections = DnsSections::kAnswer) {
  DnsMessage message;
  EXPECT_EQ(classifier::read_dns(as_bytes(bytes), message, sections), DnsParse::kOk);
  return message;
}
DnsParse result(std::string_view bytes) {
  DnsMessage message;
  return classifier::read_dns(as_bytes(bytes), message);
}
std::string question_of(std::string_view bytes) {
  const DnsMessage message = parsed(bytes);
  return message.questions.empty() ? "none" : message.questions.front().name;
}
/// Where the first question of an answer leads.
DnsFacts followed(std::string_view bytes) {
  const DnsMessage message = parsed(bytes);
  DnsFacts facts;
  classifier::follow_answers(message, message.questions.front(), facts);
  return facts;
}
DnsAnswer to(const char* address, std::uint32_t ttl_s) { return {*IpAddress::parse(address), ttl_s}; }
const std::string kAddress = std::string("\x0a\x01\x02\x03", 4);  // 10.1.2.3

TEST(DnsMessage, Query) {
  const DnsMessage message = parsed(dns_query("WwW.BlOcKeD.ExAmPlE", 28));
  EXPECT_EQ(message.questions.front().name, "www.blocked.example");
  EXPECT_EQ(message.questions.front().type, 28);
  EXPECT_EQ(message.id, 0x1234);
  EXPECT_FALSE(message.response);
  EXPECT_EQ(question_of(dns_query("_sip._tcp.example")), "_sip._tcp.example");
  EXPECT_EQ(question_of(dns_query("")), ".");
}

TEST(DnsMessage, LabelsThatAreNoHostNames) {
  const std::string dotted =
      dns_header(0, 1) + Wire{}.u8(3).raw("a.b").u8(1).raw("C").u8(0).u16(1).u16(1).str();
  EXPECT_EQ(question_of(dotted), "a\\046b.c");
  EXPECT_EQ(question_of(dns_query(std::string_view("a\0b c.example", 13))), "a\\000b\\032c.example");
}

TEST(DnsMessage, EveryQuestion) {
  const DnsMessage two =
      parsed(dns_header(0x0100, 2) + dns_question("a.example") + dns_question("b.example", 28));
  ASSERT_EQ(two.questions.size(), 2U);
  EXPECT_EQ(two.questions[1].name, "b.example");
  std::string many;
  for (std::size_t i = 0; i < classifier::kDnsQuestionsMax; ++i) many += dns_question("a.example");
  EXPECT_EQ(result(dns_header(0x0100, classifier::kDnsQuestionsMax) + many), DnsParse::kOk);
  EXPECT_EQ(result(dns_header(0x0100, classifier::kDnsQuestionsMax + 1) + many + dns_question("x.example")),
            DnsParse::kMalformed);
}

TEST(DnsMessage,
     ExtensionsDoNotHideTheQuestion) {  // RFC 6891 with a cookie (RFC 7873) and padding (RFC 7830)
  const std::string options =
      Wire{}.u16(10).u16(8).raw("cookies!").u16(12).u16(300).raw(std::string(300, 0)).str();
  const std::string opt =
      Wire{}.u8(0).u16(41).u16(4'096).u16(0).u16(0).u16(options.size()).raw(options).str();
  const std::string query = dns_header(0x0120, 1, 0, 1) + dns_question("a.example") + opt;
  EXPECT_EQ(question_of(query), "a.example");
  EXPECT_TRUE(classifier::looks_like_dns_query(as_bytes(query)));
}

TEST(DnsMessage, AnswersOverAliases) {
  // The second record's owner and target are pointers; the chain stands in no order.
  const std::string cname =
      Wire{}.u16(0xc00c).u16(5).u16(1).u16(0).u16(300).u16(9).raw(dns_name("cdn.net")).str();
  const DnsFacts facts = followed(dns_answer(
      "a.example", 1, 4,
      dns_record("edge.net", 1, kAddress, 30) + cname + dns_record("cdn.net", 5, dns_name("edge.net"), 20) +
          dns_record("edge.net", 28, std::string(15, '\0') + "\x01", 600)));
  EXPECT_THAT(facts.answers, ElementsAre(to("10.1.2.3", 20), to("::1", 20)));
  EXPECT_THAT(facts.aliases, ElementsAre("cdn.net", "edge.net"));
}

TEST(DnsMessage, OnlyWhatTheQuestionLeadsTo) {
  const std::string other_class =
      dns_name("a.example") + Wire{}.u16(1).u16(3).u16(0).u16(60).u16(4).raw("abcd").str();
  EXPECT_THAT(
      followed(dns_answer("a.example", 1, 2, dns_record("b.example", 1, kAddress) + other_class)).answers,
      IsEmpty());
  EXPECT_THAT(followed(dns_answer("a.example", 1, 1, dns_record("a.example", 1, "abc"))).answers, IsEmpty());
  EXPECT_THAT(followed(dns_answer("a.example", 1, 1, dns_record("A.example", 1, kAddress))).answers,
              ElementsAre(to("10.1.2.3", 60)));
}

TEST(DnsMessage, AliasesThatGoInCirclesEnd) {
  const DnsFacts facts = followed(dns_answer(
      "a.example", 1, 2,
      dns_record("a.example", 5, dns_name("b.example")) + dns_record("b.example", 5, dns_name("a.example"))));
  EXPECT_THAT(facts.answers, IsEmpty());
  EXPECT_EQ(facts.aliases.size(), classifier::kDnsAliasesMax);
}

TEST(DnsMessage, ServiceRecords) {  // RFC 9460
  const std::string parameters = Wire{}
                                     .u16(1)
                                     .u16(6)
                                     .u8(2)
                                     .raw("h2")
                                     .u8(2)
                                     .raw("h3")
                                     .u16(4)
                                     .u16(8)
                                     .raw(kAddress)
                                     .raw("\x0a\x01\x02\x04")
                                     .u16(5)
                                     .u16(3)
                                     .raw("key")
                                     .u16(6)
                                     .u16(16)
                                     .raw(std::string(16, '\x20'))
                                     .str();
  const std::string https = Wire{}.u16(1).u8(0).raw(parameters).str();
  const DnsFacts facts = followed(dns_answer("a.example", 65, 1, dns_record("a.example", 65, https, 90)));
  EXPECT_THAT(facts.alpn, ElementsAre("h2", "h3"));
  EXPECT_TRUE(facts.ech);
  EXPECT_THAT(facts.answers, ElementsAre(to("10.1.2.3", 90), to("10.1.2.4", 90),
                                         to("2020:2020:2020:2020:2020:2020:2020:2020", 90)));
  const std::string alias = Wire{}.u16(0).raw(dns_name("svc.net")).str();
  EXPECT_THAT(followed(dns_answer("a.example", 65, 2,
                                  dns_record("a.example", 65, alias) + dns_record("svc.net", 1, kAddress)))
                  .aliases,
              ElementsAre("svc.net"));
  for (std::size_t cut = 0; cut < https.size(); ++cut)  // never more than is there
    static_cast<void>(
        followed(dns_answer("a.example", 65, 1, dns_record("a.example", 65, https.substr(0, cut)))));
}

TEST(DnsMessage, AnswersAreBounded) {
  std::string records;
  for (int i = 0; i < 500; ++i) records += dns_record("a.example", 1, "abcd");
  EXPECT_EQ(parsed(dns_answer("a.example", 1, 500, records)).records.size(), classifier::kDnsRecordsMax);
  EXPECT_EQ(followed(dns_answer("a.example", 1, 500, records)).answers.size(), classifier::kDnsAnswersMax);
  std::string alpn;
  for (int i = 0; i < 50; ++i) alpn += "\x02hx";
  const std::string https = Wire{}.u16(1).u8(0).u16(1).u16(alpn.size()).raw(alpn).str();
  EXPECT_EQ(followed(dns_answer("a.example", 65, 1, dns_record("a.example", 65, https))).alpn.size(),
            classifier::kDnsAlpnMax);
}

TEST(DnsMessage, AnswersThatAreCutStillSayWhatWasAsked) {
  const std::string whole = dns_answer(
      "a.example", 1, 2, dns_record("a.example", 1, kAddress) + dns_record("a.example", 1, kAddress));
  EXPECT_EQ(followed(whole.substr(0, whole.size() - 2)).answers.size(), 1U);
  EXPECT_EQ(result(dns_header(0x8180, 0, 1) + "\x01"), DnsParse::kMalformed);
}

TEST(DnsMessage, AllSections) {
  const std::string message =
      Wire{}.u16(0).u16(0x8400).u16(0).u16(1).u16(0).u16(1).str() +
      dns_record("x.local", 33, Wire{}.u16(0).u16(0).u16(80).raw(dns_name("pc.local")).str()) +
      dns_record("pc.local", 1, kAddress);
  EXPECT_EQ(parsed(message).records.size(), 1U);
  const DnsMessage all = parsed(message, DnsSections::kAll);
  ASSERT_EQ(all.records.size(), 2U);
  EXPECT_EQ(all.records[0].target, "pc.local");
}

TEST(DnsMessage, OtherOpcodesAreNotRead) {
  const DnsMessage update = parsed(dns_header(0x2800, 1) + "x");
  EXPECT_FALSE(update.query_opcode);
  EXPECT_THAT(update.questions, IsEmpty());
}

TEST(DnsMessage, PointersMayPointForwards) {
  const std::string tail = Wire{}.u16(1).u16(1).str();
  const std::string target = Wire{}.u8(7).raw("blocked").u8(7).raw("example").u8(0).str();
  // Behind the header: a label, the pointer, type and class, then what it points to.
  const DnsMessage message = parsed(
      dns_header(0x0100, 1) + Wire{}.u8(3).raw("www").u16(0xc000 | (12 + 4 + 2 + 4)).str() + tail + target);
  ASSERT_EQ(message.questions.size(), 1U);
  EXPECT_EQ(message.questions[0].name, "www.blocked.example");
  // A chain of pointers, one more than is followed.
  const auto chain = [&](unsigned pointers) {
    std::string bytes = dns_header(0x0100, 1) + Wire{}.u16(0xc000 | 18).str() + tail;
    for (unsigned i = 1; i < pointers; ++i)
      bytes += Wire{}.u16(static_cast<std::uint16_t>(0xc000 | (18 + 2 * i))).str();
    return result(bytes + target);
  };
  EXPECT_EQ(chain(classifier::kDnsPointersMax), DnsParse::kOk);
  EXPECT_EQ(chain(classifier::kDnsPointersMax + 1), DnsParse::kMalformed);
}

TEST(DnsMessage, Malformed) {
  EXPECT_EQ(result("short"), DnsParse::kTooShort);
  const std::string tail = Wire{}.u16(1).u16(1).str();
  EXPECT_EQ(result(dns_header(0x0100, 1) + Wire{}.u16(0xc00c).str() + tail),
            DnsParse::kMalformed);  // to itself
  EXPECT_EQ(result(dns_header(0x0100, 1) + Wire{}.u16(0xc020).str() + tail),
            DnsParse::kMalformed);  // beyond the end
  EXPECT_EQ(result(dns_header(0x0100, 1) + Wire{}.u8(1).raw("a").u16(0xc00c).str() + tail),
            DnsParse::kMalformed);
  EXPECT_EQ(result(dns_header(0x0100, 1) + Wire{}.u8(64).raw(std::string(64, 'a')).u8(0).str() + tail),
            DnsParse::kMalformed);
  std::string labels;
  for (int i = 0; i < 128; ++i) labels += "a.";
  EXPECT_EQ(result(dns_query(labels)), DnsParse::kMalformed);  // 257 bytes on the wire
  const std::string good = dns_query("a.example");
  for (std::size_t cut = 12; cut < good.size(); ++cut)
    EXPECT_EQ(result(good.substr(0, cut)), DnsParse::kMalformed) << cut;
}

}  // namespace
}  // namespace weir::test
