// SPDX-License-Identifier: Apache-2.0
// SOCKS, PROXY headers and CONNECT, alone and within one another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "classifier/inspect/proxy_header.h"
#include "classifier/inspect/socks_session.h"
#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kGreeting{"\5\1\0", 3};
const std::string kNoAuth{"\5\0", 2};
const std::string kPasswordChosen{"\5\2", 2};
const std::string kGranted5{"\5\0\0\1\0\0\0\0\0\0", 10};
const std::string kGranted4{"\0\x5a\0\0\0\0\0\0", 8};

std::string socks5_name(std::string_view name, std::size_t port = 443, std::size_t command = 1) {
  return Wire{}.u8(5).u8(command).u8(0).u8(3).u8(name.size()).raw(name).u16(port).str();
}

std::string socks4(std::string_view address, std::string_view texts, std::size_t command = 1) {
  return Wire{}.u8(4).u8(command).u16(443).raw(address).raw(texts).str();
}

std::string proxy2(std::string_view rest, std::size_t command = 0x21, std::size_t family = 0x11) {
  return Wire{}
      .raw(classifier::kProxyHeader2Signature)
      .u8(command)
      .u8(family)
      .u16(rest.size())
      .raw(rest)
      .str();
}

const std::string kEnds4{"\xc0\0\2\1\xc6\x33\x64\7\x9c\x40\1\xbb",
                         12};  // 192.0.2.1:40000 to 198.51.100.7:443

