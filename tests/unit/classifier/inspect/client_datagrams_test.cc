// SPDX-License-Identifier: Apache-2.0
// DHCP, NetBIOS names, RADIUS accounting and Kerberos: exact messages, and what they claim.
#include "classifier/inspect/client_datagrams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "classifier/inspect/dhcp_message.h"
#include "classifier/inspect/kerberos_message.h"
#include "classifier/inspect/kerberos_stream.h"
#include "classifier/inspect/netbios_name.h"
#include "tests/support/client_messages.h"
#include "tests/support/inspected_flow.h"

namespace weir::test {
namespace {

using channel::Direction;
using classifier::ClientDatagrams;
using classifier::IdentityClaim;
using classifier::IdentityClaims;
using testing::IsEmpty;
using About = IdentityClaim::About;

const MacAddress kMac = *MacAddress::parse("02:11:22:33:44:55");

struct Datagrams {
  ClientDatagrams parsers;
  FlowFacts facts;
  IdentityClaims claims;
  bool read(std::uint16_t port, std::string_view bytes, Direction from = Direction::kFromInitiator) {
    FiveTuple tuple;
    tuple.initiator_port = 40'000;
    tuple.responder_port = port;
    tuple.protocol = kProtocolUdp;
    return parsers.read(tuple, from, as_bytes(bytes), facts, claims);
  }
};

TEST(Dhcp, RequestOfAClient) {
  Datagrams d;
  const std::string options = dhcp_option(53, "\x03") + dhcp_option(12, "anna-pc") +
                              dhcp_option(60, "MSFT 5.0") + dhcp_option(55, "\x01\x03\x06\x0f\xff") +
                              dhcp_option(61, "\x01" + mac_bytes(kMac));
  ASSERT_TRUE(d.read(67, dhcp(1, kMac, options)));
  EXPECT_TRUE(d.facts.dhcp.seen);
  EXPECT_EQ(d.facts.dhcp.fingerprint, "1,3,6,15,255");
  EXPECT_EQ(d.facts.dhcp.host_name, "anna-pc");
  EXPECT_EQ(d.facts.dhcp.vendor_class, "MSFT 5.0");
  ASSERT_EQ(d.claims.size(), 1U);
  EXPECT_EQ(d.claims[0].about, About::kNamed);
  EXPECT_EQ(d.claims[0].mac, kMac);
  EXPECT_EQ(d.claims[0].host_name, "anna-pc");
  EXPECT_EQ(d.claims[0].host_source, HostNameSource::kDhcp);
  EXPECT_FALSE(d.claims[0].relayed);
  EXPECT_EQ(d.claims[0].address, IpAddress{});
}

TEST(Dhcp, WhereTheNameStands) {
  const struct {
    const char* what;
    std::string options;
    std::string name;
  } cases[] = {
      {"option 12 in two parts", dhcp_option(12, "long-") + dhcp_option(12, "name"), "long-name"},
      {"with a NUL", dhcp_option(12, std::string("pc\0", 3)), "pc"},
      {"option 81, plain", dhcp_option(81, std::string("\x01\0\0pc.example.com", 17)), "pc"},
      {"option 81, as in DNS",
       dhcp_option(81, std::string("\x05\0\0\x02pc\x07"
                                   "example\0",
                                   15)),
       "pc"},
      {"option 81, cut", dhcp_option(81, std::string("\x04\0\0\x3fpc", 6)), ""},
      {"option 81, its head alone", dhcp_option(81, std::string("\0\0\0", 3)), ""},
      {"12 before 81", dhcp_option(81, std::string("\0\0\0other", 8)) + dhcp_option(12, "pc"), "pc"},
      {"behind the end", "\xff" + dhcp_option(12, "pc"), ""},
      {"behind padding", std::string(3, '\0') + dhcp_option(12, "pc"), "pc"},
      {"a control byte",
       dhcp_option(12,
                   "p\x01"
                   "c"),
       "p?c"},
      {"cut", std::string("\x0c\x20pc", 4), ""},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.what);
    Datagrams d;
    ASSERT_TRUE(d.read(67, dhcp(1, kMac, each.options)));
    EXPECT_EQ(d.facts.dhcp.host_name, each.name);
  }
}

TEST(Dhcp, OptionsInFileAndServerName) {  // RFC 2131 section 4.1: option 52
  std::string message = dhcp(1, kMac, dhcp_option(52, "\x03"));
  const std::string file = dhcp_option(12, "pc") + "\xff";
  const std::string server_name = dhcp_option(60, "v") + "\xff";
  message.replace(108, file.size(), file);
  message.replace(44, server_name.size(), server_name);
  Datagrams d;
  ASSERT_TRUE(d.read(67, message));
  EXPECT_EQ(d.facts.dhcp.host_name, "pc");
  EXPECT_EQ(d.facts.dhcp.vendor_class, "v");
}

TEST(Dhcp, LeasesAndRelays) {
  Datagrams ack;
  ASSERT_TRUE(ack.read(68, dhcp(2, kMac, dhcp_option(53, "\x05"), "10.0.0.9")));
  ASSERT_EQ(ack.claims.size(), 1U);
  EXPECT_EQ(ack.claims[0].address, *IpAddress::parse("10.0.0.9"));
  EXPECT_FALSE(ack.facts.dhcp.seen) << "what a server says is no fact about a client's software";
  Datagrams offer;
  ASSERT_TRUE(offer.read(68, dhcp(2, kMac, dhcp_option(53, "\x02"), "10.0.0.9")));
  EXPECT_THAT(offer.claims, IsEmpty());
  Datagrams relayed;
  std::string message = dhcp(1, kMac, dhcp_option(12, "pc"));
  message.replace(24, 4, std::string("\x0a\0\0\x01", 4));  // giaddr
  message.replace(12, 4, std::string("\x0a\0\0\x09", 4));  // ciaddr
  ASSERT_TRUE(relayed.read(67, message));
  EXPECT_TRUE(relayed.claims[0].relayed);
  EXPECT_EQ(relayed.claims[0].address, *IpAddress::parse("10.0.0.9"));
}

TEST(Dhcp, Bounds) {
  std::string options;
  for (int i = 0; i < 300; ++i)
    options += dhcp_option(12, std::string(200, 'x')) + dhcp_option(55, std::string(200, 'x'));
  Datagrams d;
  ASSERT_TRUE(d.read(67, dhcp(1, kMac, options)));
  EXPECT_EQ(d.facts.dhcp.host_name.size(), classifier::kDhcpTextBytesMax);
  EXPECT_EQ(std::count(d.facts.dhcp.fingerprint.begin(), d.facts.dhcp.fingerprint.end(), ','),
            static_cast<std::ptrdiff_t>(classifier::kDhcpRequestedMax - 1));
  for (std::size_t cut = 0; cut < 240; ++cut)
    EXPECT_FALSE(Datagrams{}.read(67, dhcp(1, kMac, "").substr(0, cut))) << cut;
  EXPECT_FALSE(Datagrams{}.read(67, dhcp(3, kMac, "")));
  IdentityClaims full(classifier::kClaimsMax);
  DhcpFacts facts;
  classifier::read_dhcp(as_bytes(dhcp(1, kMac, dhcp_option(12, "pc"))), facts, full);
  EXPECT_EQ(full.size(), classifier::kClaimsMax);
}

TEST(Dhcpv6, Solicit) {
  const std::string fqdn = Wire{}.u8(0).u8(2).raw("pc").u8(7).raw("example").u8(0).str();
  const std::string vendor = Wire{}.u16(0).u16(311).u16(8).raw("MSFT 5.0").str();
  const std::string message = Wire{}
                                  .u8(1)
                                  .raw("xid")
                                  .u16(39)
                                  .u16(fqdn.size())
                                  .raw(fqdn)
                                  .u16(16)
                                  .u16(vendor.size())
                                  .raw(vendor)
                                  .u16(6)
                                  .u16(4)
                                  .u16(17)
                                  .u16(23)
                                  .str();
  Datagrams d;
  ASSERT_TRUE(d.read(547, message));
  EXPECT_EQ(d.facts.dhcp.host_name, "pc");
  EXPECT_EQ(d.facts.dhcp.vendor_class, "MSFT 5.0");
  EXPECT_EQ(d.facts.dhcp.fingerprint, "17,23");
  ASSERT_EQ(d.claims.size(), 1U);
  EXPECT_EQ(d.claims[0].about, About::kSender);
  EXPECT_FALSE(Datagrams{}.read(547, message.substr(0, message.size() - 1)));
  EXPECT_FALSE(Datagrams{}.read(547, "\x0c" + message.substr(1))) << "a relay's";
  Datagrams server;
  EXPECT_TRUE(server.read(547, "\x07" + message.substr(1)));
  EXPECT_THAT(server.claims, IsEmpty());
}

TEST(Netbios, NamesThatAHostRegisters) {
  const struct {
    const char* what;
    std::string message;
    std::string name;
  } cases[] = {
      {"workstation", netbios_registration("ANNA-PC", 0x00), "ANNA-PC"},
      {"server", netbios_registration("ANNA-PC", 0x20), "ANNA-PC"},
      {"refresh", netbios_registration("ANNA-PC", 0x00, 8), "ANNA-PC"},
      {"its workgroup", netbios_registration("WORKGROUP", 0x00, 5, 0x8000), ""},
      {"another service", netbios_registration("ANNA-PC", 0x03), ""},
      {"no letters of the encoding", netbios_registration("ANNA-PC", 0x00).replace(13, 1, "z"), ""},
      {"only blanks", netbios_registration("", 0x00), ""},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.what);
    Datagrams d;
    ASSERT_TRUE(d.read(137, each.message));
    EXPECT_EQ(d.claims.empty() ? "" : d.claims[0].host_name, each.name);
  }
  const std::string good = netbios_registration("ANNA-PC", 0x00);
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_FALSE(Datagrams{}.read(137, good.substr(0, cut)));
  EXPECT_FALSE(Datagrams{}.read(137, netbios_registration("ANNA-PC", 0x00, 0))) << "a query";
}

