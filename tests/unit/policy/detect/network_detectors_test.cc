// SPDX-License-Identifier: Apache-2.0
// uninspected, slow-server and slow-link.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/detect/scene.h"

namespace weir::policy {
namespace {

using test::event_at;
using test::kHourS;
using test::Scene;
using testing::HasSubstr;

event::FlowEvent inspected(std::int64_t second, const std::string& level, std::uint64_t bytes = 1'000) {
  event::FlowEvent event = event_at(second);
  event.set_inspected(level);
  event.mutable_counters()->set_bytes_from_initiator(bytes);
  return event;
}

TEST(Uninspected, AShareOfTheBytesIsOne) {
  Scene scene("detect: {uninspected: {count: 50, percent: 20, within: 1h}}\n");
  std::vector<event::FlowEvent> events(79, inspected(10, "full"));
  events.insert(events.end(), 19, inspected(20, "l4"));
  scene.round(events);
  EXPECT_EQ(scene.said(), "");
  scene.round({inspected(30, "bypass", 2'000), inspected(7'200, "names-only", 1'000'000)});
  ASSERT_EQ(scene.said(), "weir inspection 1; ");
  EXPECT_THAT(scene.violations()[0].text,
              HasSubstr("20 of 99 flows and 21 % of 100 kB passed without the full inspection within 1h"));
}

TEST(Uninspected, AFewSmallFlowsAreNone) {
  Scene scene("detect: {uninspected: {}}\n");
  std::vector<event::FlowEvent> events(500, inspected(10, "full", 50'000));
  events.insert(events.end(), 400, inspected(20, "names-only", 1'000));
  events.push_back(inspected(10'000, "bypass", 1'000'000));  // a single one of its window
  scene.round(events);
  EXPECT_EQ(scene.said(), "");
}

event::FlowEvent answered(std::int64_t second, std::uint32_t mean_us,
                          const std::string& host = "erp.example") {
  event::FlowEvent event = event_at(second);
  event.set_host(host);
  event.mutable_network()->set_responses(5);
  event.mutable_network()->set_response_mean_us(mean_us);
  event.mutable_network()->set_response_max_us(mean_us * 3);
  return event;
}

std::vector<event::FlowEvent> hours_of(int from, int to, std::uint32_t mean_us) {
  std::vector<event::FlowEvent> events;
  for (int hour = from; hour < to; ++hour)
    for (int i = 0; i < 10; ++i)
      events.push_back(answered(hour * kHourS + i * 300, mean_us + static_cast<std::uint32_t>(i) * 1'000));
  return events;
}

TEST(SlowServer, SlowerThanItsOwnPastIsOne) {
  Scene scene("detect: {slow-server: {count: 20, percent: 100, within: 1h}}\n");
  scene.round(hours_of(0, 10, 30'000));
  scene.round(hours_of(10, 12, 60'000));  // less than twice as long
  EXPECT_EQ(scene.said(), "");
  scene.round(hours_of(13, 14, 90'000));
  ASSERT_EQ(scene.said(), "erp.example port 443 1; ");
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("responses took 9"));
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("ms on average within 1h"));
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("usually 3"));
}

TEST(SlowServer, FewResponsesShortTimesAndNoPastAreNone) {
  Scene scene("detect: {slow-server: {count: 20}}\n");
  scene.round(hours_of(0, 2, 900'000));  // there is no past
  std::vector<event::FlowEvent> fast;
  for (int i = 0; i < 200; ++i) fast.push_back(answered(i * 600, i < 190 ? 2'000 : 15'000, "fast.example"));
  fast.push_back(answered(130'000, 800'000, "fast.example"));  // one slow flow with five responses
  scene.round(fast);
  EXPECT_EQ(scene.said(), "");
}

event::FlowEvent over_link(std::int64_t second, std::uint32_t trip_us, std::uint32_t again = 0) {
  event::FlowEvent event = event_at(second);
  event.set_asn(64'500);
  event.mutable_network()->set_handshake_responder_us(trip_us);
  event.mutable_network()->set_retransmitted_from_responder(again);
  event.mutable_counters()->set_packets_from_responder(100);
  return event;
}

TEST(SlowLink, LongerRoundTripsOrLossesAreOne) {
  Scene scene("detect: {slow-link: {count: 30, percent: 100, within: 1h}}\n");
  std::vector<event::FlowEvent> past;
  for (int i = 0; i < 600; ++i)
    past.push_back(over_link(i * 60, 20'000 + static_cast<std::uint32_t>(i % 7) * 1'000));
  scene.round(past);
  for (int i = 0; i < 40; ++i) past.push_back(over_link(600 * 60 + i, 39'000));
  scene.round(std::vector<event::FlowEvent>(past.end() - 40, past.end()));
  EXPECT_EQ(scene.said(), "");
  scene.round(std::vector<event::FlowEvent>(40, over_link(700 * 60, 150'000)));
  ASSERT_EQ(scene.said(), "lan AS64500 1; ");
  EXPECT_THAT(scene.violations()[0].text,
              HasSubstr("a round trip takes 150 ms on average of 40 flows within 1h; usually 2"));
  scene.round(std::vector<event::FlowEvent>(40, over_link(900 * 60, 20'000, 5)));
  ASSERT_EQ(scene.said(), "lan AS64500 2; ");
  EXPECT_THAT(scene.violations()[0].text,
              HasSubstr("200 of 4000 packets were sent again within 1h; usually 0.00 %"));
}

}  // namespace
}  // namespace weir::policy
