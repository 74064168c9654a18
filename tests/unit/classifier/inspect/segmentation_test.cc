// SPDX-License-Identifier: Apache-2.0
// The property that catches most evasions: however a conversation is cut, repeated and reordered on its way,
// the same names are judged and the facts end up the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

struct Conversation {
  const char* what;
  std::uint16_t port;
  std::string client;
};

std::vector<Conversation> conversations() {
  return {
      {"tls", 443, client_hello("blocked.example", 16)},
      {"http", 80,
       "GET / HTTP/1.1\r\nHost: a.example\r\n\r\nPOST / HTTP/1.1\nHost: b.example\nContent-Length: 9\n\nGET "
       "/ x\n\n"
       "GET http://c.example/ HTTP/1.1\r\nUser-Agent: t\r\n\r\n"},
      {"smtp", 25,
       "EHLO x\r\nMAIL FROM:<s@a.example>\r\nRCPT TO:<r@b.example>\r\nRCPT TO:<q@c.example>\r\nDATA\r\n"},
      {"mail with attachments", 25,
       "EHLO x\r\nMAIL FROM:<s@a.example>\r\nRCPT TO:<r@b.example>\r\nDATA\r\nSubject: s\r\nContent-Type: "
       "multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: a/b; name=one\r\nContent-Transfer-Encoding: "
       "base64\r\n\r\nUEsDBBQAAQAAAAAAAAAAAAAA\r\nAQAAAAEAAAABAAAAYXg=\r\n--b\r\nContent-Type: a/b; "
       "name=two\r\n\r\n..dot\r\n--b--\r\n.\r\n"},
      {"dns", 53, std::string("\0\x1b\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1", 29)},
  };
}

/// The names a flow was judged by, whatever the number of times.
std::vector<std::string> judged(const InspectedFlow& flow) {
  std::vector<std::string> all = flow.hosts;
  all.insert(all.end(), flow.recipients.begin(), flow.recipients.end());
  return all;
}

std::vector<std::string> attachments(const InspectedFlow& flow) {
  std::vector<std::string> all;
  for (const MailMessage& message : flow.facts.mail.message) {
    all.push_back(message.subject);
    for (const Attachment& each : message.attachments)
      all.push_back(each.name + std::string(each.type) + each.sha256);
  }
  return all;
}

void send_shuffled(InspectedFlow& flow, std::string_view text, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return random() % n; };
  std::vector<std::pair<std::size_t, std::size_t>> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t to = std::min(text.size(), at + 1 + below(30));
    pieces.emplace_back(at, to);
    if (below(4) == 0) pieces.emplace_back(at - below(at + 1), to);  // a repeat that reaches further back
    at = to;
  }
  // Within a window that a real network could reorder.
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i)
    std::swap(pieces[i], pieces[i + below(std::min<std::size_t>(8, pieces.size() - i))]);
  flow.segment(0, flow.next[0] - 1, 0x02, "");
  for (const auto& [from, to] : pieces) {
    const classifier::Inspected result =
        flow.client_at(static_cast<std::int64_t>(from), text.substr(from, to - from));
    ASSERT_FALSE(result.conflict || result.undecidable || result.parser_error);
  }
}

TEST(Segmentation, AnyOrderGivesTheSameNames) {
  for (const Conversation& each : conversations()) {
    InspectedFlow whole(each.port);
    whole.client(each.client);
    ASSERT_FALSE(judged(whole).empty()) << each.what;
    for (unsigned seed = 1; seed <= 200; ++seed) {
      SCOPED_TRACE(std::string(each.what) + " seed " + std::to_string(seed));
      std::mt19937 random(seed);
      InspectedFlow cut(each.port, false, {}, static_cast<std::uint32_t>(random()));
      send_shuffled(cut, each.client, random);
      ASSERT_EQ(judged(cut), judged(whole));
      ASSERT_EQ(cut.facts.http.user_agent, whole.facts.http.user_agent);
      ASSERT_EQ(cut.facts.http.requests, whole.facts.http.requests);
      ASSERT_EQ(cut.facts.mail.sender, whole.facts.mail.sender);
      ASSERT_EQ(attachments(cut), attachments(whole));
      ASSERT_EQ(cut.facts.names_final, whole.facts.names_final);
    }
  }
}

}  // namespace
}  // namespace weir::test
