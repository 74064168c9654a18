// SPDX-License-Identifier: Apache-2.0
// What each format makes of an event, and that hostile texts stay within their field.
#include <gmock/gmock.h>

#include "policy/export/cef.h"
#include "policy/export/encoder.h"
#include "policy/export/facts.h"
#include "policy/export/framing.h"
#include "policy/export/sample.h"
#include "policy/export/syslog.h"
#include "tests/support/output_checks.h"

namespace weir::output {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr TimeNs kNow = 1'795'857'300'000'001'000;  // 2026-11-28T09:15:00.000001Z

OutputSettings settings_of(OutputFormat format) {
  OutputSettings settings;
  settings.format = format;
  settings.types = types_of(format);
  return settings;
}

Records records_of(const OutputSettings& settings, const event::FlowEvent& event) {
  Records records;
  make_encoder(settings, {})->encode(event, records);
  return records;
}

nlohmann::json eve_record(const OutputSettings& settings, const event::FlowEvent& event, RecordType type) {
  for (const Record& record : records_of(settings, event)) {
    EXPECT_EQ(test::why_no_json(record.body), "");
    if (record.type == type) return nlohmann::json::parse(record.body);
  }
  return nullptr;
}

event::FlowEvent person_event() {
  event::FlowEvent event = sample_event("weir", kNow);
  event.clear_tls();
  event.mutable_client()->set_user("anna@EXAMPLE.COM");
  event.mutable_client()->set_host_name("annas-laptop");
  event::Mail& mail = *event.mutable_mail();
  mail.set_protocol("smtp");
  mail.set_helo("annas-laptop.our.example");
  mail.set_sender("anna@our.example");
  mail.add_recipients("ben@friend.example");
  mail.mutable_message()->set_from("anna@our.example");
  mail.mutable_message()->set_subject("annas plan");
  mail.mutable_message()->set_done(true);
  event.mutable_hits(0)->set_object("ben@friend.example");
  return event;
}

TEST(Formats, EveHasSuricatasKeys) {
  const auto alert =
      eve_record(settings_of(OutputFormat::kEve), sample_event("weir", kNow), RecordType::kAlert);
  EXPECT_EQ(alert["timestamp"], "2026-11-28T09:15:00.000001+0000");
  EXPECT_EQ(alert["event_type"], "alert");
  EXPECT_EQ(alert["src_ip"], "192.0.2.1");
  EXPECT_EQ(alert["src_port"], 40'000);
  EXPECT_EQ(alert["proto"], "TCP");
  EXPECT_EQ(alert["app_proto"], "tls");
  EXPECT_EQ(alert["tls"]["sni"], "weir-export-test.example");
  EXPECT_EQ(alert["alert"]["action"], "blocked");
  EXPECT_EQ(alert["alert"]["signature"], kSampleRule);
  EXPECT_EQ(alert["alert"]["severity"], 4);
  EXPECT_EQ(alert["alert"]["signature_id"], signature_number(kSampleRule));
  EXPECT_EQ(alert["weir"]["object"], "weir-export-test.example");
  EXPECT_LT(alert["flow_id"].get<std::uint64_t>(), std::uint64_t{1} << 51U);

  const auto flow =
      eve_record(settings_of(OutputFormat::kEve), sample_event("weir", kNow), RecordType::kFlow);
  EXPECT_EQ(flow["flow"]["bytes_toserver"], 776);
  EXPECT_EQ(flow["flow"]["age"], 1);
  EXPECT_EQ(flow["flow"]["action"], "drop");
  EXPECT_EQ(flow["flow_id"], alert["flow_id"]);
  const auto drop =
      eve_record(settings_of(OutputFormat::kEve), sample_event("weir", kNow), RecordType::kDrop);
  EXPECT_EQ(drop["drop"]["reason"], "rules");
}

TEST(Formats, WhatMonitorModeWouldBlockIsAllowed) {
  event::FlowEvent event = sample_event("weir", kNow);
  event.mutable_hits(0)->set_would_block(true);
  const auto alert = eve_record(settings_of(OutputFormat::kEve), event, RecordType::kAlert);
  EXPECT_EQ(alert["alert"]["action"], "allowed");
  EXPECT_TRUE(alert["weir"]["would_block"]);
  EXPECT_TRUE(eve_record(settings_of(OutputFormat::kEve), event, RecordType::kDrop).is_null());
}

TEST(Formats, AMailIsWrittenOnce) {
  event::FlowEvent event = person_event();
  event.set_kind(event::KIND_UPDATE);
  event.clear_hits();
  const auto encoder = make_encoder(settings_of(OutputFormat::kEve), {});
  Records records;
  encoder->encode(event, records);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].type, RecordType::kSmtp);
  encoder->encode(event, records);
  EXPECT_EQ(records.size(), 1U) << "an update that is about something else";
  event.mutable_mail()->mutable_message()->set_subject("another");
  encoder->encode(event, records);
  EXPECT_EQ(records.size(), 2U);
  event.set_kind(event::KIND_FINAL);
  encoder->encode(event, records);
  EXPECT_EQ(records.size(), 3U);
  EXPECT_EQ(records.back().type, RecordType::kFlow);
}

