// SPDX-License-Identifier: Apache-2.0
#include "classifier/identity/client_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

using About = IdentityClaim::About;
constexpr TimeNs kHour = 3'600 * kSecond;
constexpr TimeNs kStart = 1'700'000'000 * kSecond;

IpAddress ip(const std::string& text) { return *IpAddress::parse(text); }
MacAddress mac(int number) {
  MacAddress out{{2, 0, 0, 0, 0, 0}};
  out.bytes[5] = static_cast<std::uint8_t>(number);
  return out;
}
ClientPlace place(int station, const std::string& address, std::uint16_t vlan = 0) {
  return {mac(station), vlan, ip(address)};
}
IdentityClaim host(HostNameSource source, const std::string& name) {
  IdentityClaim claim;
  claim.host_source = source;
  claim.host_name = name;
  return claim;
}
IdentityClaim user(UserSource source, const std::string& name, About about = About::kReceiver) {
  IdentityClaim claim;
  claim.about = about;
  claim.user_source = source;
  claim.user = name;
  return claim;
}
std::string host_of(const KnownClient& client) { return client.facts ? client.facts->host_name : "-"; }
std::string user_of(const KnownClient& client) { return client.facts ? client.facts->user : "-"; }

struct Table {
  ClientTable clients;
  TimeNs now = kStart;
  Table() = default;
  explicit Table(ClientLimits limits) : clients(limits) {}
  KnownClient seen(const ClientPlace& at) { return clients.seen(at, now); }
  void claim(const IdentityClaim& claim, const ClientPlace& at, bool by_inside = true) {
    clients.claim(claim, at, by_inside, now);
  }
};

TEST(ClientTable, AStationIsOneClientWithAllItsAddresses) {
  Table t;
  const KnownClient first = t.seen(place(1, "10.0.0.7"));
  EXPECT_NE(first.id, ClientId{});
  EXPECT_EQ(first.facts, nullptr);
  EXPECT_TRUE(first.one_host);
  EXPECT_EQ(t.seen(place(1, "fd00::7")).id, first.id);
  EXPECT_NE(t.seen(place(2, "10.0.0.8")).id, first.id);
  EXPECT_NE(t.seen(place(1, "10.0.0.7", 30)).id, first.id) << "another VLAN is another network";
  EXPECT_TRUE(t.seen(place(1, "fd00::7")).one_host);
  EXPECT_FALSE(t.seen(place(1, "10.0.0.9")).one_host) << "two of IPv4 may be two hosts";
}

TEST(ClientTable, WhatNamesNobody) {
  Table t;
  const MacAddress broadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
  EXPECT_EQ(t.clients.seen({broadcast, 0, ip("255.255.255.255")}, t.now).id, ClientId{});
  EXPECT_EQ(t.clients.seen({{}, 0, ip("0.0.0.0")}, t.now).id, ClientId{});
  EXPECT_EQ(t.clients.seen({{}, 0, ip("ff02::1")}, t.now).id, ClientId{});
  EXPECT_EQ(t.clients.seen({{}, 0, {}}, t.now).id, ClientId{});
  EXPECT_EQ(t.clients.clients(), 0U);
  EXPECT_NE(t.clients.seen({mac(1), 0, ip("0.0.0.0")}, t.now).id, ClientId{}) << "it asks for an address";
}

TEST(ClientTable, BehindARouterTheAddressIsTheClient) {
  Table t;
  t.claim(host(HostNameSource::kNetbios, "ROUTER"), place(1, "10.0.0.1"));
  const ClientId router = t.seen(place(1, "10.0.0.1")).id;
  for (int i = 1; i <= 16; ++i) {
    EXPECT_EQ(t.seen(place(1, "10.0.0." + std::to_string(i))).id, router);
  }
  const KnownClient a = t.seen(place(1, "10.0.0.17"));
  const KnownClient b = t.seen(place(1, "10.0.0.1"));
  EXPECT_NE(a.id, router);
  EXPECT_NE(b.id, a.id);
  EXPECT_NE(b.id, router);
  EXPECT_FALSE(a.one_host);
  EXPECT_EQ(b.facts, nullptr) << "what was said of one was said of all";
  t.claim(host(HostNameSource::kMdns, "pc"), place(1, "10.0.0.1"));
  EXPECT_EQ(host_of(t.seen(place(1, "10.0.0.1"))), "pc");
  EXPECT_TRUE(t.seen(place(1, "10.0.0.1")).facts->behind_router);
  EXPECT_EQ(host_of(t.seen(place(1, "10.0.0.2"))), "-");
}

