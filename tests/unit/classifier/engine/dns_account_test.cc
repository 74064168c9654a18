// SPDX-License-Identifier: Apache-2.0
// What the questions of a flow could have carried is said in its events, whoever asks how much on one flow.
#include "classifier/engine/dns_account.h"

#include "tests/support/dns_builder.h"
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

using weir::test::dns_header;
using weir::test::dns_query;
using weir::test::dns_question;

DnsFacts question(const std::string& name, bool response = false, std::uint8_t rcode = 0) {
  return {.seen = true, .query = name, .response = response, .rcode = rcode};
}

TEST(DnsAccount, QuestionsAreAddedUpByRegisteredDomain) {
  const policy::PublicSuffixes suffixes{policy::PublicSuffixes::Source::kBuiltIn};
  DnsAccount account;
  account.saw(question("abcdefghijklmnopqrst.t.example.co.uk"), suffixes);
  account.saw(question("abcdefghijklmnopqrst.t.example.co.uk", true), suffixes);  // answered
  account.saw(question("www.example.co.uk"), suffixes);
  account.saw(question("nobody.example.org"), suffixes);
  account.saw(question("nobody.example.org", true, 3), suffixes);
  account.saw(question("com"), suffixes);
  account.saw({}, suffixes);
  event::FlowEvent event;
  account.say(event);
  ASSERT_EQ(event.dns_load_size(), 2);
  EXPECT_EQ(event.dns_load(0).domain(), "example.co.uk");
  EXPECT_EQ(event.dns_load(0).questions(), 2U);
  EXPECT_EQ(event.dns_load(0).carrying(), 1U);
  EXPECT_EQ(event.dns_load(0).bytes(), 21U);
  EXPECT_EQ(event.dns_load(0).longest_label(), 20U);
  EXPECT_GT(event.dns_load(0).entropy(), 400U);
  EXPECT_EQ(event.dns_load(0).no_such_name(), 0U);
  EXPECT_EQ(event.dns_load(1).domain(), "example.org");
  EXPECT_EQ(event.dns_load(1).no_such_name(), 1U);
  event.Clear();
  account.say(event);
  EXPECT_EQ(event.dns_load_size(), 0) << "said once";
}

TEST(DnsAccount, FurtherDomainsThanItsLimitAreLeftOut) {
  const policy::PublicSuffixes suffixes{policy::PublicSuffixes::Source::kBuiltIn};
  DnsAccount account;
  for (std::size_t i = 0; i < kDnsDomainsMax + 5; ++i)
    account.saw(question("www.n" + std::to_string(i) + ".example"), suffixes);
  EXPECT_EQ(account.unsaid.size(), kDnsDomainsMax);
  account.saw(question("www.n0.example"), suffixes);
  EXPECT_EQ(account.unsaid[0].questions, 2U);
}

TEST(DnsAccount, AFlowOfManyQuestionsSaysThemOnceAMinuteAndAtItsEnd) {
  Bench bench{"mode: enforce\n"};
  bench.open(kProtocolUdp, 53);
  std::uint32_t said = 0;
  for (int i = 0; i < 150; ++i) {
    bench.now += kSecond;
    bench.packet(kClient, dns_query("q" + std::to_string(1'000 + i) + ".abcdefghijklmnop.tunnel.example"));
  }
  bench.packet(kServer, dns_header(0x8183, 1) + dns_question("q1149.abcdefghijklmnop.tunnel.example"));
  bench.close();
  std::uint32_t events = 0;
  for (const event::FlowEvent& event : bench.sink.events) {
    for (const event::DnsLoad& load : event.dns_load()) {
      EXPECT_EQ(load.domain(), "tunnel.example");
      said += load.carrying();
      ++events;
    }
  }
  EXPECT_EQ(said, 150U);
  EXPECT_GE(events, 3U);
  EXPECT_EQ(bench.sink.events.back().dns_load(0).no_such_name(), 1U);
}

TEST(DnsAccount, AFlowOfOneQuestionSaysItAsItDid) {
  Bench bench{"mode: enforce\n"};
  bench.open(kProtocolUdp, 53);
  bench.packet(kClient, dns_query("www.example.org"));
  bench.close();
  EXPECT_EQ(bench.sink.events.back().dns().query(), "www.example.org");
  EXPECT_EQ(bench.sink.events.back().dns_load_size(), 0);
}

}  // namespace
}  // namespace weir::classifier::test
