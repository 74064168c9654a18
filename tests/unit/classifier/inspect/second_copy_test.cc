// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using testing::ElementsAre;

const std::string kDecoy = client_hello("another.example");
const std::string kHello = client_hello("allowed.example");
const std::string kBlocked = client_hello("blocked.example");

TEST(SecondCopy, BothAreJudgedAndGo) {
  InspectedFlow flow;
  flow.client(kDecoy);
  EXPECT_TRUE(flow.inspector.names_final());
  const Inspected second = flow.client_at(-static_cast<int>(kHello.size()), kHello);
  EXPECT_FALSE(second.conflict);
  EXPECT_TRUE(second.in_order);
  EXPECT_EQ(flow.facts.host, "another.example");
  EXPECT_EQ(flow.inspector.other_facts().host, "allowed.example");
  EXPECT_TRUE(flow.inspector.names_final());
  EXPECT_FALSE(flow.inspector.settled());
  // A third is refused, repetitions of the two are not.
  EXPECT_TRUE(flow.client_at(-static_cast<int>(kBlocked.size()), kBlocked).conflict);
  EXPECT_FALSE(flow.client_at(-static_cast<int>(kDecoy.size()), kDecoy).conflict);
  EXPECT_FALSE(flow.client_at(-static_cast<int>(kHello.size()), kHello).conflict);
  // A part of the place alone would let a receiver mix.
  const std::size_t name = kHello.find("allowed.example");
  const auto back = static_cast<int>(name + 3) - static_cast<int>(kHello.size());
  EXPECT_TRUE(flow.client_at(back, kHello.substr(name + 3)).conflict);
  EXPECT_FALSE(flow.client_at(0, "early data").conflict);
  flow.server(std::string("\x17\x03\x03\x00\x01?", 6));  // what it says is encrypted: nothing more to report
  EXPECT_FALSE(flow.inspector.settled());
  static_cast<void>(flow.inspector.on_segment(channel::Direction::kFromResponder, flow.next[1], 0x10, {},
                                              flow.facts, flow.next[0] + 10));
  EXPECT_TRUE(flow.inspector.settled());
  EXPECT_EQ(flow.inspector.bytes_held(), 0U);
}

TEST(SecondCopy, TheRestIsReadWithEachOfThem) {
  const std::string first = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 00\r\n\r\n";
  const std::string second = "POST / HTTP/1.1\r\nHost: b.example\r\nContent-Length: 35\r\n\r\n";
  const std::string rest =
      "GET / HTTP/1.1\r\nHost: c.example\r\n\r\nGET / HTTP/1.1\r\nHost: d.example\r\n\r\n";
  InspectedFlow flow(80);
  flow.client(first);
  EXPECT_FALSE(flow.client_at(-static_cast<int>(first.size()), second).conflict);
  EXPECT_EQ(flow.inspector.other_facts().host, "b.example");
  std::vector<std::string> firsts;
  std::vector<std::string> others;
  Inspected seen = flow.inspector.on_segment(channel::Direction::kFromInitiator, flow.next[0], 0x18,
                                             as_bytes(rest), flow.facts);
  EXPECT_EQ(seen.skip_bytes, 0U);  // one reading's body is the other's next request
  for (bool more = true; more;) {
    if (seen.facts_changed)
      (seen.other_reading ? others : firsts)
          .push_back(seen.other_reading ? flow.inspector.other_facts().host : flow.facts.host);
    more = seen.more;
    if (more) seen = flow.inspector.next(channel::Direction::kFromInitiator, flow.facts);
  }
  EXPECT_THAT(firsts, ElementsAre("c.example", "d.example"));
  EXPECT_THAT(others, ElementsAre("d.example"));  // its body was as long as the request before
}

TEST(SecondCopy, OneThatCannotBeReadIsRefusedAndTheFlowGoesOn) {
  InspectedFlow flow;
  flow.client(kDecoy.substr(0, 100));
  for (int i = 0; i < 6; ++i) {  // more often than copies are tried
    const std::string junk = std::string("\x16\x03\x01\0\0", 5) + std::string(95, static_cast<char>('a' + i));
    EXPECT_TRUE(flow.client_at(-100, junk).conflict);
  }
  EXPECT_TRUE(flow.client(kDecoy.substr(100)).facts_changed);
  EXPECT_EQ(flow.facts.host, "another.example");
  EXPECT_TRUE(flow.client_at(-static_cast<int>(kHello.size()), kHello).conflict);  // tried often enough
}

TEST(SecondCopy, NothingIsReplacedThatTheServerMayHaveAnswered) {
  InspectedFlow flow(25);
  flow.server("220 mail.example ESMTP\r\n");
  flow.client("EHLO x\r\n");
  flow.server("250 mail.example\r\n");
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
  EXPECT_TRUE(flow.client_at(-23, "RCPT TO:<d@d.example>\r\n").conflict);
}