TEST(ClientTable, AddressesThatAreGoneDoNotMakeARouter) {
  Table t;
  const ClientId host = t.seen(place(1, "fd00::1")).id;
  for (int i = 2; i < 60; ++i) {  // a temporary address every half hour
    t.now += kHour / 2;
    EXPECT_EQ(t.seen(place(1, "fd00::" + std::to_string(i))).id, host);
  }
}

TEST(ClientTable, WhichHostNameWins) {
  // The table of HostNameSource: from the weakest on, each replaces the one before.
  const std::pair<HostNameSource, const char*> said[] = {{HostNameSource::kKerberos, "krb"},
                                                         {HostNameSource::kLlmnr, "llmnr"},
                                                         {HostNameSource::kNetbios, "netbios"},
                                                         {HostNameSource::kMdns, "mdns"},
                                                         {HostNameSource::kDhcp, "dhcp"}};
  Table t;
  for (const auto& [source, name] : said) {
    t.claim(host(source, name), place(1, "10.0.0.7"));
    EXPECT_EQ(host_of(t.seen(place(1, "10.0.0.7"))), name);
    EXPECT_EQ(t.seen(place(1, "10.0.0.7")).facts->host_name_source, source);
  }
  t.claim(host(HostNameSource::kNetbios, "later"), place(1, "10.0.0.7"));
  EXPECT_EQ(host_of(t.seen(place(1, "10.0.0.7"))), "dhcp");
}

TEST(ClientTable, WhichUserWins) {
  Table t;
  const ClientPlace at = place(1, "10.0.0.7");
  t.claim(user(UserSource::kKerberosRequest, "asks", About::kSender), at);
  EXPECT_EQ(user_of(t.seen(at)), "asks");
  t.claim(user(UserSource::kKerberos, "granted"), at, false);
  EXPECT_EQ(user_of(t.seen(at)), "granted");
  IdentityClaim radius = user(UserSource::kRadius, "on the port", About::kNamed);
  radius.mac = mac(1);
  t.claim(radius, place(9, "10.0.9.9", 12), false);
  EXPECT_EQ(user_of(t.seen(at)), "on the port");
  EXPECT_EQ(t.seen(at).facts->user_source, UserSource::kRadius);
  radius.ended = true;
  t.claim(radius, place(9, "10.0.9.9", 12), false);
  EXPECT_EQ(user_of(t.seen(at)), "granted");
  EXPECT_EQ(t.clients.users_told(), 0U);
}

TEST(ClientTable, RadiusByAddress) {
  Table t;
  IdentityClaim radius = user(UserSource::kRadius, "anna", About::kNamed);
  radius.address = ip("10.0.0.7");
  t.claim(radius, place(9, "10.0.9.9"), false);
  EXPECT_EQ(user_of(t.seen(place(1, "10.0.0.7"))), "anna");
  EXPECT_EQ(user_of(t.seen(place(2, "10.0.0.8"))), "-");
}

TEST(ClientTable, EverythingGetsOld) {
  Table t;
  const ClientPlace at = place(1, "10.0.0.7");
  t.claim(host(HostNameSource::kDhcp, "dhcp"), at);
  t.now += kHostNameAge / 2;
  t.claim(host(HostNameSource::kNetbios, "netbios"), at);
  IdentityClaim radius = user(UserSource::kRadius, "anna", About::kNamed);
  radius.mac = mac(1);
  t.claim(radius, at, false);
  EXPECT_EQ(host_of(t.seen(at)), "dhcp");
  t.now += kUserAge + 1;
  EXPECT_EQ(user_of(t.seen(at)), "");
  t.now = kStart + kHostNameAge + 1;
  EXPECT_EQ(host_of(t.seen(at)), "netbios");
  t.now = kStart + 3 * kHostNameAge;
  EXPECT_EQ(host_of(t.seen(at)), "-");
}

