// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/http2_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_builder.h"
#include "tests/support/inspected_flow.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> hosts_of(std::string_view bytes, std::size_t piece = 1'000'000) {
  InspectedFlow flow(80);
  flow.client_in_pieces(bytes, piece);
  return flow.hosts;
}

bool refused(const std::string& frames) {
  InspectedFlow flow(80);
  return flow.client(http2_opening() + frames).parser_error;
}

std::string hex(std::string_view digits) {
  std::string out;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2)
    out += static_cast<char>(std::stoi(std::string(digits.substr(at, 2)), nullptr, 16));
  return out;
}

TEST(Http2Session, EveryStreamIsJudged) {
  const std::string bytes = http2_opening() + http2_request(1, "one.example") +
                            http2_frame(kData, kEndStream, 1, "body") + http2_request(3, "TWO.example:80") +
                            http2_request(5, "three.example.");
  for (const std::size_t piece : {1U, 7U, 100'000U})
    EXPECT_THAT(hosts_of(bytes, piece), ElementsAre("one.example", "two.example", "three.example")) << piece;
}

// RFC 7541 appendix C.4: Huffman code, and a name that comes out of the dynamic table.
TEST(Http2Session, HuffmanAndDynamicTable) {
  InspectedFlow flow(80);
  flow.client(http2_opening());
  const std::vector<std::string> blocks = {"828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
                                           "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"};
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    flow.facts.host.clear();
    flow.client(http2_frame(kHeaders, kEndHeaders | kEndStream, 1 + 2 * i, hex(blocks[i])));
    EXPECT_EQ(flow.facts.host, "www.example.com") << i;
  }
  EXPECT_EQ(flow.facts.http.requests, 3U);
  EXPECT_EQ(flow.facts.http.path, "/index.html");
  EXPECT_EQ(flow.facts.http.version, "2");
  EXPECT_GT(flow.inspector.bytes_held(), 57U);  // the table of C.4.3 has 164 bytes
}

TEST(Http2Session, FramesAsTheyMayCome) {
  const std::string block = http2_request_block("blocked.example");
  const std::string padded = Wire{}.u8(9).raw(block).raw(std::string(9, '\0')).str();
  const std::string priority = Wire{}.u16(0).u16(0).u8(7).raw(block).str();
  const std::string both = Wire{}.u8(3).u16(0x8000).u16(0).u8(7).raw(block).raw(std::string(3, '\0')).str();
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"plain", http2_frame(kHeaders, kEndHeaders, 1, block)},
      {"padded", http2_frame(kHeaders, kEndHeaders | kPadded, 1, padded)},
      {"priority", http2_frame(kHeaders, kEndHeaders | kPriority, 1, priority)},
      {"padded and priority", http2_frame(kHeaders, kEndHeaders | kPadded | kPriority, 1, both)},
      {"continued within the name", http2_frame(kHeaders, 0, 1, block.substr(0, 50)) +
                                        http2_frame(kContinuation, 0, 1, block.substr(50, 3)) +
                                        http2_frame(kContinuation, kEndHeaders, 1, block.substr(53))},
      {"empty pieces", http2_frame(kHeaders, 0, 1, "") + http2_frame(kContinuation, 0, 1, block) +
                           http2_frame(kContinuation, kEndHeaders, 1, "")},
      {"unknown frames before",
       http2_frame(200, 0xff, 77, "x") + http2_frame(kHeaders, kEndHeaders, 1, block)},
  };
  for (const auto& [what, frames] : cases) {
    for (const std::size_t piece : {1U, 5U, 100'000U})
      EXPECT_THAT(hosts_of(http2_opening() + frames, piece), ElementsAre("blocked.example")) << what << piece;
  }
}

TEST(Http2Session, AuthorityAndHostAreBothJudged) {
  InspectedFlow flow(80);
  flow.client(
      http2_opening() +
      http2_frame(kHeaders, kEndHeaders, 1,
                  hpack_block({{":method", "GET"}, {":authority", "a.example"}, {"host", "b.example"}})));
  EXPECT_THAT(flow.hosts, ElementsAre("b.example", "a.example"));  // the authority counts
  EXPECT_EQ(flow.facts.http.requests, 1U);
}

TEST(Http2Session, NamesAreThereWithTheLastByteOfTheBlock) {
  const std::string request = http2_request(1, "blocked.example");
  InspectedFlow flow(80);
  flow.client(http2_opening() + request.substr(0, request.size() - 1));
  EXPECT_EQ(flow.facts.host, "");
  EXPECT_TRUE(flow.client(request.substr(request.size() - 1)).facts_changed);
  EXPECT_EQ(flow.facts.host, "blocked.example");
}

TEST(Http2Session, DataIsSkipped) {
  InspectedFlow flow(80);
  flow.client(http2_opening() + http2_request(1, "a.example"));
  const std::string frame = http2_frame(kData, 0, 1, std::string(16'000, 'x'));
  const Inspected data = flow.client(frame.substr(0, 100));
  EXPECT_EQ(data.skip_bytes, frame.size() - 100);
  flow.next[0] += data.skip_bytes;
  flow.client(http2_request(3, "b.example"));
  EXPECT_THAT(flow.hosts, ElementsAre("a.example", "b.example"));
}

TEST(Http2Session, TrailersNameNothing) {
  EXPECT_THAT(hosts_of(http2_opening() + http2_request(1, "a.example") +
                       http2_frame(kHeaders, kEndHeaders | kEndStream, 1, hpack_block({{"x-sum", "1"}}))),
              ElementsAre("a.example"));
  EXPECT_THAT(hosts_of(http2_opening() + http2_frame(kHeaders, kEndHeaders, 1, hpack_block({{"x", "y"}}))),
              IsEmpty());
}

TEST(Http2Session, WhatNoServerReadsIsRefused) {
  const std::string block = http2_request_block("a.example");
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"stream 0", http2_frame(kHeaders, kEndHeaders, 0, block)},
      {"even stream", http2_frame(kHeaders, kEndHeaders, 2, block)},
      {"promise of a client", http2_frame(kPushPromise, kEndHeaders, 1, "\0\0\0\2" + block)},
      {"more padding than payload", http2_frame(kHeaders, kEndHeaders | kPadded, 1, "\xff" + block)},
      {"no room for the priority", http2_frame(kHeaders, kEndHeaders | kPriority, 1, "abc")},
      {"continuation of nothing", http2_frame(kContinuation, kEndHeaders, 1, block)},
      {"continuation of another stream",
       http2_frame(kHeaders, 0, 1, block) + http2_frame(kContinuation, kEndHeaders, 3, "")},
      {"another frame within a block", http2_frame(kHeaders, 0, 1, block) + http2_frame(kSettings, 0, 0, "")},
      {"cut block", http2_frame(kHeaders, kEndHeaders, 1, block.substr(0, block.size() - 1))},
      {"index beyond the table", http2_frame(kHeaders, kEndHeaders, 1, "\xfe")},
      {"blank in the authority", http2_frame(kHeaders, kEndHeaders, 1, http2_request_block("a b.example"))},
  };
  for (const auto& [what, frames] : cases) EXPECT_TRUE(refused(frames)) << what;
  InspectedFlow preface(80);
  EXPECT_TRUE(preface.client("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n").parser_error);
}

TEST(Http2Session, LimitsAreUndecidable) {
  const auto undecidable = [](const std::string& frames) {
    InspectedFlow flow(80);
    bool limit = flow.client(http2_opening()).undecidable;
    for (std::string_view rest = frames; !rest.empty() && !limit;
         rest.remove_prefix(std::min<std::size_t>(1'400, rest.size())))
      limit = flow.client(rest.substr(0, 1'400)).undecidable;
    return limit;
  };
  const std::string fill = hpack_block({{"x", std::string(16'000, 'x')}});
  std::string block = http2_frame(kHeaders, 0, 1, fill);
  for (int i = 0; i < 4; ++i) block += http2_frame(kContinuation, 0, 1, fill);
  EXPECT_TRUE(undecidable(block)) << "bytes of a block";
  std::string empty = http2_frame(kHeaders, 0, 1, "");
  for (std::uint32_t i = 0; i <= classifier::kContinuationsMax; ++i)
    empty += http2_frame(kContinuation, 0, 1, "");
  EXPECT_TRUE(undecidable(empty)) << "frames of a block";
  // One field of 4,000 bytes in the dynamic table (0x40: with indexing), then named by one byte each.
  std::string bomb = "\x40" + hpack_text("x") + hpack_text(std::string(4'000, 'x'));
  bomb += std::string(classifier::kHeaderListBytesMax / 4'000 + 1, '\xbe');
  EXPECT_TRUE(undecidable(http2_frame(kHeaders, kEndHeaders, 1, bomb))) << "fields of a block";
  std::string hosts;
  for (std::size_t i = 0; i <= classifier::kHostsPerRequestMax; ++i)
    hosts += hpack_block({{"host", "h" + std::to_string(i) + ".example"}});
  EXPECT_TRUE(refused(http2_frame(kHeaders, kEndHeaders, 1, hosts)));
}

TEST(Http2Session, TableSizeIsBounded) {
  // RFC 7541 section 6.3: 001 and a prefix of 5 bits; 65,536 = 31 + 65,505.
  InspectedFlow browser(80);
  EXPECT_FALSE(
      browser
          .client(http2_opening() + http2_frame(kHeaders, kEndHeaders, 1,
                                                "\x3f\xe1\xff\x03" + http2_request_block("a.example")))
          .parser_error);
  EXPECT_EQ(browser.facts.host, "a.example");
  EXPECT_TRUE(
      refused(http2_frame(kHeaders, kEndHeaders, 1, "\x3f\xe2\xff\x03" + http2_request_block("a.example"))));
}

TEST(Http2Session, RepliesBecomeFacts) {
  InspectedFlow flow(80);
  flow.client(http2_opening() + http2_request(1, "a.example", "/a/%2e%2e/x?y"));
  flow.server(
      http2_frame(kSettings, 0, 0, "") +
      http2_frame(kHeaders, kEndHeaders, 1, hpack_block({{":status", "103"}, {"content-type", "no"}})) +
      http2_frame(kHeaders, kEndHeaders, 1,
                  hpack_block({{":status", "200"},
                               {"content-type", "application/zip"},
                               {"content-length", "77"},
                               {"content-disposition", "attachment; filename=\"x.zip\""}})) +
      http2_frame(kHeaders, kEndHeaders | kEndStream, 1, hpack_block({{"content-type", "trailer"}})));
  EXPECT_EQ(flow.facts.http.url_path, "/x");
  EXPECT_EQ(flow.facts.http.status, 200U);
  EXPECT_EQ(flow.facts.http.content_type, "application/zip");
  EXPECT_EQ(flow.facts.http.content_length, 77U);
  EXPECT_EQ(flow.facts.http.file_name, "x.zip");
}

TEST(Http2Session, WhatTheServerPromisesIsJudged) {
  InspectedFlow flow(80);
  flow.client(http2_opening() + http2_request(1, "a.example"));
  flow.server(http2_frame(kSettings, 0, 0, "") +
              http2_frame(kPushPromise, kEndHeaders, 1,
                          std::string("\0\0\0\2", 4) + http2_request_block("blocked.example")));
  EXPECT_THAT(flow.hosts, ElementsAre("a.example", "blocked.example"));
}

TEST(Http2Session, AServerThatCannotBeFollowedIsIgnored) {
  InspectedFlow flow(80);
  flow.client(http2_opening() + http2_request(1, "a.example"));
  const Inspected broken = flow.server(http2_frame(kHeaders, kEndHeaders, 1, "\xfe"));
  EXPECT_FALSE(broken.parser_error || broken.undecidable);
  flow.client(http2_request(3, "b.example"));
  EXPECT_THAT(flow.hosts, ElementsAre("a.example", "b.example"));
}

TEST(Http2Session, Grpc) {
  InspectedFlow flow(50'051);
  flow.client(http2_opening() + http2_frame(kHeaders, kEndHeaders, 1,
                                            hpack_block({{":method", "POST"},
                                                         {":path", "/pkg.Service/Call"},
                                                         {":authority", "a.example"},
                                                         {"content-type", "application/grpc+proto"}})));
  EXPECT_TRUE(flow.facts.http.grpc);
}

TEST(Http2Session, ConnectIsAProxy) {
  InspectedFlow flow(3'128);
  const auto connect = [](std::string_view protocol) {
    return hpack_block({{":method", "CONNECT"}, {":authority", "blocked.example:443"}}) +
           (protocol.empty() ? "" : hpack_block({{":protocol", protocol}}));
  };
  flow.client(http2_opening() + http2_frame(kHeaders, kEndHeaders, 1, connect("websocket")));
  EXPECT_THAT(flow.facts.proxies, IsEmpty());
  flow.client(http2_frame(kHeaders, kEndHeaders, 3, connect("")));
  ASSERT_EQ(flow.facts.proxies.size(), 1U);
  EXPECT_EQ(flow.facts.proxies[0].kind, "http2-connect");
  EXPECT_EQ(flow.facts.proxies[0].target, "blocked.example");
  EXPECT_EQ(flow.facts.proxies[0].port, 443);
}

}  // namespace
}  // namespace weir::test
