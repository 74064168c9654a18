// SPDX-License-Identifier: Apache-2.0
#include "classifier/engine/settled_flow.h"

#include <gtest/gtest.h>

#include "classifier/publish/event_builder.h"
#include "tests/unit/classifier/engine/tls_flow.h"

namespace weir::classifier::test {
namespace {

MailMessage message() {
  return {.way = MailWay::kStored,
          .from = "a@b.example",
          .to = {"c@d.example", "e@f.example"},
          .cc = {"g@h.example"},
          .subject = "subject",
          .message_id = "<1@b.example>",
          .date = "today",
          .mailer = "Mailer 1",
          .attachments = {{"x.pdf", "y.exe", "application/pdf", "pe", 12, std::string(64, 'a'), true}},
          .attachments_left_out = 3,
          .bytes = 4'096,
          .encrypted = true,
          .headers_done = true,
          .done = true,
          .cut = true};
}

void fill_protocols(FlowFacts& facts) {
  facts.tls = {.seen = true,
               .sni = "www.example",
               .alpn = {"h2", "http/1.1"},
               .version = 0x0304,
               .ech_offered = true,
               .ja3 = std::string(32, '3'),
               .ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1",
               .server_version = 0x0303,
               .cipher = 0xc02f,
               .ech = EchKind::kUsed,
               .ech_config_id = 1,
               .ech_kdf = 2,
               .ech_aead = 3,
               .ech_payload_bytes = 400,
               .resumption_offered = true,
               .resumed = true,
               .early_data = true,
               .retried = true,
               .server_alert = 40,
               .certificate = {}};
  facts.tls.certificate = std::make_shared<const TlsCertificate>(
      TlsCertificate{"subject", "issuer", {"a.example", "b.example"}, -1, 2'000'000'000});
  facts.http = {.seen = true,
                .method = "GET",
                .host = "www.example",
                .path = "/a?b",
                .user_agent = "curl/8",
                .requests = 2,
                .url_path = "/a",
                .referer = "http://r.example/",
                .version = "1.1",
                .grpc = true,
                .status = 200,
                .content_type = "text/plain",
                .content_length = 1'000'000'000'000,
                .file_name = "f"};
  facts.proxies = {{"socks5", "connect", "p.example", 1'080, "192.0.2.9"},
                   {"http", "request", "q.example", 80, ""}};
  facts.dns = {.seen = true,
               .query = "q.example",
               .query_type = 28,
               .response = true,
               .asked = true,
               .rcode = 3,
               .answers = {{*IpAddress::parse("192.0.2.8"), 60}},
               .aliases = {"alias.example"},
               .alpn = {"h3"},
               .ech = true};
  facts.mail = {.seen = true,
                .protocol = "smtp",
                .helo = "h",
                .sender = "s@x.example",
                .recipients = {"r@x.example"},
                .pending_recipient = "p@x.example",
                .starttls_offered = true,
                .starttls_used = true,
                .mailer = "m",
                .server_banner = "b",
                .user = "u",
                .visibility = "cleartext",
                .provider = "google",
                .smuggling = true,
                .messages = 5,
                .messages_begun = 6,
                .message = {message()}};
  facts.ssh = {true, "OpenSSH_9.2", "dropbear", std::string(32, 'h'), std::string(32, 's')};
  facts.dhcp = {true, "1,3,6", "pc7", "MSFT 5.0"};
}

/// Every member has a value that it would not have by itself.
FlowFacts full_facts() {
  FlowFacts facts;
  facts.tuple = {*IpAddress::parse("10.20.0.7"), *IpAddress::parse("fd00::1"), 40'000, 443, kProtocolTcp};
  facts.tunnel = {"vxlan", "VXLAN", *IpAddress::parse("192.0.2.1"), *IpAddress::parse("192.0.2.2"), 7,
                  17,      4789};
  facts.vlan = 30;
  facts.client_mac = *MacAddress::parse("02:00:00:00:00:07");
  facts.initiator_inside = false;
  facts.started = -5 * kSecond;
  facts.host = "www.example";
  facts.host_source = NameSource::kTlsSni;
  facts.dns_name = "cdn.example";
  facts.dns_name_told = 4 * kSecond;
  facts.dns_name_ech = true;
  facts.encrypted_dns = EncryptedDns::kDot;
  facts.client_identity = std::make_shared<const ClientFacts>(
      ClientFacts{"pc7", HostNameSource::kMdns, "anna", UserSource::kKerberos, true});
  fill_protocols(facts);
  facts.master = "TLS";
  facts.app = "YouTube";
  facts.confidence = AppConfidence::kDpi;
  facts.app_final = true;
  facts.names_final = true;
  facts.country = "CH";
  facts.asn = 64'500;
  facts.as_org = "Example AG";
  facts.software = {{"firefox", "115.0", "user-agent: Firefox/115.0", SoftwareConfidence::kHigh}};
  return facts;
}

const QuotaMet kMet{{"budget", "10.20.0.7", 99 * kSecond, {1, 2, 3, 4}}, true, false};

void fill(FlowContext& flow) {
  flow.generation = 9;
  flow.pair = 1;
  flow.number = 1ULL << 40U;
  flow.midstream = flow.icmp_seen = flow.custom = flow.final = flow.opened_said = flow.news = true;
  flow.icmp_type = 8;
  flow.icmp_code = 1;
  flow.facts = full_facts();
  flow.client = ClientId{77};
  flow.traces.last.fill(0xdead'beef);
  flow.responses.note(channel::Direction::kFromInitiator, 0);
  flow.responses.note(channel::Direction::kFromResponder, 5 * kMillisecond);
  const RuleHit hit{"no-video", Section::kWeb, Severity::kHigh, Action::kBlock,
                    true,       "www.example", "not here"};
  flow.decision = {Action::kBlock,
                   7,
                   {1'000, true},
                   true,
                   "not here",
                   "staff",
                   "no-video",
                   {hit},
                   "for-staff",
                   {{"ask-first", 12}},
                   9,
                   {kMet},
                   {{Section::kWeb, "no-video", true, "because"}}};
  flow.account = {5'000, 4'000, 3, {"budget"}, true};
  flow.decided_at = 6 * kSecond;
  flow.judged_under = 13;
  flow.final_action = VerdictAction::kReset;
  flow.level = channel::InspectedLevel::kNamesOnly;
  flow.exception = 3;
  flow.exception_action = ExceptionAction::kDrop;
  flow.exceptions = 0x11;
  flow.message_said = 2;
  flow.messages_said = 3;
  flow.last_said = 8 * kSecond;
  flow.hits_said = {hit};
  flow.hits_unsaid = {hit, hit};
}

std::string as_event(const FlowContext& flow) {
  EventBuilder builder{{"box-1", 0x1234, 3}, {"lan-wan"}};
  return builder
      .build(event::KIND_FINAL, 9 * kSecond,
             {.facts = flow.facts,
              .decision = flow.decision,
              .number = flow.number,
              .pair = flow.pair,
              .icmp_type = flow.icmp_type,
              .icmp_code = flow.icmp_code,
              .exceptions = flow.exceptions,
              .new_hits = flow.hits_unsaid,
              .path = flow.decision.path})
      .SerializeAsString();
}

TEST(SettledFlow, BringsBackEverything) {
  FlowContext flow;
  fill(flow);
  SettledFlow settled = SettledFlow::pack(flow);
  EXPECT_EQ(settled.generation(), 9U);
  FlowContext again;
  settled.unpack_into(again);
  EXPECT_TRUE(settled.empty());
  EXPECT_EQ(as_event(again), as_event(flow));
  EXPECT_EQ(again.facts.started, flow.facts.started);
  EXPECT_EQ(again.facts.tls.certificate->not_before, -1);
  EXPECT_EQ(again.facts.mail.pending_recipient, "p@x.example");
  EXPECT_EQ(again.facts.dns.answers, flow.facts.dns.answers);
  EXPECT_EQ(again.facts.initiator_inside, false);
  EXPECT_EQ(again.traces.last, flow.traces.last);
  EXPECT_EQ(again.responses.max_us(), 5'000U);
  EXPECT_EQ(again.hits_said, flow.hits_said);
  EXPECT_EQ(again.client, flow.client);
  EXPECT_EQ(again.decision.quotas, flow.decision.quotas);
  EXPECT_EQ(again.account.bytes - again.account.bytes_said, 1'000U);
  EXPECT_EQ(again.account.rules, flow.account.rules);
  EXPECT_EQ(again.last_said, flow.last_said);
  // What the comparisons above leave out is in the bytes.
  const SettledFlow first = SettledFlow::pack(flow);
  const SettledFlow second = SettledFlow::pack(again);
  EXPECT_EQ(as_text(second.bytes()), as_text(first.bytes()));
}

TEST(SettledFlow, AnEmptyFlowComesBackEmpty) {
  FlowContext flow;
  SettledFlow settled = SettledFlow::pack(flow);
  FlowContext again;
  settled.unpack_into(again);
  EXPECT_EQ(as_event(again), as_event(flow));
  EXPECT_TRUE(again.facts.initiator_inside);
  EXPECT_FALSE(again.facts.tls.seen);
}

TEST(SettledFlow, ADecidedTlsFlowTakesFewBytesAndEndsWithAllThatWasSaid) {
  Bench bench{""};
  ASSERT_NO_FATAL_FAILURE(play_tls(bench));
  const ClassifierCounts& counts = bench.classifier().counts();
  EXPECT_EQ(counts.flows, 1U);
  EXPECT_GT(counts.settled_bytes, 0U);
  EXPECT_LE(counts.settled_bytes + sizeof(SettledFlow), 400U);
  bench.close();
  EXPECT_EQ(counts.settled_bytes, 0U);
  EXPECT_EQ(counts.flows, 0U);
  const auto& last = bench.sink.events.back();
  EXPECT_EQ(last.kind(), event::KIND_FINAL);
  EXPECT_EQ(last.host(), "www.example.org");
  EXPECT_EQ(last.tls().ja4().size(), 36U);
}

TEST(SettledFlow, AnotherPolicyIsAskedWithItsFacts) {
  Bench bench{""};
  ASSERT_NO_FATAL_FAILURE(play_tls(bench));
  bench.classifier().set_policy(
      policy_of("web: [{rule: no-example, match: {domain: www.example.org}, then: block}]", 2));
  bench.answers();
  bench.redecide = true;
  bench.packet(kClient, "more", 1'000 + static_cast<std::uint32_t>(tls_hello().size()));
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].type, AnswerType::kFinal);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  EXPECT_EQ(answers[0].policy_revision, 2U);
  EXPECT_EQ(bench.classifier().counts().flows_undecided, 0U);
  ASSERT_EQ(bench.sink.events.back().hits_size(), 1);
  EXPECT_EQ(bench.sink.events.back().hits(0).object(), "www.example.org");
}

}  // namespace
}  // namespace weir::classifier::test
