// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "classifier/inspect/http1_session.h"
#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> hosts_of(std::string_view bytes, std::size_t piece = 1'000'000) {
  InspectedFlow flow(80);
  flow.client_in_pieces(bytes, piece);
  return flow.hosts;
}

/// True when some answer to these bytes is a parser error.
bool refused(std::string_view bytes, std::size_t piece = 1'000'000) {
  InspectedFlow flow(80);
  bool error = false;
  for (; !bytes.empty() && !error; bytes.remove_prefix(std::min(piece, bytes.size()))) {
    error = flow.client(bytes.substr(0, piece)).parser_error;
  }
  return error;
}

struct Case {
  const char* what;
  std::string bytes;
};

TEST(Http1Request, HostAsLenientServersReadIt) {
  const std::string fields(80, 'x');
  std::string many;
  for (int i = 0; i < 80; ++i) many += "X-Field-" + std::to_string(i) + ": y\r\n";
  const std::vector<Case> cases = {
      {"plain", "GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n"},
      {"letter case of the field", "GET / HTTP/1.1\r\nhoSt: blocked.example\r\n\r\n"},
      {"no blank", "GET / HTTP/1.1\r\nHost:blocked.example\r\n\r\n"},
      {"two blanks", "GET  /  HTTP/1.1\r\nHost: blocked.example\r\n\r\n"},
      {"tab in the request line", "GET\t/\tHTTP/1.1\r\nHost: blocked.example\r\n\r\n"},
      {"bare LF", "GET / HTTP/1.1\nHost: blocked.example\n\n"},
      {"empty lines first", "\r\n\n\r\nGET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n"},
      {"trailing dot", "GET / HTTP/1.1\r\nHost: blocked.example.\r\n\r\n"},
      {"2 KiB before",
       "GET / HTTP/1.1\r\nX: " + std::string(2'048, 'p') + "\r\nHost: blocked.example\r\n\r\n"},
      {"letter case of the name", "GET / HTTP/1.1\r\nHost: bLoCkEd.Example\r\n\r\n"},
      {"tab after the colon", "GET / HTTP/1.1\r\nHost:\tblocked.example\t\r\n\r\n"},
      {"port", "GET / HTTP/1.1\r\nHost: blocked.example:80\r\n\r\n"},
      {"80 fields before", "GET / HTTP/1.1\r\n" + many + "Host: blocked.example\r\n\r\n"},
      {"blank before the colon", "GET / HTTP/1.1\r\nHost : blocked.example\r\n\r\n"},
      {"folded", "GET / HTTP/1.1\r\nHost:\r\n blocked.example\r\n\r\n"},
      {"first field indented", "GET / HTTP/1.1\r\n Host: blocked.example\r\n\r\n"},
      {"absolute target", "GET http://user@blocked.example:80/x HTTP/1.1\r\n\r\n"},
      {"absolute target, letter case",
       "GET HTTP://BLOCKED.example?q HTTP/1.1\r\nHost: blocked.example\r\n\r\n"},
      {"connect", "CONNECT blocked.example:443 HTTP/1.1\r\n\r\n"},
      {"unknown method", "BREW / HTTP/1.1\r\nHost: blocked.example\r\n\r\n"},
      {"method of 100 bytes", std::string(100, 'M') + " / HTTP/1.1\r\nHost: blocked.example\r\n\r\n"},
      {"lower-case method", "get / http/1.1\r\nhost: blocked.example\r\n\r\n"},
      {"PROPFIND", "PROPFIND / HTTP/1.1\r\nHost: blocked.example\r\n\r\n"},
      {"a field of its own in a folded line", "GET / HTTP/1.1\r\nX: y\r\n Host: blocked.example\r\n\r\n"},
      {"a line of blanks", "GET / HTTP/1.1\r\nX: y\r\n \r\nHost: blocked.example\r\n\r\n"},
      {"U-label",
       "GET / HTTP/1.1\r\nHost: BLOCKED\xe3\x80\x82"
       "example\r\n\r\n"},
      {"HTTP/1.0", "GET / HTTP/1.0\r\nHost: blocked.example\r\n\r\n"},
  };
  for (const Case& each : cases) {
    for (const std::size_t piece : {1U, 3U, 17U, 10'000U}) {
      EXPECT_THAT(hosts_of(each.bytes, piece), ElementsAre("blocked.example")) << each.what << ' ' << piece;
    }
  }
}

TEST(Http1Request, EveryHostThatAServerCouldTakeIsJudged) {
  for (const std::size_t piece : {1U, 1'000U}) {
    EXPECT_EQ(hosts_of("GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", piece).back(),
              "b.example");
    EXPECT_THAT(hosts_of("GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", piece),
                testing::IsSupersetOf({"a.example", "b.example"}));
    const auto absolute = hosts_of("GET http://t.example/ HTTP/1.1\r\nHost: h.example\r\n\r\n", piece);
    EXPECT_THAT(absolute, testing::IsSupersetOf({"t.example", "h.example"}));
    EXPECT_EQ(absolute.back(), "t.example");  // RFC 9112 section 3.2.2: the target counts
  }
  std::string many = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i <= classifier::kHostsPerRequestMax; ++i)
    many += "Host: h" + std::to_string(i) + ".example\r\n";
  EXPECT_TRUE(refused(many + "\r\n"));
}

TEST(Http1Request, NameIsThereWithItsLineEnd) {
  InspectedFlow flow(80);
  flow.client("POST /form HTTP/1.1\r\nHost: blocked.example\r");
  EXPECT_EQ(flow.facts.host, "");
  EXPECT_TRUE(flow.client("\n").facts_changed);
  EXPECT_EQ(flow.facts.host, "blocked.example");
  EXPECT_EQ(flow.facts.http.user_agent, "");
  flow.client("User-Agent: tester/1.0\r\n\r\n");
  EXPECT_EQ(flow.facts.http.user_agent, "tester/1.0");
  EXPECT_EQ(flow.facts.http.method, "POST");
  EXPECT_EQ(flow.facts.http.path, "/form");
  EXPECT_EQ(flow.facts.http.requests, 1U);
}

TEST(Http1Request, RequestsBehindBodies) {
  const std::string second = "GET / HTTP/1.1\r\nHost: second.example\r\n\r\n";
  const std::vector<Case> cases = {
      {"length", "POST / HTTP/1.1\r\nHost: first.example\r\nContent-Length: 40\r\n\r\n" +
                     std::string("GET / HTTP/1.1\r\nHost: no.example\r\n\r\n    ") + second},
      {"length twice the same",
       "POST / HTTP/1.1\r\nHost: first.example\r\nContent-Length: 2, 2\r\n\r\nxx" + second},
      {"chunked",
       "POST / HTTP/1.1\r\nHost: first.example\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
       "5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n" +
           second},
      {"chunked with bare LF",
       "POST / HTTP/1.1\nHost: first.example\nTransfer-Encoding: chunked\n\n1\nx\n0\n\n" + second},
      {"blank lines between", "GET / HTTP/1.1\r\nHost: first.example\r\n\r\n\r\n\r\n" + second},
  };
  for (const Case& each : cases) {
    for (const std::size_t piece : {1U, 5U, 10'000U}) {
      EXPECT_THAT(hosts_of(each.bytes, piece), ElementsAre("first.example", "second.example"))
          << each.what << ' ' << piece;
    }
  }
}

/// Where servers delimit a body differently, each line may be the next request's.
TEST(Http1Request, BehindAnAmbiguousBodyEveryLineIsJudged) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a.example\r\n";
  const std::vector<Case> heads = {
      {"both lengths", head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"two lengths", head + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n"},
      {"signed length", head + "Content-Length: +4\r\n\r\n"},
      {"huge length", head + "Content-Length: 9999999999999999999\r\n\r\n"},
      {"NUL in a length", head + "Content-Length: 4" + std::string(1, '\0') + "\r\n\r\n"},
      {"unknown coding", head + "Transfer-Encoding: xchunked\r\n\r\n"},
      {"chunked not last", head + "Transfer-Encoding: chunked, gzip\r\n\r\n"},
      {"chunked twice", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"blank before the colon of a length", head + "Content-Length : 4\r\n\r\n"},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"identity", head + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\n"},
      {"a length that a folded line hides",
       head + "X: y\r\n Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
  };
  const std::vector<Case> bodies = {
      {"at once", "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n"},
      {"behind a line", "0\r\n\r\nGET / HTTP/1.1\r\nhost : b.example:80\r\n\r\n"},
      {"within a line", "abcdeGET http://b.example/x HTTP/1.1\r\n\r\n"},
      {"a tunnel", "xCONNECT b.example:443 HTTP/1.1\r\n"},
      {"CR as line end", "GET / HTTP/1.1\rHost: b.example\r\r\n"},
      {"behind a line longer than any head", std::string(70'000, 'x') + "\r\nHost: b.example\r\n"},
  };
  for (const Case& each : heads) {
    for (const Case& body : bodies) {
      for (const std::size_t piece : {3U, 1'400U}) {
        EXPECT_THAT(hosts_of(each.bytes + body.bytes, piece), ElementsAre("a.example", "b.example"))
            << each.what << ", " << body.what << ' ' << piece;
      }
    }
  }
  // As many as there are, and none for the same request twice.
  std::string many = heads[0].bytes;
  for (std::size_t i = 0; i < 20; ++i) many += "Host: h" + std::to_string(i) + ".example\r\n";
  EXPECT_EQ(hosts_of(many).size(), 21U);
  EXPECT_TRUE(refused(heads[0].bytes + "Host: a b.example\r\n"));
}

TEST(Http1Request, ANulInAFieldIsAByteLikeOthers) {
  EXPECT_THAT(hosts_of("GET / HTTP/1.1\r\nX: " + std::string("\0\xff", 2) + "\r\nHost: b.example\r\n\r\n"),
              ElementsAre("b.example"));
}

TEST(Http1Request, WhatServersReadDifferentlyIsRefused) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a.example\r\n";
  const std::vector<Case> cases = {
      {"control byte in a name", head + "\x0bTransfer-Encoding: chunked\r\n\r\n"},
      {"NUL in a host", "GET / HTTP/1.1\r\nHost: a" + std::string(1, '\0') + ".example\r\n\r\n"},
      {"CR in a line", "GET / HTTP/1.1\r\nX: y\rHost: b.example\r\n\r\n"},
      {"blank in the host", "GET / HTTP/1.1\r\nHost: a b.example\r\n\r\n"},
      {"folded host of two parts", "GET / HTTP/1.1\r\nHost: a.example\r\n b.example\r\n\r\n"},
      {"bad port", "GET / HTTP/1.1\r\nHost: a.example:8x\r\n\r\n"},
      {"chunk size", head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"},
      {"chunk too long", head + "Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n"},
      {"bare LF behind a chunk extension", head + "Transfer-Encoding: chunked\r\n\r\n1;a\nx\r\n"},
      {"not HTTP behind a request", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n\x01\x02\x03\r\n"},
      {"a tunnel with two lengths",
       "CONNECT a.example:443 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"},
      {"8-bit host", "GET / HTTP/1.1\r\nHost: a\xff.example\r\n\r\n"},
      {"a request as the body of a GET",
       "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 44\r\n\r\n\r\nGET /two HTTP/1.1\r\nHost: "
       "blocked.example\r\n"},
      {"a longer one", "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 90000\r\n\r\nGET /" +
                           std::string(4'500, 'x') + " HTTP/1.1\r\nHost: blocked.example\r\n"},
      {"method too long", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n" +
                              std::string(classifier::kHttpMethodReadMax + 1, 'M') +
                              " / HTTP/1.1\r\nHost: a.example\r\n\r\n"},
      {"HTTP/3", "GET / HTTP/3.0\r\nHost: a.example\r\n\r\n"},
  };
  for (const Case& each : cases) {
    for (const std::size_t piece : {1U, 10'000U})
      EXPECT_TRUE(refused(each.bytes, piece)) << each.what << ' ' << piece;
  }
}

TEST(Http1Request, LimitsAreUndecidable) {
  InspectedFlow flow(80);
  Inspected last = flow.client("GET / HTTP/1.1\r\n");
  for (std::size_t sent = 0; sent <= classifier::kHttpHeadBytesMax && !last.undecidable; sent += 1'000) {
    last = flow.client("X: " + std::string(995, 'x') + "\r\n");
  }
  EXPECT_TRUE(last.undecidable);
  EXPECT_TRUE(flow.inspector.names_final());
  InspectedFlow http2(80);
  EXPECT_TRUE(http2.client("GET / HTTP/2.0\r\n\r\n").undecidable);
}

TEST(Http1Request, TextsAreBoundedAndPrintable) {
  InspectedFlow flow(80);
  flow.client("GET /" + std::string(3'000, 'a') +
              " HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\x01\xff\xc3\xa9" + std::string(1'000, 'u') +
              "\r\n\r\n");
  EXPECT_EQ(flow.facts.http.path.size(), classifier::kUrlPathBytesMax);
  EXPECT_EQ(flow.facts.http.user_agent.substr(0, 5), "x??\xc3\xa9");
  EXPECT_LE(flow.facts.http.user_agent.size(), classifier::kUserAgentBytesMax);
}

TEST(Http1Request, PathsAsServersResolveThem) {
  const auto path_of = [](std::string_view target) {
    InspectedFlow flow(80);
    flow.client("GET " + std::string(target) +
                " HTTP/1.1\r\nHost: a.example\r\nReferer: http://r.example/\r\n\r\n");
    EXPECT_EQ(flow.facts.http.referer, "http://r.example/");
    EXPECT_EQ(flow.facts.http.version, "1.1");
    return flow.facts.http.url_path;
  };
  EXPECT_EQ(path_of("/a//b/./c/%2e%2E/d?x=/../y"), "/a/b/d");
  EXPECT_EQ(path_of("http://h.example/a%2fb#c"), "/a/b");
  EXPECT_EQ(path_of("http://h.example"), "");
}

TEST(Http1Request, ABodyThatIsNoRequestIsRead) {
  InspectedFlow flow(80);
  flow.client("DELETE / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5010\r\n\r\n{\"a\":1}\n\n");
  const Inspected rest = flow.client("x");
  EXPECT_EQ(rest.skip_bytes, 5'000U);
  flow.next[0] += rest.skip_bytes;
  flow.client("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
  EXPECT_THAT(flow.hosts, ElementsAre("a.example", "b.example"));
}

TEST(Http1Request, OldRequestWithoutFields) {
  InspectedFlow flow(80);
  EXPECT_TRUE(flow.client("GET http://blocked.example/x\r\n").facts_changed);
  EXPECT_THAT(flow.hosts, ElementsAre("blocked.example"));
}

TEST(Http1Request, AddressesAsHosts) {
  EXPECT_THAT(hosts_of("GET / HTTP/1.1\r\nHost: 192.0.2.1:8080\r\n\r\n"), ElementsAre("192.0.2.1"));
  EXPECT_THAT(hosts_of("GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n"), ElementsAre("2001:db8::1"));
  EXPECT_THAT(hosts_of("GET / HTTP/1.1\r\nHost: \r\n\r\n"), IsEmpty());
}

}  // namespace
}  // namespace weir::test
