// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/event_builder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "classifier/publish/clean_text.h"
#include "classifier/publish/delimited_sink.h"
#include "policy/model/settings.h"

namespace weir::classifier {
namespace {

FlowFacts facts() {
  FlowFacts f;
  f.tuple = {*IpAddress::parse("10.20.0.7"), *IpAddress::parse("192.0.2.1"), 40'000, 443, kProtocolTcp};
  f.vlan = 30;
  f.started = 5 * kSecond;
  f.master = "TLS";
  f.app = "YouTube";
  f.confidence = AppConfidence::kDpi;
  f.host = "www.example";
  f.host_source = NameSource::kTlsSni;
  f.tls.alpn = {"h2", "http/1.1"};
  f.software = {{"firefox", "115.0", "user-agent: Firefox/115.0"}};
  return f;
}

EventBuilder builder() { return {{"box-1", 0x1234, 3}, {"lan-wan"}}; }

TEST(EventBuilder, AFlowKeepsItsNameUnderTheNextClassifier) {
  EventBuilder first{{"box-1", 0x1234, 3}, {}};
  EventBuilder next{{"box-1", 0x5678, 3}, {}};
  EXPECT_NE(first.flow_id(42), next.flow_id(42)) << "as long as no data plane said which it is";
  first.number_flows_by(0xabc);
  next.number_flows_by(0xabc);
  EXPECT_EQ(first.flow_id(42), "0000000000000abc-3-42");
  EXPECT_EQ(next.flow_id(42), first.flow_id(42));
  next.number_flows_by(0);
  EXPECT_EQ(next.flow_id(42), "0000000000005678-3-42");
}

TEST(EventBuilder, SaysFactsAndDecision) {
  const FlowFacts f = facts();
  Decision decision;
  decision.action = Action::kBlock;
  decision.revision = 7;
  decision.group = "staff";
  decision.rule = "no-video";
  const std::vector<RuleHit> hits = {
      {"no-video", Section::kWeb, Severity::kHigh, Action::kBlock, false, "www.example", "not here"}};
  const std::vector<DecisionStep> path = {{Section::kWeb, "no-video", true, "because"}};
  auto made = builder();
  const auto event = made.build(event::KIND_OPENED, 9 * kSecond,
                                {.facts = f,
                                 .decision = decision,
                                 .number = 42,
                                 .pair = 0,
                                 .exceptions = 1U << static_cast<unsigned>(ExceptionCause::kParserError),
                                 .new_hits = hits,
                                 .path = path});
  EXPECT_EQ(event.flow_id(), "0000000000001234-3-42");
  EXPECT_EQ(event.id().sequence(), 1U);
  EXPECT_EQ(event.id().appliance(), "box-1");
  EXPECT_EQ(event.pair(), "lan-wan");
  EXPECT_EQ(event.initiator(), "10.20.0.7");
  EXPECT_EQ(event.responder_port(), 443U);
  EXPECT_EQ(event.confidence(), "DPI");
  EXPECT_EQ(event.host_source(), "tls-sni");
  EXPECT_EQ(event.alpn_size(), 2);
  EXPECT_EQ(event.software(0).version(), "115.0");
  EXPECT_EQ(event.action(), "block");
  EXPECT_EQ(event.policy_revision(), 7U);
  ASSERT_EQ(event.hits_size(), 1);
  EXPECT_EQ(event.hits(0).severity(), "high");
  ASSERT_EQ(event.path_size(), 1);
  ASSERT_EQ(event.exceptions_size(), 1);
  EXPECT_EQ(event.exceptions(0), "parser-error");
  EXPECT_FALSE(event.has_mail());
}

TEST(EventBuilder, SequenceCountsAndUnnamedPairsAreNumbers) {
  auto made = builder();
  const FlowFacts f = facts();
  const Decision decision;
  static_cast<void>(made.build(event::KIND_OPENED, 0, {.facts = f, .decision = decision}));
  const auto second = made.build(event::KIND_UPDATE, 0, {.facts = f, .decision = decision, .pair = 4});
  EXPECT_EQ(second.id().sequence(), 2U);
  EXPECT_EQ(second.pair(), "4");
}

TEST(EventBuilder, TheEndHasCounters) {
  auto made = builder();
  const FlowFacts f = facts();
  const Decision decision;
  auto event = made.build(event::KIND_FINAL, 0, {.facts = f, .decision = decision});
  channel::FlowClosed closed;
  closed.started_ns = 5;
  closed.last_seen_ns = 77;
  closed.packets = {3, 4};
  closed.bytes = {300, 4'000};
  closed.reason = channel::EndReason::kFin;
  closed.tcp_state = channel::TcpState::kClosed;
  EventBuilder::add_end(event, closed);
  EXPECT_EQ(event.counters().packets_from_responder(), 4U);
  EXPECT_EQ(event.counters().bytes_from_initiator(), 300U);
  EXPECT_EQ(event.ended_ns(), 77U);
  EXPECT_EQ(event.end_reason(), "fin");
  EXPECT_EQ(event.tcp_state(), "closed");
}

TEST(EventBuilder, IcmpIsNamedByTypeAndCode) {
  auto made = builder();
  FlowFacts f = facts();
  f.tuple = {*IpAddress::parse("192.168.0.89"), *IpAddress::parse("192.168.0.1"), 0, 0, kProtocolIcmp};
  const Decision decision;
  const auto event = made.build(event::KIND_FINAL, 0, {.facts = f, .decision = decision, .icmp_type = 8});
  EXPECT_EQ(event.community_id(), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
}

TEST(EventBuilder, ListsAndTextsAreBounded) {
  auto made = builder();
  FlowFacts f = facts();
  f.mail.seen = true;
  f.mail.recipients.assign(1'000, "a@b.example");
  f.http.path = std::string(100'000, 'x');
  const Decision decision;
  const auto event = made.build(event::KIND_FINAL, 0, {.facts = f, .decision = decision});
  EXPECT_EQ(event.mail().recipients_size(), static_cast<int>(kEventListMax));
  EXPECT_EQ(event.http_path().size(), kEventTextBytesMax);
}

TEST(DelimitedSink, WritesLengthsAndMessages) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  auto made = builder();
  const FlowFacts f = facts();
  const Decision decision;
  DelimitedSink sink{ends[1]};
  sink.accept(made.build(event::KIND_OPENED, 1, {.facts = f, .decision = decision}));
  sink.accept(made.build(event::KIND_FINAL, 2, {.facts = f, .decision = decision}));
  EXPECT_EQ(sink.counts().waiting, 2U);
  sink.finish();
  EXPECT_EQ(sink.counts().delivered, 2U);
  close(ends[1]);
  std::string bytes(65'536, '\0');
  bytes.resize(static_cast<std::size_t>(read(ends[0], bytes.data(), bytes.size())));
  close(ends[0]);
  std::size_t at = 0;
  for (const event::Kind kind : {event::KIND_OPENED, event::KIND_FINAL}) {
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(at++));
      length |= static_cast<std::size_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) break;
    }
    event::FlowEvent event;
    ASSERT_TRUE(event.ParseFromString(bytes.substr(at, length)));
    EXPECT_EQ(event.kind(), kind);
    at += length;
  }
  EXPECT_EQ(at, bytes.size());
}

TEST(DelimitedSink, AReaderThatLeftIsCounted) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  auto* before = signal(SIGPIPE, SIG_IGN);
  auto made = builder();
  const FlowFacts f = facts();
  const Decision decision;
  DelimitedSink sink{ends[1]};
  sink.accept(made.build(event::KIND_OPENED, 1, {.facts = f, .decision = decision}));
  sink.finish();
  EXPECT_EQ(sink.counts().lost.at_end, 1U);
  EXPECT_FALSE(sink.counts().connected);
  close(ends[1]);
  signal(SIGPIPE, before);
}

}  // namespace
}  // namespace weir::classifier