TEST(Formats, NobodyIsNamedUnlessTheSettingsSaySo) {
  for (const OutputFormat format :
       {OutputFormat::kEve, OutputFormat::kEcs, OutputFormat::kCef, OutputFormat::kSyslog}) {
    OutputSettings settings = settings_of(format);
    for (const Record& record : records_of(settings, person_event())) {
      const std::string all = record.body + record.structured;
      EXPECT_THAT(all, Not(HasSubstr("anna"))) << to_string(format);
      EXPECT_THAT(all, Not(HasSubstr("ben@"))) << to_string(format);
    }
    settings.people = People::kClear;
    std::string all;
    for (const Record& record : records_of(settings, person_event())) all += record.body + record.structured;
    EXPECT_THAT(all, HasSubstr("anna@EXAMPLE.COM")) << to_string(format);
    EXPECT_THAT(all, HasSubstr("ben@friend.example")) << to_string(format);
  }
}

TEST(Formats, AFilterKeepsTypesAndSeverities) {
  OutputSettings settings = settings_of(OutputFormat::kEve);
  settings.types = only(RecordType::kAlert);
  EXPECT_EQ(records_of(settings, sample_event("weir", kNow)).size(), 1U);
  settings.severity = Severity::kLow;
  EXPECT_TRUE(records_of(settings, sample_event("weir", kNow)).empty());
  OutputSettings cef = settings_of(OutputFormat::kCef);
  cef.severity = Severity::kCritical;
  const Records left = records_of(cef, sample_event("weir", kNow));
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].type, RecordType::kFlow) << "the end of a flow has no severity";
}

