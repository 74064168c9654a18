// SPDX-License-Identifier: Apache-2.0
// new-device, after-hours, new-country, new-network, beacon and many-blocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/policy/detect/scene.h"

namespace weir::policy {
namespace {

using test::event_at;
using test::kDayS;
using test::kHourS;
using test::kMinuteS;
using test::Scene;
using testing::HasSubstr;

event::FlowEvent from_mac(std::int64_t second, const std::string& mac,
                          const std::string& client = "10.0.0.2") {
  event::FlowEvent event = event_at(second, client);
  event.set_client_mac(mac);
  return event;
}

TEST(NewDevice, AHardwareAddressThatWasNotThereIsOne) {
  Scene scene("detect: {new-device: {learn_days: 7}}\n");
  scene.round({from_mac(0, "00:11:22:33:44:01"), from_mac(6 * kDayS, "00:11:22:33:44:02", "10.0.0.3")});
  // Known ones with other addresses, and a phone with a random one.
  scene.round(
      {from_mac(8 * kDayS, "00:11:22:33:44:02", "10.0.0.77"), from_mac(8 * kDayS, "da:11:22:33:44:03")});
  EXPECT_EQ(scene.said(), "");
  event::FlowEvent guest = from_mac(8 * kDayS, "00:11:22:33:44:04", "10.0.0.9");
  guest.mutable_client()->set_host_name("pi");
  scene.round(guest);
  scene.round(from_mac(9 * kDayS, "00:11:22:33:44:04", "10.0.0.9"));
  ASSERT_EQ(scene.said(), "10.0.0.9 00:11:22:33:44:04 1; ");
  EXPECT_EQ(scene.violations()[0].text, "00:11:22:33:44:04, which calls itself pi, was not seen before");
}

TEST(NewDevice, BehindARouterTheAddressCounts) {
  Scene scene("detect: {new-device: {learn_days: 1}}\n");
  std::vector<event::FlowEvent> events;
  for (int day : {0, 2}) {
    for (int host = 1; host <= 3 + day / 2; ++host) {
      events.push_back(from_mac(day * kDayS, "00:11:22:33:44:01", "10.9.0." + std::to_string(host)));
      events.back().mutable_client()->set_behind_router(true);
    }
  }
  scene.round(events);
  EXPECT_EQ(scene.said(), "10.9.0.4 10.9.0.4 1; ");
}

event::FlowEvent transfer(std::int64_t second, std::uint64_t bytes, const std::string& client = "10.0.0.2") {
  event::FlowEvent event = event_at(second, client);
  event.mutable_counters()->set_bytes_from_responder(bytes);
  return event;
}

TEST(AfterHours, UseOutsideTheScheduleIsOne) {
  Scene scene(
      "schedules: {office: {days: mon-fri, hours: '08:00-18:00'}}\n"
      "detect: {after-hours: {when: {not: office}, count: 20, bytes: 10 MB, within: 1h}}\n");
  std::vector<event::FlowEvent> day;
  for (int i = 0; i < 500; ++i) day.push_back(transfer(8 * kHourS + i * 60, 1'000'000));  // until 16:20
  for (int i = 0; i < 19; ++i) day.push_back(transfer(22 * kHourS + i, 1'000'000));       // few
  for (int i = 0; i < 200; ++i) day.push_back(transfer(3 * kHourS + i, 2'000));           // a machine left on
  scene.round(day);
  EXPECT_EQ(scene.said(), "");
  scene.round(transfer(22 * kHourS + 30, 1'000'000));
  ASSERT_EQ(scene.said(), "10.0.0.2 use 1; ");
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("20 connections and 20 MB within 1h out of hours"));
  // A flow counts when it began: one that ends after hours belongs to the day.
  event::FlowEvent long_flow = transfer(19 * kHourS, 900'000'000, "10.0.0.3");
  long_flow.set_started_ns(static_cast<std::uint64_t>(test::kStart + 17 * kHourS * kSecond));
  scene.round(std::vector<event::FlowEvent>(50, long_flow));
  EXPECT_EQ(scene.said(), "10.0.0.2 use 1; ");
}

TEST(NewPlaces, CountriesAndNetworksAreLearnedForEachClient) {
  Scene scene(
      "detect: {new-country: {learn_days: 10, bytes: 1 MB}, new-network: {learn_days: 10, bytes: 1 MB}}\n");
  const auto to = [](std::int64_t day, const std::string& country, std::uint32_t asn,
                     const std::string& client, std::uint64_t bytes = 2'000'000) {
    event::FlowEvent event = transfer(day * kDayS, bytes, client);
    event.set_country(country);
    event.set_asn(asn);
    return event;
  };
  scene.round({to(0, "CA", 64'500, "10.0.0.2"), to(9, "DE", 64'501, "10.0.0.2")});
  scene.round({to(20, "DE", 64'500, "10.0.0.2"), to(20, "BR", 64'502, "10.0.0.2", 999'999),
               to(20, "FR", 64'503, "10.0.0.3"), to(25, "BR", 64'502, "10.0.0.3")});
  EXPECT_EQ(scene.said(), "") << "known, little, or a client of which nothing was known";
  event::FlowEvent inside = to(40, "KP", 64'509, "10.0.0.2");
  inside.set_responder("192.168.1.1");
  scene.round({to(31, "BR", 64'503, "10.0.0.3"), inside, to(31, "US", 64'502, "10.0.0.3")});
  ASSERT_EQ(scene.said(), "10.0.0.3 US 1; ");
  scene.round(to(32, "US", 64'510, "10.0.0.3"));
  ASSERT_EQ(scene.said(), "10.0.0.3 US 1; 10.0.0.3 AS64510 1; ");
  EXPECT_EQ(scene.violations()[0].text, "2000 kB with 93.184.216.34: the client did not talk to US before");
}

event::FlowEvent to_host(std::int64_t second, const std::string& host) {
  event::FlowEvent event = event_at(second);
  event.set_host(host);
  return event;
}

TEST(Beacon, EvenIntervalsToOneHostAreOne) {
  Scene scene("detect: {beacon: {count: 12, percent: 10, within: 1h}}\n");
  std::mt19937 random(5);
  std::vector<event::FlowEvent> events;
  for (int i = 0; i < 11; ++i) {
    events.push_back(to_host(i * 120 + static_cast<int>(random() % 7), "c2.example"));
    events.push_back(to_host(i * 120 + 8, "c2.example"));  // a second connection at once
  }
  scene.round(events);
  EXPECT_EQ(scene.said(), "");
  scene.round(to_host(11 * 120 + 3, "c2.example"));
  ASSERT_EQ(scene.said(), "10.0.0.2 c2.example port 443 1; ");
  EXPECT_THAT(scene.violations()[0].text,
              HasSubstr("12 connections to c2.example port 443 within 1h, every 1"));
}

TEST(Beacon, PeopleAndClocksAreNone) {
  Scene scene("detect: {beacon: {count: 12, percent: 10, within: 1h, except_domains: [update.example]}}\n");
  std::mt19937 random(5);
  std::exponential_distribution<double> pause(1.0 / 90);
  std::vector<event::FlowEvent> events;
  double at = 0;
  for (int i = 0; i < 200; ++i)
    events.push_back(to_host(static_cast<std::int64_t>(at += pause(random)), "news.example"));
  for (int i = 0; i < 60; ++i) {
    events.push_back(to_host(i * 60, "www.update.example"));
    events.push_back(to_host(i * 64, "time.example"));
    events.back().set_responder_port(123);
    events.push_back(to_host(i * 60, "printer.example"));
    events.back().set_responder("192.168.0.9");
    events.push_back(to_host(i * 60, i % 2 == 0 ? "a.example" : "b.example"));
    if (i % 3 != 1) events.push_back(to_host(i * 60, "poll.example"));  // a third is left out
    events.push_back(to_host(i, "page.example"));                       // all at once
  }
  events.erase(
      std::remove_if(events.begin(), events.end(),
                     [](const auto& one) { return one.host() == "a.example" || one.host() == "b.example"; }),
      events.end());
  scene.round(events);
  EXPECT_EQ(scene.said(), "");
}

TEST(ManyBlocks, ManyStopsForDifferentObjectsAreOne) {
  Scene scene("detect: {many-blocks: {count: 20, within: 1h}}\n");
  const auto blocked = [](std::int64_t second, const std::string& object, const std::string& action = "block",
                          bool would = false) {
    event::FlowEvent event = event_at(second);
    event::Hit* hit = event.add_hits();
    hit->set_action(action);
    hit->set_object(object);
    hit->set_would_block(would);
    return event;
  };
  std::vector<event::FlowEvent> events;
  for (int i = 0; i < 100; ++i) {
    events.push_back(blocked(i, "ads.example"));  // a page that tries again and again
    events.push_back(blocked(i, "x" + std::to_string(i) + ".example", "report"));
    events.push_back(blocked(i, "y" + std::to_string(i) + ".example", "block", true));
  }
  for (int i = 0; i < 19; ++i)
    events.push_back(blocked(7'200 + i, "z" + std::to_string(i % 5) + ".example", "page"));
  scene.round(events);
  EXPECT_EQ(scene.said(), "");
  scene.round(blocked(7'230, "z0.example"));
  ASSERT_EQ(scene.said(), "10.0.0.2 blocks 1; ");
  EXPECT_THAT(scene.violations()[0].text,
              HasSubstr("rules stopped 20 flows to 5 different objects within 1h"));
}

}  // namespace
}  // namespace weir::policy
