// SPDX-License-Identifier: Apache-2.0
// Conversations of two sides that take turns: however each turn is cut, repeated and reordered on its way,
// the same names are judged and the facts end up the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/http2_builder.h"
#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

struct Turn {
  std::size_t from;  // 0: the client
  std::string bytes;
};

struct Conversation {
  const char* what;
  std::vector<Turn> turns;
};

std::string socks5_request(std::string_view name) {
  return Wire{}.u8(5).u8(1).u8(0).u8(3).u8(name.size()).raw(name).u16(443).str();
}

std::vector<Conversation> conversations() {
  const std::string settings = http2_frame(kSettings, 0, 0, "");
  const std::string status =
      http2_frame(kHeaders, kEndHeaders, 1, hpack_block({{":status", "200"}, {"content-type", "x/y"}}));
  const std::string block = http2_request_block("c.example");
  const std::string granted("\5\0\0\1\0\0\0\0\0\0", 10);
  return {
      {"http2",
       {{0, http2_opening() + http2_request(1, "a.example")},
        {1, settings + status},
        {0, http2_frame(kHeaders, 0, 3, block.substr(0, 20)) +
                http2_frame(kContinuation, kEndHeaders, 3, block.substr(20))}}},
      {"h2c upgrade",
       {{0, "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: h2c\r\n\r\n"},
        {1, "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n" + settings},
        {0, http2_opening() + http2_request(3, "b.example")},
        {1, status}}},
      {"socks and connect",
       {{0, std::string("\5\1\0", 3)},
        {1, std::string("\5\0", 2)},
        {0, socks5_request("a.example")},
        {1, granted},
        {0, "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example\r\n\r\n"},
        {1, "HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\nxyz"},
        {0, "CONNECT c.example:443 HTTP/1.1\r\nHost: c.example\r\n\r\n"},
        {1, "HTTP/1.1 200 Yes\r\n\r\n"},
        {0, client_hello("d.example", 16)}}},
      {"socks without waiting",
       {{0, std::string("\5\1\0", 3) + socks5_request("a.example") +
                "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n"},
        {1, std::string("\5\0", 2) + granted +
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: a/b\r\n\r\nok"}}},
      {"proxy header and mail",
       {{0, "PROXY TCP4 192.0.2.1 198.51.100.7 40000 25\r\n"},
        {1, "220 mail.example ESMTP\r\n"},
        {0, "EHLO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n"}}},
  };
}

std::vector<std::string> judged(const InspectedFlow& flow) {
  std::vector<std::string> all = flow.hosts;
  all.insert(all.end(), flow.recipients.begin(), flow.recipients.end());
  return all;
}

/// One turn in pieces, some twice, in an order that a network could make of them.
void send_shuffled(InspectedFlow& flow, const Turn& turn, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return random() % n; };
  std::vector<std::pair<std::size_t, std::size_t>> pieces;
  for (std::size_t at = 0; at < turn.bytes.size();) {
    const std::size_t to = std::min(turn.bytes.size(), at + 1 + below(30));
    pieces.emplace_back(at, to);
    if (below(4) == 0) pieces.emplace_back(at - below(at + 1), to);
    at = to;
  }
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i)
    std::swap(pieces[i], pieces[i + below(std::min<std::size_t>(8, pieces.size() - i))]);
  for (const auto& [from, to] : pieces) {
    const classifier::Inspected result =
        flow.segment(turn.from, flow.next[turn.from] + static_cast<std::uint32_t>(from), 0x18,
                     turn.bytes.substr(from, to - from));
    ASSERT_FALSE(result.conflict || result.undecidable || result.parser_error);
  }
  flow.next[turn.from] += static_cast<std::uint32_t>(turn.bytes.size());
}

TEST(Turns, AnyOrderGivesTheSameNamesAndFacts) {
  for (const Conversation& each : conversations()) {
    InspectedFlow whole(1'080);
    for (const Turn& turn : each.turns) {
      if (turn.from == 0)
        whole.client(turn.bytes);
      else
        whole.server(turn.bytes);
    }
    ASSERT_GE(judged(whole).size(), 2U) << each.what;
    for (unsigned seed = 1; seed <= 200; ++seed) {
      SCOPED_TRACE(std::string(each.what) + " seed " + std::to_string(seed));
      std::mt19937 random(seed);
      InspectedFlow cut(1'080, false, {}, static_cast<std::uint32_t>(random()));
      for (const std::size_t side : {0U, 1U}) cut.segment(side, cut.next[side] - 1, 0x02, "");
      for (const Turn& turn : each.turns) send_shuffled(cut, turn, random);
      ASSERT_EQ(judged(cut), judged(whole));
      ASSERT_EQ(cut.facts.http.requests, whole.facts.http.requests);
      ASSERT_EQ(cut.facts.http.status, whole.facts.http.status);
      ASSERT_EQ(cut.facts.http.content_type, whole.facts.http.content_type);
      ASSERT_EQ(cut.facts.proxies, whole.facts.proxies);
      ASSERT_EQ(cut.facts.names_final, whole.facts.names_final);
    }
  }
}

}  // namespace
}  // namespace weir::test
