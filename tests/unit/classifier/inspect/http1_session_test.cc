// SPDX-License-Identifier: Apache-2.0
// Both directions of an HTTP/1 connection: replies, tunnels, upgrades.
#include "classifier/inspect/http1_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_builder.h"
#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using testing::ElementsAre;
using testing::IsEmpty;

struct Case {
  const char* what;
  std::string bytes;
};

TEST(Http1Session, RepliesAreFollowed) {
  const std::vector<Case> before = {
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
      {"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"},
      {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"},
  };
  for (const Case& each : before) {
    SCOPED_TRACE(each.what);
    InspectedFlow flow(3'128);
    flow.client("GET http://a.example/ HTTP/1.1\r\n\r\nCONNECT b.example:25 HTTP/1.1\r\n\r\n");
    flow.server(each.bytes + "HTTP/1.1 200 OK\r\n\r\n220 mail.example ESMTP\r\n");
    flow.client("EHLO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@blocked.example>\r\n");
    EXPECT_THAT(flow.recipients, ElementsAre("b@blocked.example"));
  }
}

TEST(Http1Session, HeadHasNoBody) {
  InspectedFlow flow(3'128);
  flow.client("HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\nCONNECT b.example:443 HTTP/1.1\r\n\r\n");
  flow.server("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
  flow.client(client_hello("inside.example"));
  EXPECT_EQ(flow.facts.host, "inside.example");
}

TEST(Http1Session, EarlyTunnelDataIsLookedAt) {
  InspectedFlow flow(3'128);
  flow.client("CONNECT b.example:443 HTTP/1.1\r\n\r\n" + client_hello("inside.example"));
  EXPECT_THAT(flow.hosts, ElementsAre("b.example", "inside.example"));
}

TEST(Http1Session, Upgrades) {
  InspectedFlow socket(80);
  socket.client("GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  socket.server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(socket.facts.http.status, 101U);
  socket.client(std::string("\x81\x82\5\6\7\4ab", 8));
  EXPECT_FALSE(socket.server(std::string("\x81\2ab", 4)).parser_error);
  EXPECT_TRUE(socket.inspector.names_final());
  // A front that agreed to anything, and HTTP all the same.
  InspectedFlow pretended(80);
  pretended.client("GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: x\r\n\r\n");
  pretended.server("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  pretended.client("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
  EXPECT_THAT(pretended.hosts, ElementsAre("a.example", "b.example"));
  InspectedFlow unasked(80);
  unasked.client("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  unasked.server("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  unasked.client("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
  EXPECT_THAT(unasked.hosts, ElementsAre("a.example", "b.example"));
}

TEST(Http1Session, AServerThatCannotBeFollowedIsIgnored) {
  for (const std::string& reply : {std::string("garbage\r\n"), std::string("HTTP/1.1 xxx\r\n"),
                                   "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x')}) {
    InspectedFlow flow(80);
    flow.client("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    const Inspected result = flow.server(reply);
    EXPECT_FALSE(result.parser_error || result.undecidable);
    EXPECT_EQ(flow.server("more").skip_bytes, 1U << 30U);
    flow.client("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
    EXPECT_THAT(flow.hosts, ElementsAre("a.example", "b.example"));
  }
}

TEST(Http1Session, TooManyRepliesPendingOnlyEndsTheFollowing) {
  InspectedFlow flow(80);
  for (std::size_t i = 0; i <= classifier::kRepliesPendingMax; ++i) {
    flow.client("GET / HTTP/1.1\r\nHost: h" + std::to_string(i) + ".example\r\n\r\n");
  }
  EXPECT_EQ(flow.hosts.size(), classifier::kRepliesPendingMax + 1);
  EXPECT_EQ(flow.server("HTTP/1.1 200 OK\r\n").skip_bytes, 1U << 30U);
}

TEST(Http1Session, UpgradeToHttp2) {
  const std::string ask =
      "GET /up HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\n"
      "Upgrade: foo, h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
  const std::string settings = http2_frame(kSettings, 0, 0, "");
  for (const bool together : {false, true}) {
    InspectedFlow flow(80);
    flow.client(ask);
    const std::string agree =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    if (together) {
      flow.server(agree + settings);
    } else {
      flow.server(agree);
      flow.server(settings);
    }
    flow.client(http2_opening());
    flow.server(http2_frame(kHeaders, kEndHeaders, 1, hpack_block({{":status", "404"}})));
    EXPECT_EQ(flow.facts.http.status, 404U);
    flow.client(http2_request(3, "blocked.example"));
    EXPECT_THAT(flow.hosts, ElementsAre("a.example", "blocked.example"));
  }
  InspectedFlow refused(80);
  refused.client(ask);
  refused.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  refused.client("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
  EXPECT_THAT(refused.hosts, ElementsAre("a.example", "b.example"));
  // Both sides know what follows; a client that says something else is not understood by the server either.
  InspectedFlow other(80);
  other.client(ask);
  other.server("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  EXPECT_TRUE(other.client("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n").parser_error);
}

TEST(Http1Session, RepliesBecomeFacts) {
  InspectedFlow flow(80);
  flow.client("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  flow.server(
      "HTTP/1.1 100 Continue\r\nContent-Type: no\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html;\r\n "
      "charset=x\r\n"
      "Content-Length: 10\r\nContent-Disposition: attachment; filename=a.exe\r\n\r\n");
  EXPECT_EQ(flow.facts.http.status, 200U);
  EXPECT_EQ(flow.facts.http.content_type, "text/html; charset=x");
  EXPECT_EQ(flow.facts.http.content_length, 10U);
  EXPECT_EQ(flow.facts.http.file_name, "a.exe");
  flow.client("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(flow.facts.http.status, 0U);
  EXPECT_EQ(flow.facts.http.file_name, "");
}

TEST(Http1Session, ProxiesAreNoted) {
  InspectedFlow flow(3'128);
  flow.client(
      "GET http://a.example/ HTTP/1.1\r\n\r\nGET http://b.example:8080/ HTTP/1.1\r\n\r\nCONNECT "
      "c.example:443 HTTP/1.1\r\n\r\n");
  const ProxyHop plain{.kind = "http", .command = "request", .target = "b.example", .port = 8'080};
  const ProxyHop tunnel{.kind = "http-connect", .command = "connect", .target = "c.example", .port = 443};
  EXPECT_THAT(flow.facts.proxies, ElementsAre(plain, tunnel));
  InspectedFlow direct(80);
  direct.client("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_THAT(direct.facts.proxies, IsEmpty());
}

TEST(DispositionFileName, AsBrowsersReadIt) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"attachment; filename=plain.txt", "plain.txt"},
      {"attachment; filename=\"two words.txt\"", "two words.txt"},
      {"attachment; filename=\"a\\\"b;c.txt\"; size=3", "a\"b;c.txt"},
      {"attachment;FILENAME = x.txt ;y=z", "x.txt"},
      {"attachment; filename=fallback.txt; filename*=UTF-8''%e2%82%ac%20rates.txt", "\xe2\x82\xac rates.txt"},
      {"attachment; filename*=iso-8859-1'en'%a3.txt", "\xc2\xa3.txt"},
      {"attachment; filename*=broken.txt", "broken.txt"},
      {"attachment; filename=\"../../etc/passwd\"", "passwd"},
      {"attachment; filename=\"C:\\\\x\\\\y.exe\"", "y.exe"},
      {"attachment; filename=\"open", "open"},
      {"inline", ""},
      {"", ""},
      {"attachment; filename=\"a\tb\"", "a?b"},
  };
  for (const auto& [value, name] : cases) EXPECT_EQ(classifier::disposition_file_name(value), name) << value;
  EXPECT_EQ(classifier::disposition_file_name("a; filename=" + std::string(999, 'x')).size(),
            classifier::kFileNameBytesMax);
}

}  // namespace
}  // namespace weir::test
