// SPDX-License-Identifier: Apache-2.0
// One name, however it is spelled and whichever parser reads it, is the name that a policy's domain is made
// of.
#include <gtest/gtest.h>

#include "classifier/inspect/smtp_address.h"
#include "policy/categories/domain_table.h"
#include "tests/support/dns_builder.h"
#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

std::string from_tls(const std::string& spelled) {
  InspectedFlow flow(443);
  flow.client(client_hello(spelled));
  return flow.facts.host;
}
std::string from_http(const std::string& spelled) {
  InspectedFlow flow(80);
  flow.client("GET / HTTP/1.1\r\nHost: " + spelled + "\r\n\r\n");
  return flow.facts.host;
}
std::string from_connect(const std::string& spelled) {
  InspectedFlow flow(3'128);
  flow.client("CONNECT " + spelled + ":443 HTTP/1.1\r\n\r\n");
  return flow.facts.host;
}
std::string from_dns(const std::string& spelled) {
  InspectedFlow flow(53);
  static_cast<void>(flow.inspector.on_datagram(channel::Direction::kFromInitiator,
                                               as_bytes(dns_query(spelled)), flow.facts));
  return flow.facts.host;
}
std::string from_mail(const std::string& spelled) {
  const auto address = classifier::parse_mail_path("TO:<user@" + spelled + ">", "TO");
  return address ? address->substr(address->find('@') + 1) : std::string{};
}
bool policy_has(const std::string& spelled, const std::string& name) {
  policy::DomainTable table;
  const auto set = table.add_set();
  if (!set || !table.add(*set, spelled)) return false;
  policy::DomainMatches matches;
  table.lookup(name, matches);
  return matches.test(index_of(*set));
}

TEST(OneName, EveryParserAndThePolicySayTheSame) {
  const std::string umlaut =
      "b\xc3\xbc"
      "cher";
  const struct {
    std::string spelled;
    std::string name;
    bool in_dns;  // DNS has A-labels only
  } cases[] = {
      {"www.example.com", "www.example.com", true},
      {"wWw.ExAmPlE.CoM", "www.example.com", true},
      {"www.example.com.", "www.example.com", true},
      {"XN--BCHER-KVA.example", "xn--bcher-kva.example", true},
      {umlaut + ".example", "xn--bcher-kva.example", false},
      {"B\xc3\x9c"
       "CHER.Example.",
       "xn--bcher-kva.example", false},
      {"_odd-1.example", "_odd-1.example", true},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.spelled);
    EXPECT_EQ(from_tls(each.spelled), each.name);
    EXPECT_EQ(from_http(each.spelled), each.name);
    EXPECT_EQ(from_http(each.spelled + ":8080"), each.name);
    EXPECT_EQ(from_connect(each.spelled), each.name);
    EXPECT_EQ(from_mail(each.spelled), each.name);
    EXPECT_EQ(each.in_dns ? from_dns(each.spelled) : each.name, each.name);
    EXPECT_TRUE(policy_has(each.spelled, each.name));
  }
}

TEST(OneName, WhatIsNoNameIsNobodysName) {
  for (const std::string& spelled : {std::string("a\0b.example", 11), std::string("a b.example"),
                                     std::string("a\tb.example"), std::string("a..example")}) {
    SCOPED_TRACE(spelled);
    EXPECT_NE(from_tls(spelled), spelled);
    EXPECT_NE(from_http(spelled), spelled);
    EXPECT_FALSE(policy_has(spelled, spelled));
  }
}

}  // namespace
}  // namespace weir::test