TEST(Socks5, TargetAndWhatIsInside) {
  for (const std::size_t piece : {1U, 4U, 10'000U}) {
    InspectedFlow flow(1'080);
    flow.client_in_pieces(kGreeting, piece);
    flow.server(kNoAuth);
    flow.client_in_pieces(socks5_name("Proxied.Example."), piece);
    EXPECT_EQ(flow.facts.host_source, NameSource::kProxyTarget);
    EXPECT_FALSE(flow.inspector.names_final());
    flow.server(kGranted5);
    flow.client_in_pieces(client_hello("inside.example"), piece);
    EXPECT_THAT(flow.hosts, ElementsAre("proxied.example", "inside.example"));
    EXPECT_TRUE(flow.inspector.names_final());
    const ProxyHop hop{.kind = "socks5", .command = "connect", .target = "proxied.example", .port = 443};
    EXPECT_THAT(flow.facts.proxies, ElementsAre(hop));
  }
}

TEST(Socks5, PasswordThenRequest) {
  InspectedFlow flow(1'080);
  flow.client(std::string("\5\2\0\2", 4));
  flow.server(kPasswordChosen);
  flow.client("\1\4user\6secret");
  flow.server(std::string("\1\0", 2));
  flow.client(socks5_name("a.example", 25));
  flow.server(kGranted5 + "220 mail.example ESMTP\r\n");
  flow.client("EHLO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@blocked.example>\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("b@blocked.example"));
}

TEST(Socks5, AClientThatWaitsForNothing) {
  for (const bool password : {false, true}) {
    for (const std::size_t piece : {1U, 3U, 10'000U}) {
      InspectedFlow flow(1'080);
      flow.client_in_pieces(std::string("\5\2\0\2", 4) + (password ? "\1\1u\1p" : "") +
                                socks5_name("a.example") + "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n",
                            piece);
      EXPECT_THAT(flow.hosts, ElementsAre("a.example", "b.example")) << piece;
      flow.server((password ? kPasswordChosen + std::string("\1\0", 2) : kNoAuth) + kGranted5 +
                  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      EXPECT_EQ(flow.facts.http.status, 200U);
    }
  }
}

TEST(Socks5, Addresses) {
  const std::string four = kGreeting + std::string("\5\1\0\1\xcb\0\x71\5\0\x50", 10);
  const std::string six = kGreeting + std::string("\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x50", 22);
  InspectedFlow v4(1'080);
  v4.client(four);
  EXPECT_EQ(v4.facts.host, "203.0.113.5");
  InspectedFlow v6(1'080);
  v6.client(six);
  EXPECT_EQ(v6.facts.host, "2001:db8::1");
  InspectedFlow text(1'080);
  text.client(kGreeting + socks5_name("2001:db8::2"));
  EXPECT_EQ(text.facts.host, "2001:db8::2");
}

TEST(Socks5, UdpIsNotedAndBindAnswersTwice) {
  InspectedFlow udp(1'080);
  udp.client(kGreeting + socks5_name("", 0, 3));
  EXPECT_EQ(udp.facts.proxies.at(0).command, "udp-associate");
  EXPECT_TRUE(udp.inspector.names_final());
  InspectedFlow bind(1'080);
  bind.client(kGreeting + socks5_name("peer.example", 20, 2));
  bind.server(kNoAuth + kGranted5 + kGranted5 + "220 mail.example ESMTP\r\n");
  bind.client("EHLO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@blocked.example>\r\n");
  EXPECT_THAT(bind.recipients, ElementsAre("b@blocked.example"));
}

TEST(Socks5, WhatCannotBeReadIsNotSilent) {
  const auto refused = [](const std::string& request) {
    InspectedFlow flow(1'080);
    flow.client(kGreeting);
    flow.server(kNoAuth);
    return flow.client(request).parser_error;
  };
  EXPECT_TRUE(refused("\1\1u\1p")) << "a password that was not asked for";
  EXPECT_TRUE(refused(std::string("\5\1\0\2aaaaaaaaaa", 14))) << "address type";
  EXPECT_TRUE(refused(socks5_name("a.example", 80, 9))) << "command";
  EXPECT_TRUE(refused(socks5_name("a b.example"))) << "no name";
  EXPECT_TRUE(refused("\7")) << "version";
  InspectedFlow gssapi(1'080);
  gssapi.client(std::string("\5\2\1\2", 4));
  EXPECT_TRUE(gssapi.server("\5\1").undecidable);
}

TEST(Socks5, AServerThatSpeaksOtherwiseIsIgnored) {
  for (const std::string& reply :
       {std::string("HTTP/1.1 400\r\n"), std::string("\5\0\5\0\0\7aaaaaaaa", 14)}) {
    InspectedFlow flow(1'080);
    flow.client(kGreeting);
    flow.server(reply);
    flow.client(socks5_name("a.example") + client_hello("inside.example"));
    EXPECT_THAT(flow.hosts, ElementsAre("a.example", "inside.example"));
  }
}

TEST(Socks4, AddressAndName) {
  InspectedFlow address(1'080);
  address.client(socks4("\xcb\x01\x71\x05", std::string("me\0", 3)));
  EXPECT_EQ(address.facts.host, "203.1.113.5");
  EXPECT_EQ(address.facts.proxies.at(0).kind, "socks4");
  for (const std::size_t piece : {1U, 10'000U}) {
    InspectedFlow name(1'080);
    name.client_in_pieces(socks4(std::string("\0\0\0\1", 4), std::string("me\0blocked.example\0", 19)),
                          piece);
    EXPECT_THAT(name.hosts, ElementsAre("blocked.example"));
    EXPECT_EQ(name.facts.proxies.at(0).kind, "socks4a");
    name.server(kGranted4);
    name.client_in_pieces(client_hello("inside.example"), piece);
    EXPECT_THAT(name.hosts, ElementsAre("blocked.example", "inside.example"));
  }
  InspectedFlow command(1'080);
  command.client(socks4("\xcb\x01\x71\x05", std::string("me\0", 3), 9));
  EXPECT_THAT(command.facts.proxies, IsEmpty());
}

TEST(Socks4, TextsAreBounded) {
  InspectedFlow flow(1'080);
  EXPECT_TRUE(flow.client(socks4(std::string("\0\0\0\1", 4), std::string(2'000, 'u'))).undecidable);
}

TEST(ProxyHeader, Version1) {
  for (const std::size_t piece : {1U, 10'000U}) {
    InspectedFlow flow(443);
    flow.client_in_pieces("PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\n" + client_hello("inside.example"),
                          piece);
    EXPECT_THAT(flow.hosts, ElementsAre("198.51.100.7", "inside.example"));
    const ProxyHop hop{
        .kind = "proxy-v1", .command = "proxy", .target = "198.51.100.7", .port = 443, .source = "192.0.2.1"};
    EXPECT_THAT(flow.facts.proxies, ElementsAre(hop));
  }
  InspectedFlow unknown(443);
  unknown.client("PROXY UNKNOWN\r\n" + client_hello("inside.example"));
  EXPECT_THAT(unknown.hosts, ElementsAre("inside.example"));
}

TEST(ProxyHeader, Version2) {
  const std::string alpn = std::string("\1\0\2h2", 5);
  const std::string authority = std::string("\2\0\x0e", 3) + "Target.Example";
  for (const std::size_t piece : {1U, 10'000U}) {
    InspectedFlow flow(443);
    flow.client_in_pieces(proxy2(kEnds4 + alpn + authority) + client_hello("inside.example"), piece);
    EXPECT_THAT(flow.hosts, ElementsAre("target.example", "inside.example"));
    EXPECT_EQ(flow.facts.proxies.at(0).source, "192.0.2.1");
    EXPECT_EQ(flow.facts.proxies.at(0).port, 443);
  }
  const std::string six =
      std::string(15, '\0') + "\1" + std::string(15, '\0') + "\2" + std::string("\0\1\0\2", 4);
  const std::vector<std::pair<std::string, const char*>> targets = {
      {proxy2(kEnds4), "198.51.100.7"},
      {proxy2(six, 0x21, 0x21), "::2"},
      {proxy2(std::string(216, 'p'), 0x21, 0x31), ""},
      {proxy2("", 0x21, 0), ""},
      {proxy2("whatever", 0x20, 0x11), ""},
  };
  for (const auto& [header, target] : targets) {
    InspectedFlow flow(443);
    flow.client(header + client_hello("inside.example"));
    ASSERT_EQ(flow.facts.proxies.size(), 1U);
    EXPECT_EQ(flow.facts.proxies[0].target, target);
    EXPECT_EQ(flow.facts.host, "inside.example");
  }
}

TEST(ProxyHeader, TheServerSpeaksFirstBehindIt) {
  InspectedFlow flow(25);
  flow.client(proxy2(kEnds4));
  flow.server("220 mail.example ESMTP\r\n");
  flow.client("EHLO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@blocked.example>\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("b@blocked.example"));
}

TEST(ProxyHeader, WhatIsBrokenIsRefused) {
  const auto refused = [](const std::string& header) {
    InspectedFlow flow(443);
    return flow.client(header).parser_error;
  };
  EXPECT_TRUE(refused("PROXY TCP4 192.0.2.1 198.51.100.7 40000 99999\r\n"));
  EXPECT_TRUE(refused("PROXY TCP4 192.0.2.1 nonsense 40000 443\r\n"));
  EXPECT_TRUE(refused("PROXY UNKNOWN " + std::string(classifier::kProxyLineBytesMax, 'x') + "\r\n"));
  EXPECT_TRUE(refused(proxy2(kEnds4, 0x31)));
  EXPECT_TRUE(refused(proxy2(kEnds4, 0x22)));
  EXPECT_TRUE(refused(proxy2(kEnds4.substr(0, 8))));
  EXPECT_TRUE(refused(proxy2(kEnds4 + std::string("\2\0\x20x", 4))));
  EXPECT_TRUE(refused(proxy2(kEnds4 + std::string("\2\0\3a b", 6))));
  InspectedFlow large(443);
  EXPECT_TRUE(large.client(proxy2(std::string(classifier::kProxyHeader2BytesMax + 1, 'x')).substr(0, 1'400))
                  .undecidable);
}

TEST(Nested, AProxyWithinAProxy) {
  const std::string connect = "CONNECT second.example:443 HTTP/1.1\r\nHost: second.example\r\n\r\n";
  InspectedFlow waiting(1'080);
  waiting.client(kGreeting);
  waiting.server(kNoAuth);
  waiting.client(socks5_name("first.example", 3'128));
  waiting.server(kGranted5);
  waiting.client(connect);
  waiting.server("HTTP/1.1 200 OK\r\n\r\n");
  waiting.client(client_hello("inside.example"));
  InspectedFlow hasty(1'080);
  hasty.client(kGreeting + socks5_name("first.example", 3'128) + connect + client_hello("inside.example"));
  for (const InspectedFlow* flow : {&waiting, &hasty}) {
    EXPECT_THAT(flow->hosts, ElementsAre("first.example", "second.example", "inside.example"));
    EXPECT_EQ(flow->facts.proxies.size(), 2U);
    EXPECT_TRUE(flow->inspector.names_final());
  }
}

// A mail server behind a proxy reads commands that came before its greeting.
TEST(Nested, MailBehindConnectDoesNotWait) {
  InspectedFlow flow(3'128);
  flow.client(
      "CONNECT mail.example:25 HTTP/1.1\r\n\r\nEHLO x\r\nMAIL FROM:<a@a.example>\r\nRCPT "
      "TO:<b@blocked.example>\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("b@blocked.example"));
  flow.server("HTTP/1.1 200 OK\r\n\r\n220 mail.example\r\n250 x\r\n250 ok\r\n550 no\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, IsEmpty());
}

TEST(Nested, DepthIsBounded) {
  InspectedFlow flow(1'080);
  for (std::size_t i = 0; i < 8; ++i)
    EXPECT_FALSE(flow.client(kGreeting + socks5_name("a.example")).undecidable) << i;
  EXPECT_TRUE(flow.client(kGreeting + socks5_name("a.example")).undecidable);
  EXPECT_TRUE(flow.inspector.names_final());
}

}  // namespace
}  // namespace weir::test