TEST(ClientTable, CountsWhatIsNews) {
  Table t;
  const ClientPlace at = place(1, "10.0.0.7");
  const auto news = [&](const IdentityClaim& claim, bool by_inside) {
    const std::uint64_t before = t.clients.changes();
    t.claim(claim, at, by_inside);
    return t.clients.changes() - before;
  };
  EXPECT_EQ(news(host(HostNameSource::kDhcp, "pc"), true), 1U);
  EXPECT_EQ(news(host(HostNameSource::kDhcp, "pc"), true), 0U) << "it renews its lease";
  EXPECT_EQ(news(host(HostNameSource::kDhcp, "other"), true), 1U);
  IdentityClaim radius = user(UserSource::kRadius, "anna", About::kNamed);
  radius.mac = mac(1);
  EXPECT_EQ(news(radius, false), 1U);
  t.now += kHour;
  EXPECT_EQ(news(radius, false), 0U) << "an interim update";
  t.now += kUserAge + 1;
  EXPECT_EQ(news(radius, false), 1U) << "it had been forgotten";
  radius.ended = true;
  EXPECT_EQ(news(radius, false), 1U);
  EXPECT_EQ(news(radius, false), 0U);
  t.now = kStart + kHostNameAge + 1;
  EXPECT_EQ(news(host(HostNameSource::kDhcp, "other"), true), 1U) << "it had become too old";
}

TEST(ClientTable, ClaimsAboutOthersAreNotTaken) {
  Table t;
  const ClientPlace at = place(1, "10.0.0.7");
  IdentityClaim spoof = host(HostNameSource::kMdns, "victim");
  spoof.address = ip("10.0.0.8");  // not the sender's own
  t.claim(spoof, at);
  EXPECT_EQ(host_of(t.seen(at)), "-");
  EXPECT_EQ(host_of(t.seen(place(2, "10.0.0.8"))), "-");
  t.claim(host(HostNameSource::kMdns, "outside"), at, false);  // the outside end of itself
  EXPECT_EQ(host_of(t.seen(at)), "-");
  t.claim(user(UserSource::kKerberos, "self"), at, true);  // the client as if it were the server
  EXPECT_EQ(user_of(t.seen(at)), "-");
}

TEST(ClientTable, DhcpNamesTheStationInTheMessage) {
  Table t;
  IdentityClaim request = host(HostNameSource::kDhcp, "pc");
  request.about = About::kNamed;
  request.mac = mac(1);
  t.claim(request, {mac(2), 0, ip("0.0.0.0")});  // the flow's first packet was another client's
  EXPECT_EQ(host_of(t.seen(place(1, "10.0.0.7"))), "pc");
  EXPECT_EQ(host_of(t.seen(place(2, "10.0.0.8"))), "-");
}

TEST(ClientTable, DhcpOverARelayNamesTheAddress) {
  Table t;
  IdentityClaim request = host(HostNameSource::kDhcp, "pc");
  request.about = About::kNamed;
  request.mac = mac(1);
  request.relayed = true;
  t.claim(request, place(9, "10.0.1.1"));
  IdentityClaim lease = request;
  lease.relayed = false;
  lease.host_name.clear();
  lease.address = ip("10.0.1.7");
  t.claim(lease, place(9, "10.0.1.1"), false);
  const KnownClient client = t.seen(place(9, "10.0.1.7"));
  EXPECT_EQ(host_of(client), "pc");
  EXPECT_TRUE(client.facts->behind_router);
  EXPECT_EQ(host_of(t.seen(place(9, "10.0.1.8"))), "-");
}

TEST(ClientTable, IsBounded) {
  Table t({.clients_max = 4, .users_told_max = 2});
  const ClientId first = t.seen(place(1, "10.0.0.1")).id;
  for (int i = 2; i <= 4; ++i) static_cast<void>(t.seen(place(i, "10.0.0." + std::to_string(i))));
  EXPECT_EQ(t.seen(place(1, "10.0.0.1")).id, first);
  static_cast<void>(t.seen(place(5, "10.0.0.5")));  // takes the place of 2, which was seen longest ago
  EXPECT_EQ(t.clients.clients(), 4U);
  EXPECT_EQ(t.clients.evicted(), 1U);
  EXPECT_EQ(t.seen(place(1, "10.0.0.1")).id, first);
  for (int i = 0; i < 5; ++i) {
    IdentityClaim radius = user(UserSource::kRadius, "u", About::kNamed);
    radius.address = ip("10.0.1." + std::to_string(i + 1));
    t.claim(radius, place(1, "10.0.0.1"), false);
  }
  EXPECT_EQ(t.clients.users_told(), 2U);
}

}  // namespace
}  // namespace weir::classifier