TEST(Radius, AcknowledgedAccountingCounts) {
  const std::string attributes =
      radius_attribute(1, "anna") + radius_attribute(8, std::string("\x0a\0\0\x07", 4)) +
      radius_attribute(31, "02-11-22-33-44-55") + radius_attribute(40, std::string("\0\0\0\x01", 4));
  Datagrams d;
  EXPECT_TRUE(d.read(1'813, radius(4, 9, attributes)));
  EXPECT_THAT(d.claims, IsEmpty());
  EXPECT_TRUE(d.read(1'813, radius(5, 9, "")));
  EXPECT_THAT(d.claims, IsEmpty()) << "its own acknowledgement";
  EXPECT_TRUE(d.read(1'813, radius(5, 8, ""), Direction::kFromResponder));
  EXPECT_THAT(d.claims, IsEmpty()) << "of another request";
  EXPECT_TRUE(d.read(1'813, radius(5, 9, ""), Direction::kFromResponder));
  ASSERT_EQ(d.claims.size(), 1U);
  EXPECT_EQ(d.claims[0].user, "anna");
  EXPECT_EQ(d.claims[0].address, *IpAddress::parse("10.0.0.7"));
  EXPECT_EQ(d.claims[0].mac, kMac);
  EXPECT_FALSE(d.claims[0].ended);
}

TEST(Radius, WhatSaysNothing) {
  const std::string user = radius_attribute(1, "anna");
  const std::string address = radius_attribute(8, std::string("\x0a\0\0\x07", 4));
  const std::string start = radius_attribute(40, std::string("\0\0\0\x01", 4));
  const std::string stop = radius_attribute(40, std::string("\0\0\0\x02", 4));
  const struct {
    const char* what;
    std::string attributes;
    std::size_t claims;
  } cases[] = {
      {"no user", address + start, 0},
      {"no client", user + start, 0},
      {"no hardware address", user + radius_attribute(31, "+1 555 0100") + start, 0},
      {"too long a hardware address", user + radius_attribute(31, "02-11-22-33-44-55-66") + start, 0},
      {"accounting on", user + address + radius_attribute(40, std::string("\0\0\0\x07", 4)), 0},
      {"an attribute without a length", user + address + start + std::string("\x01\x01", 2), 0},
      {"the end", user + address + stop, 1},
      {"IPv6", user + radius_attribute(168, std::string(16, '\x20')) + start, 1},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.what);
    Datagrams d;
    EXPECT_TRUE(d.read(1'813, radius(4, 1, each.attributes)));
    EXPECT_TRUE(d.read(1'813, radius(5, 1, ""), Direction::kFromResponder));
    EXPECT_EQ(d.claims.size(), each.claims);
  }
  EXPECT_FALSE(Datagrams{}.read(1'813, radius(4, 1, "").substr(0, 19)));
  EXPECT_FALSE(Datagrams{}.read(1'813, radius(1, 1, user)));
  Datagrams many;
  for (int id = 0; id < 60; ++id)
    EXPECT_TRUE(many.read(1'813, radius(4, static_cast<std::size_t>(id), user + address + start)));
  for (int id = 0; id < 60; ++id)
    EXPECT_TRUE(many.read(1'813, radius(5, static_cast<std::size_t>(id), ""), Direction::kFromResponder));
  EXPECT_EQ(many.claims.size(), classifier::kRadiusUnansweredMax);
}

TEST(Kerberos, WhoAsksAndWhoIsGranted) {
  Datagrams d;
  ASSERT_TRUE(d.read(88, kerberos_request("anna", "EXAMPLE.COM")));
  ASSERT_EQ(d.claims.size(), 1U);
  EXPECT_EQ(d.claims[0].about, About::kSender);
  EXPECT_EQ(d.claims[0].user, "anna@EXAMPLE.COM");
  EXPECT_EQ(d.claims[0].user_source, UserSource::kKerberosRequest);
  for (const std::size_t type : {11U, 13U}) {
    Datagrams granted;
    ASSERT_TRUE(granted.read(88, kerberos_reply("anna", "EXAMPLE.COM", type), Direction::kFromResponder));
    ASSERT_EQ(granted.claims.size(), 1U);
    EXPECT_EQ(granted.claims[0].about, About::kReceiver);
    EXPECT_EQ(granted.claims[0].user, "anna@EXAMPLE.COM");
    EXPECT_EQ(granted.claims[0].user_source, UserSource::kKerberos);
  }
  Datagrams machine;
  ASSERT_TRUE(machine.read(88, kerberos_request("PC7$", "EXAMPLE.COM")));
  EXPECT_EQ(machine.claims[0].host_name, "PC7");
  EXPECT_EQ(machine.claims[0].host_source, HostNameSource::kKerberos);
  EXPECT_EQ(machine.claims[0].user, "");
}

TEST(Kerberos, BrokenAndCutMessages) {
  const std::string good = kerberos_reply("anna", "EXAMPLE.COM", 11);
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    IdentityClaims claims;
    classifier::read_kerberos(as_bytes(good.substr(0, cut)), claims);  // never more than is there
    for (const IdentityClaim& claim : claims) EXPECT_TRUE(claim.user.size() <= 16);
  }
  IdentityClaims claims;
  std::string indefinite = good;
  indefinite[1] = '\x80';
  classifier::read_kerberos(as_bytes(indefinite), claims);
  EXPECT_THAT(claims, IsEmpty());
  std::string crowd;  // more elements in front of the name than are passed over
  for (std::size_t i = 0; i < classifier::kDerElementsMax; ++i) crowd += der(0xa2, "");
  classifier::read_kerberos(as_bytes(der(0x6b, der(0x30, crowd + der(0xa4, kerberos_principal("anna"))))),
                            claims);
  EXPECT_THAT(claims, IsEmpty());
  classifier::read_kerberos(as_bytes(kerberos_request(std::string(600, 'x'), "R")), claims);
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].user.size(), classifier::kKerberosNameBytesMax);
}

TEST(KerberosStream, InAnyPieces) {
  const auto framed = [](const std::string& message) {
    return Wire{}.u16(message.size() >> 16U).u16(message.size() & 0xffffU).raw(message).str();
  };
  for (const std::size_t bytes : {1U, 3U, 100U, 4'000U}) {
    SCOPED_TRACE(bytes);
    InspectedFlow flow(88);
    flow.client_in_pieces(framed(kerberos_request("anna", "EXAMPLE.COM")), bytes);
    EXPECT_EQ(flow.inspector.take_claims().size(), 1U);
    flow.server(framed(kerberos_reply("anna", "EXAMPLE.COM", 11)));
    const IdentityClaims claims = flow.inspector.take_claims();
    ASSERT_EQ(claims.size(), 1U);
    EXPECT_EQ(claims[0].user_source, UserSource::kKerberos);
    flow.client(framed(kerberos_request("bob", "EXAMPLE.COM")));
    EXPECT_EQ(flow.inspector.take_claims().size(), 1U);
  }
}

TEST(KerberosStream, LongMessagesAreNotKept) {
  classifier::KerberosStream stream;
  FlowFacts facts;
  const std::string head = Wire{}.u16(4).u16(0).raw("\x6a\x84").u16(4).u16(0).str();  // 256 KiB
  static_cast<void>(stream.from_client(as_bytes(head), facts));
  const std::string filler(1'000, 'x');
  for (int i = 0; i < 200; ++i) static_cast<void>(stream.from_client(as_bytes(filler), facts));
  EXPECT_LE(stream.bytes_held(), classifier::kKerberosKeptMax + 4);
  classifier::KerberosStream other;
  EXPECT_EQ(other.from_client(as_bytes("\x7f\xff\xff\xff"), facts).outcome, classifier::Outcome::kFinal);
}

TEST(KerberosStream, ServerThatSpeaksOtherwise) {
  InspectedFlow flow(88);
  flow.client(Wire{}.u16(0).u16(12).raw("j\x82 x\r\n").str());
  flow.server("220 mx.example ESMTP\r\n");
  flow.client("EHLO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@blocked.example>\r\n");
  EXPECT_THAT(flow.recipients, testing::ElementsAre("c@blocked.example"));
}

TEST(ClientDatagrams, OtherPortsAndQuicBetween) {
  EXPECT_FALSE(Datagrams{}.read(4'000, dhcp(1, kMac, "")));
  InspectedFlow flow(67);
  const auto datagram = [&](std::string_view bytes) {
    return flow.inspector.on_datagram(Direction::kFromInitiator, as_bytes(bytes), flow.facts);
  };
  EXPECT_TRUE(datagram(dhcp(1, kMac, dhcp_option(12, "pc"))).claims);
  EXPECT_FALSE(datagram("junk").parser_error);
  EXPECT_FALSE(flow.inspector.names_final()) << "other clients follow on the same addresses";
  EXPECT_TRUE(datagram(dhcp(1, kMac, dhcp_option(12, "pc"))).facts_changed);
}

}  // namespace
}  // namespace weir::test
