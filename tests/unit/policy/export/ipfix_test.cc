// SPDX-License-Identifier: Apache-2.0
#include "policy/export/ipfix.h"

#include <gtest/gtest.h>

#include "policy/export/sample.h"
#include "tests/support/output_checks.h"

namespace weir::output {
namespace {

constexpr TimeNs kNow = 1'795'857'300'000'000'000;

std::string record_of(const event::FlowEvent& event) {
  Records records;
  IpfixEncoder{}.encode(event, records);
  return records.size() == 1 ? records[0].body : "";
}

std::uint64_t value(const test::Collector::Row& row, std::uint32_t element) {
  const std::string& text = row.at(element);
  return test::Collector::number(text, 0, text.size());
}

TEST(Ipfix, ACollectorReadsBothDirectionsOfAFlow) {
  event::FlowEvent event = sample_event("weir", kNow);
  event.set_vlan(7);
  event.set_app("YouTube");
  IpfixMessages messages{false};
  messages.begin_session();
  std::vector<std::string> sent;
  messages.add(record_of(event), 9, kNow, sent);
  event.set_initiator("2001:db8::1");
  event.set_responder("2001:db8::2");
  event.set_action("allow");
  event.set_end_reason("idle");
  messages.add(record_of(event), 9, kNow, sent);
  messages.flush(kNow, sent);
  test::Collector collector;
  for (const std::string& one : sent) EXPECT_EQ(collector.take(one), "");
  ASSERT_EQ(collector.rows().size(), 2U);
  EXPECT_EQ(collector.domain(), 9U);
  const auto& v4 = collector.rows()[0];
  EXPECT_EQ(value(v4, 8), 0xC0000201U);  // 192.0.2.1
  EXPECT_EQ(value(v4, 7), 40'000U);
  EXPECT_EQ(value(v4, 11), 443U);
  EXPECT_EQ(value(v4, 4), 6U);
  EXPECT_EQ(value(v4, 136), 3U) << "end of flow detected";
  EXPECT_EQ(value(v4, 89), 128U) << "dropped";
  EXPECT_EQ(value(v4, 58), 7U);
  EXPECT_EQ(value(v4, 153), static_cast<std::uint64_t>(kNow / kMillisecond));
  EXPECT_EQ(value(v4, 1), 776U - 4 * 18) << "of IP: without Ethernet header and tag";
  EXPECT_EQ(value(v4, 2), 4U);
  EXPECT_EQ(value(v4, 65'536 + 1), 442U - 3 * 18);
  EXPECT_EQ(value(v4, 65'536 + 2), 3U);
  EXPECT_EQ(value(v4, 352), 776U);
  EXPECT_EQ(v4.at(96), "YouTube");
  const auto& v6 = collector.rows()[1];
  EXPECT_EQ(v6.at(27), (std::string{"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16}));
  EXPECT_EQ(value(v6, 136), 1U);
  EXPECT_EQ(value(v6, 89), 64U);
}

TEST(Ipfix, TemplatesComeAgainOverUdpAndOnceOverTcp) {
  const std::string record = record_of(sample_event("weir", kNow));
  for (const bool reliable : {false, true}) {
    IpfixMessages messages{reliable};
    messages.begin_session();
    std::vector<std::string> sent;
    test::Collector collector;
    for (int minute = 0; minute < 5; ++minute) {
      messages.add(record, 1, kNow + minute * 61 * kSecond, sent);
      messages.flush(kNow + minute * 61 * kSecond, sent);
    }
    for (const std::string& one : sent) EXPECT_EQ(collector.take(one), "");
    EXPECT_EQ(collector.templates_taken(), reliable ? 2 : 10);
    EXPECT_EQ(collector.sequence(), 4U) << "records before the last message";
    messages.begin_session();
    messages.add(record, 1, kNow, sent);
    messages.flush(kNow, sent);
    EXPECT_EQ(collector.take(sent.back()), "");
    EXPECT_EQ(collector.sequence(), reliable ? 0U : 5U)
        << "a TCP connection counts for itself (RFC 7011, 3.1)";
  }
}

TEST(Ipfix, MessagesStayWithinAnMtu) {
  const std::string record = record_of(sample_event("weir", kNow));
  IpfixMessages messages{false};
  std::vector<std::string> sent;
  for (int i = 0; i < 1'000; ++i) messages.add(record, 1, kNow, sent);
  messages.flush(kNow, sent);
  test::Collector collector;
  for (const std::string& one : sent) {
    EXPECT_LE(one.size(), kIpfixUdpBytesMax);
    EXPECT_EQ(collector.take(one), "");
  }
  EXPECT_EQ(collector.rows().size(), 1'000U);
}

TEST(Ipfix, EachAppliancesRecordsAreOfItsOwnDomain) {
  EXPECT_NE(observation_domain("box-1"), observation_domain("box-2"));
  EXPECT_NE(observation_domain("box-1"), 0U);
  const std::string record = record_of(sample_event("weir", kNow));
  IpfixMessages messages{true};
  messages.begin_session();
  std::vector<std::string> sent;
  for (std::uint32_t domain = 1; domain <= kDomainsMax + 10; ++domain)
    messages.add(record, domain, kNow, sent);
  messages.flush(kNow, sent);
  test::Collector collector;
  for (const std::string& one : sent) EXPECT_EQ(collector.take(one), "");
  EXPECT_EQ(collector.rows().size(), kDomainsMax + 10);
  EXPECT_EQ(collector.domain(), kDomainsMax + 10);
}

TEST(Ipfix, OddEventsMakeNoRecordOrAWholeOne) {
  event::FlowEvent event = sample_event("weir", kNow);
  event.set_kind(event::KIND_OPENED);
  EXPECT_EQ(record_of(event), "");
  event = sample_event("weir", kNow);
  event.set_responder("2001:db8::2");
  EXPECT_EQ(record_of(event), "") << "ends of two families";
  event = sample_event("weir", kNow);
  event.set_app(std::string(300, 'a') + "\xC3\xA9");
  event.mutable_counters()->set_bytes_from_initiator(3);
  IpfixMessages messages{false};
  std::vector<std::string> sent;
  messages.add(record_of(event), 1, kNow, sent);
  messages.flush(kNow, sent);
  test::Collector collector;
  EXPECT_EQ(collector.take(sent.at(0)), "");
  EXPECT_EQ(value(collector.rows().at(0), 1), 0U) << "less than a header: none";
  EXPECT_EQ(collector.rows()[0].at(96).size(), 200U);
}

}  // namespace
}  // namespace weir::output