TEST(Formats, EcsHasElasticsFields) {
  const Records records = records_of(settings_of(OutputFormat::kEcs), sample_event("weir", kNow));
  ASSERT_EQ(records.size(), 2U);
  const auto alert = nlohmann::json::parse(records[0].body);
  EXPECT_EQ(alert["@timestamp"], "2026-11-28T09:15:00.000001Z");
  EXPECT_EQ(alert["event"]["kind"], "alert");
  EXPECT_EQ(alert["event"]["type"], (nlohmann::json{"connection", "denied"}));
  EXPECT_EQ(alert["rule"]["name"], kSampleRule);
  EXPECT_EQ(alert["source"]["ip"], "192.0.2.1");
  EXPECT_EQ(alert["destination"]["domain"], "weir-export-test.example");
  EXPECT_EQ(alert["tls"]["client"]["server_name"], "weir-export-test.example");
  const auto flow = nlohmann::json::parse(records[1].body);
  EXPECT_EQ(flow["event"]["duration"], 1'000'000'000);
  EXPECT_EQ(flow["network"]["bytes"], 1'218);
}

TEST(Formats, CefIsEscapedByItsOwnRules) {
  EXPECT_EQ(cef_header("a|b\\c\nd=e"), "a\\|b\\\\c d=e");
  EXPECT_EQ(cef_value("a|b\\c\nd=e\rf\x01"), "a|b\\\\c\\nd\\=e\\rf\xEF\xBF\xBD");
  const Records records = records_of(settings_of(OutputFormat::kCef), sample_event("weir", kNow));
  EXPECT_THAT(records[0].body,
              StartsWith("CEF:0|Weir|Weir|" WEIR_VERSION "|rule:weir-export-test|weir-export-test|1|rt="));
  EXPECT_THAT(records[0].body,
              HasSubstr(" act=block outcome=failure src=192.0.2.1 dst=198.51.100.1 spt=40000 dpt=443"));
  event::FlowEvent v6 = sample_event("weir", kNow);
  v6.set_initiator("2001:db8::1");
  v6.set_responder("2001:db8::2");
  EXPECT_THAT(records_of(settings_of(OutputFormat::kCef), v6)[0].body,
              HasSubstr("c6a2Label=Source IPv6 Address c6a2=2001:db8::1"));
}

TEST(Formats, SyslogIsRfc5424) {
  EXPECT_EQ(param_value("a\"b\\c]d\n"), "a\\\"b\\\\c\\]d\xEF\xBF\xBD");
  Records records = records_of(settings_of(OutputFormat::kSyslog), sample_event("weir", kNow));
  EXPECT_EQ(test::why_no_structured_data(records[0].structured), "");
  EXPECT_THAT(syslog_message(records[0]),
              StartsWith("<134>1 2026-11-28T09:15:00.000001Z weir weir - alert [weir@32473 flow=\""));
  EXPECT_THAT(
      syslog_message(records[0]),
      EndsWith("] rule weir-export-test (info, block) met weir-export-test.example: TCP 192.0.2.1:40000 to "
               "198.51.100.1:443"));
  records[0].severity = Severity::kCritical;
  EXPECT_THAT(syslog_message(records[0]), StartsWith("<130>1 "));
  std::vector<std::string> counted;
  make_framing(Carrier::kSyslogTls)->add(records[0], kNow, counted);
  const std::string message = syslog_message(records[0]);
  EXPECT_EQ(counted.at(0), std::to_string(message.size()) + " " + message) << "RFC 6587, octet counting";
}

TEST(Formats, HostileTextsStayInTheirField) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (const std::string& text :
       {bytes, std::string{"\xC0\xAF\xED\xA0\x80\xF4\x90\x80\x80\xE2\x80\xA8"}, std::string(10'000, '\\'),
        std::string{"\" ] = | \\"}, std::string(5'000, '\xE2')}) {
    event::FlowEvent event = sample_event("weir", kNow);
    event.set_host(text);
    event.set_app(text);
    event.set_http_path(text);
    event.set_http_method(text);
    event.set_user_agent(text);
    event.mutable_http()->set_referer(text);
    event.mutable_hits(0)->set_object(text);
    event.mutable_hits(0)->set_rule(text);
    for (const Record& record : records_of(settings_of(OutputFormat::kEve), event))
      EXPECT_EQ(test::why_no_json(record.body), "");
    for (const Record& record : records_of(settings_of(OutputFormat::kEcs), event))
      EXPECT_EQ(test::why_no_json(record.body), "");
    for (const Record& record : records_of(settings_of(OutputFormat::kCef), event))
      EXPECT_EQ(test::why_no_cef(record.body), "");
    for (const Record& record : records_of(settings_of(OutputFormat::kSyslog), event)) {
      EXPECT_EQ(test::why_no_structured_data(record.structured), "");
      EXPECT_EQ(test::why_no_line(record.body), "");
    }
  }
}

TEST(Formats, LongTextsAndListsAreCut) {
  event::FlowEvent event = sample_event("weir", kNow);
  event.set_host(std::string(kTextBytesMax, 'a') + "\xC3\xA9");
  for (int i = 0; i < 100; ++i) event.add_software()->set_product("p");
  const auto flow = eve_record(settings_of(OutputFormat::kEve), event, RecordType::kFlow);
  EXPECT_EQ(flow["weir"]["host"].get<std::string>().size(), kTextBytesMax);
  EXPECT_EQ(flow["weir"]["software"].size(), 64U);
  EXPECT_EQ(cut(std::string(kTextBytesMax - 1, 'a') + "\xC3\xA9").size(), kTextBytesMax - 1)
      << "no half character";
}

}  // namespace
}  // namespace weir::output