TEST(SecondCopy, RecipientsOfBothCountAfterAGreeting) {
  InspectedFlow flow(25);
  flow.server("220 mail.example ESMTP\r\n");
  flow.client("EHLO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
  EXPECT_FALSE(flow.client_at(-23, "RCPT TO:<c@c.example>\r\n").conflict);
  EXPECT_EQ(flow.inspector.other_facts().mail.pending_recipient, "c@c.example");
  EXPECT_EQ(flow.facts.mail.pending_recipient, "b@b.example");
}

TEST(SecondCopy, WhatWaitsIsNoFirstCopy) {
  InspectedFlow flow;
  flow.segment(0, 999, 0x02, "");
  const std::size_t cut = kBlocked.find("blocked.example") + 7;
  EXPECT_FALSE(
      flow.client_at(static_cast<int>(cut) - 20, std::string(20, '?') + kBlocked.substr(cut)).in_order);
  const Inspected first = flow.client_at(0, kBlocked.substr(0, cut));
  EXPECT_FALSE(first.conflict);
  EXPECT_TRUE(first.drops_waiting);
  EXPECT_TRUE(first.in_order);
  EXPECT_FALSE(first.gap);
  EXPECT_EQ(flow.facts.host, "blocked.example");  // what the other bytes of the dropped packet complete
}

/// A packet that left for the receiver.
struct Sent {
  std::size_t at;
  std::string bytes;
};

/// What a receiver assembles of packets in this order, taking of each what it lacks, or letting later bytes
/// win over earlier ones that it has not delivered.
std::string received(const std::vector<Sent>& packets, std::size_t size, bool later_wins) {
  std::vector<std::optional<char>> bytes(size);
  std::size_t delivered = 0;
  for (const Sent& packet : packets) {
    for (std::size_t i = 0; i < packet.bytes.size(); ++i) {
      std::optional<char>& byte = bytes[packet.at + i];
      if (!byte || (later_wins && packet.at + i >= delivered)) byte = packet.bytes[i];
    }
    while (delivered < size && bytes[delivered]) ++delivered;
  }
  std::string out;
  for (std::size_t i = 0; i < delivered; ++i) out += *bytes[i];
  return out;
}

/// Weir between a sender of many copies and its receiver: what leaves, until a reading is blocked.
class Between {
 public:
  bool show(std::size_t at, const std::string& bytes) {
    Inspected seen = inspector_.on_segment(channel::Direction::kFromInitiator,
                                           1 + static_cast<std::uint32_t>(at), 0x18, as_bytes(bytes), facts_);
    if (seen.undecidable || seen.parser_error) return false;
    bool blocked = seen.facts_changed && facts_.host == "blocked.example";
    if (seen.drops_waiting) waiting_.clear();
    while (seen.more && !blocked) {
      seen = inspector_.next(channel::Direction::kFromInitiator, facts_);
      if (seen.undecidable || seen.parser_error) return false;
      const FlowFacts& facts = seen.other_reading ? inspector_.other_facts() : facts_;
      blocked = seen.facts_changed && facts.host == "blocked.example";
    }
    if (blocked) return false;
    if (seen.conflict) return true;
    if (!seen.in_order) {
      waiting_.push_back({at, bytes});
      return true;
    }
    if (!seen.gap) {
      left.insert(left.end(), waiting_.begin(), waiting_.end());
      waiting_.clear();
    }
    left.push_back({at, bytes});
    return true;
  }

  std::vector<Sent> left;

 private:
  static FiveTuple tuple() {
    FiveTuple five;
    five.protocol = kProtocolTcp;
    five.responder_port = 443;
    return five;
  }
  classifier::FlowInspector inspector_{tuple(), false, {}};
  FlowFacts facts_;
  std::vector<Sent> waiting_;
};

// The property that the rules of second copies exist for: whichever of the packets that left a receiver
// ignores, in whichever order the others reach it and whichever copy it prefers, it never reads the blocked
// name.
TEST(SecondCopy, NoReceiverReadsWhatNoReadingShowed) {
  const std::string copies[] = {kDecoy, kHello, kBlocked};
  std::size_t second_copies = 0;
  std::size_t complete = 0;
  for (unsigned seed = 1; seed <= 3'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](std::size_t n) { return random() % n; };
    Between weir;
    static_cast<void>(weir.show(0, ""));
    const std::size_t name = kHello.find("allowed.example");
    const std::size_t cuts[] = {0, name - 9, name + 2, name + 5, name + 8, kHello.size()};
    for (int i = 0; i < 9; ++i) {
      std::size_t from = cuts[below(3) == 0 ? below(5) : 0];
      std::size_t to = cuts[below(3) == 0 ? 1 + below(5) : 5];
      if (from >= to) continue;
      if (!weir.show(from, copies[below(3)].substr(from, to - from))) break;
    }
    for (int i = 0; i < 40; ++i) {
      std::vector<Sent> arrived = weir.left;
      std::shuffle(arrived.begin(), arrived.end(), random);
      arrived.resize(below(arrived.size() + 1));
      for (const bool later_wins : {false, true}) {
        const std::string read = received(arrived, kHello.size(), later_wins);
        InspectedFlow receiver;
        receiver.client(read);
        ASSERT_NE(receiver.facts.host, "blocked.example");
        if (!receiver.facts.host.empty()) ++complete;
      }
    }
    for (const Sent& one : weir.left)
      if (one.bytes == kHello && weir.left[1].bytes == kDecoy) ++second_copies;  // [0] is empty
  }
  EXPECT_GT(complete, 10'000U);  // it did read names
  EXPECT_GT(second_copies, 20U);
}

}  // namespace
}  // namespace weir::test
