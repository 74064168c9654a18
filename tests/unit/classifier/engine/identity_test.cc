// SPDX-License-Identifier: Apache-2.0
// Clients and names over several flows: what one flow shows is there when the next one begins.
#include <gmock/gmock.h>

#include "bench_of_requests.h"
#include "tests/support/client_messages.h"
#include "tests/support/dns_builder.h"

namespace weir::classifier::test {
namespace {

using weir::test::dns_answer;
using weir::test::dns_query;
using weir::test::dns_record;

constexpr const char* kBlockTls =
    "web:\n  - {rule: no-bad, match: {domain: bad.example, app: TLS}, then: block}\n";
const std::string kBench = std::string("\xc0\x00\x02\x01", 4);  // 192.0.2.1, which the bench's flows go to

/// The client asks for a name and is told the bench's address.
void ask(Bench& bench, const std::string& name, std::uint32_t slot) {
  bench.open(kProtocolUdp, 53, slot);
  bench.packet(kClient, dns_query(name));
  bench.packet(kServer, dns_answer(name, 1, 1, dns_record(name, 1, kBench)));
}
std::string host_of(const event::FlowEvent& event) { return event.host() + " " + event.host_source(); }

TEST(Identity, AFlowWithoutANameHasTheOneItsClientAskedFor) {
  Bench bench("web:\n  - {rule: any, match: {domain: bad.example}, then: report}\n");
  ask(bench, "www.bad.example", 1);
  bench.sink.events.clear();
  bench.open(kProtocolTcp, 9'999, 2);
  bench.packet(kClient, std::string("\x01\x02\x03\x04", 4), 1'000);
  bench.packet(kServer, std::string("\x01\x02\x03\x04", 4), 2'000);
  bench.close();
  ASSERT_FALSE(bench.sink.events.empty());
  const event::FlowEvent& last = bench.sink.events.back();
  EXPECT_EQ(host_of(last), "www.bad.example dns-evidence");
  EXPECT_EQ(last.rule(), "any");
  EXPECT_EQ(last.dns_name(), "www.bad.example");
}

TEST(Identity, ItsOwnNameReplacesTheEvidence) {
  Bench bench("web:\n  - {rule: no-bad, match: {domain: bad.example, app: HTTP}, then: block}\n");
  ask(bench, "www.bad.example", 1);
  bench.open(kProtocolTcp, 80, 2);
  bench.packet(kClient, http_get("good.example"), 1'000);
  bench.close();
  EXPECT_EQ(host_of(bench.sink.events.back()), "good.example http-host");
  EXPECT_EQ(bench.sink.events.back().action(), "allow");
  EXPECT_EQ(bench.sink.events.back().dns_name(), "www.bad.example");
}

TEST(Identity, AnswersThatWereNotAskedForAreNoEvidence) {
  Bench bench(kBlockTls);
  bench.open(kProtocolUdp, 53, 1);
  bench.packet(kServer, dns_answer("www.bad.example", 1, 1, dns_record("www.bad.example", 1, kBench)));
  bench.open(kProtocolTcp, 9'999, 2);
  bench.close();
  EXPECT_EQ(bench.sink.events.back().dns_name(), "");
}

TEST(Identity, EvidenceSpeaksAtOnceWhereNoNameCanCome) {
  Bench bench("");
  ask(bench, "www.bad.example", 1);
  bench.open(kProtocolIcmp, 0, 2);
  bench.close();
  EXPECT_EQ(host_of(bench.sink.events.back()), "www.bad.example dns-evidence");
}

TEST(Identity, DhcpNamesTheClientOfLaterFlows) {
  Bench bench("");
  bench.mac = *MacAddress::parse("02:11:22:33:44:55");
  bench.open(kProtocolUdp, 67, 1);
  bench.packet(kClient, weir::test::dhcp(1, bench.mac, weir::test::dhcp_option(12, "anna-pc")));
  bench.open(kProtocolTcp, 80, 2);
  bench.close();
  const event::FlowEvent& last = bench.sink.events.back();
  EXPECT_EQ(last.client().host_name(), "anna-pc");
  EXPECT_EQ(last.client().host_name_source(), "dhcp");
  EXPECT_EQ(bench.classifier().counts().clients, 1U);
}

TEST(Identity, WhatIsLearnedMeanwhileIsInTheLastEvent) {
  Bench bench("");
  bench.mac = *MacAddress::parse("02:11:22:33:44:55");
  bench.open(kProtocolUdp, 88, 1);
  bench.packet(kClient, weir::test::kerberos_request("anna", "EXAMPLE.COM"));
  bench.packet(kServer, weir::test::kerberos_reply("anna", "EXAMPLE.COM", 11));
  bench.close();
  EXPECT_EQ(bench.sink.events.back().client().user(), "anna@EXAMPLE.COM");
  EXPECT_EQ(bench.sink.events.back().client().user_source(), "kerberos");
}

}  // namespace
}  // namespace weir::classifier::test
