// SPDX-License-Identifier: Apache-2.0
// What flows add up to over minutes, hours and days.
#include "policy/store/flow_sums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/any_store.h"

namespace weir::policy {
namespace {

using ::testing::ElementsAre;

constexpr TimeNs kNoon = 20'000 * kSumDay + 12 * kSumHour;

class StoredFlowSums : public test::AnyStore {
 protected:
  static FlowSample flow(TimeNs ended, std::string_view client = "10.0.0.2", std::uint64_t bytes = 100) {
    FlowSample sample;
    sample.ended = ended;
    sample.client = client;
    sample.application = "YouTube";
    sample.rules = {"video-budget"};
    sample.server = "video.example";
    sample.service = "YouTube";
    sample.link = "lan-wan";
    sample.usage = {1, bytes / 4, bytes - bytes / 4};
    sample.bytes = bytes;
    sample.packets = 10;
    return sample;
  }
  static void add(Store& store, const std::vector<FlowSample>& flows, TimeNs now = kNoon) {
    FlowSums sums;
    for (const FlowSample& one : flows) sums.add(one);
    in_batch(store, [&](Batch& batch) {
      const auto done = add_flow_sums(batch, sums, now);
      ASSERT_TRUE(done) << to_text(done.error());
    });
  }
  static std::vector<std::string> points(Store& store, const std::string& name, TimeNs length) {
    std::vector<std::string> all;
    const auto course = usage_of(store, kByClient, name, {0, kNoon * 2}, length).value();
    for (const UsagePoint& one : course)
      all.push_back(std::to_string((one.begins - kNoon) / kSumMinute) + ": " + std::to_string(one.sum.flows) +
                    " " + std::to_string(one.sum.bytes_up) + " " + std::to_string(one.sum.bytes_down));
    return all;
  }
  static std::string names(Store& store, const char* dimension, const SumsSpan& span,
                           std::uint32_t count = 100) {
    std::string all;
    const auto used = usage_by(store, dimension, span, count, kNoon).value();
    for (const NamedUsage& one : used) all += one.name + "=" + std::to_string(one.sum.flows) + " ";
    return all;
  }
};

TEST_P(StoredFlowSums, OneFlowIsInItsMinuteItsHourAndItsDay) {
  Store store = open();
  add(store, {flow(kNoon - 30 * kSecond), flow(kNoon - 90 * kSecond), flow(kNoon - 100 * kSecond)});
  add(store, {flow(kNoon - 61 * kSecond), flow(kNoon, "10.0.0.3")});
  EXPECT_THAT(points(store, "10.0.0.2", kSumMinute), ElementsAre("-2: 3 75 225", "-1: 1 25 75"));
  EXPECT_THAT(points(store, "10.0.0.2", kSumHour), ElementsAre("-60: 4 100 300"));
  EXPECT_THAT(points(store, "10.0.0.2", kSumDay), ElementsAre("-720: 4 100 300"));
  EXPECT_THAT(points(store, "10.0.0.3", kSumHour), ElementsAre("0: 1 25 75"));
}

TEST_P(StoredFlowSums, EveryDimensionHasItsSums) {
  Store store = open();
  FlowSample one = flow(kNoon - 10 * kSecond);
  one.categories = {"audio-video", "social-networks"};
  one.rules = {"video-budget", "no-uploads"};
  FlowSample other = flow(kNoon - 9 * kSecond, "10.0.0.3", 1'000);
  other.application = "";
  other.rules = {};
  add(store, {one, other});
  const SumsSpan hour{kNoon - kSumHour, kNoon};
  EXPECT_EQ(names(store, kByClient, hour), "10.0.0.3=1 10.0.0.2=1 ") << "most bytes first";
  EXPECT_EQ(names(store, kByClient, hour, 1), "10.0.0.3=1 ");
  EXPECT_EQ(names(store, kByApplication, hour), "unknown=1 YouTube=1 ");
  EXPECT_EQ(names(store, kByCategory, hour), "audio-video=1 social-networks=1 ");
  EXPECT_EQ(names(store, kByRule, hour), "no-uploads=1 video-budget=1 ");
  EXPECT_EQ(names(store, kByClient, {kNoon - 3 * kSumHour, kNoon - 2 * kSumHour}), "");
}

TEST_P(StoredFlowSums, ServersAndLinksKeepHowQuickTheyWere) {
  Store store = open();
  std::vector<FlowSample> flows;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    FlowSample one = flow(kNoon - static_cast<TimeNs>(i) * kSecond);
    one.round_trip_us = i * 1'000;
    one.responses = 2;
    one.response_us = i * 2'000;
    one.retransmitted = i == 1 ? 30 : 0;
    flows.push_back(one);
    if (i % 20 == 0) add(store, std::exchange(flows, {}));
  }
  for (const char* kind : {kServer, kLink}) {
    const auto found = servers_by(store, kind, {kNoon - kSumHour, kNoon}, 10, kNoon).value();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].server, kind == kServer ? "video.example" : "lan-wan");
    const ServerSum& sum = found[0].sum;
    EXPECT_EQ(sum.flows, 100U);
    EXPECT_EQ(sum.packets, 1'000U);
    EXPECT_EQ(sum.retransmitted, 30U);
    EXPECT_NEAR(static_cast<double>(sum.round_trips.percentile(0.5)), 50'000, 2'500);
    EXPECT_NEAR(static_cast<double>(sum.round_trips.percentile(0.9)), 90'000, 4'500);
    EXPECT_NEAR(static_cast<double>(sum.responses.percentile(0.9)), 180'000, 9'000);
    EXPECT_EQ(sum.responses.count(), 200U);
  }
}

TEST_P(StoredFlowSums, EachLengthIsKeptItsTime) {
  StoreLimits limits;
  limits.keep_minutes = 2 * kSumHour;
  limits.keep_hours = 2 * kSumDay;
  limits.keep_days = 30 * kSumDay;
  Store store = open(limits);
  add(store, {flow(kNoon)});
  const auto later = [&](TimeNs after) { add(store, {flow(kNoon + after, "other")}, kNoon + after); };
  later(3 * kSumHour);
  EXPECT_TRUE(points(store, "10.0.0.2", kSumMinute).empty());
  EXPECT_EQ(points(store, "10.0.0.2", kSumHour).size(), 1U);
  later(4 * kSumDay);
  EXPECT_TRUE(points(store, "10.0.0.2", kSumHour).empty());
  EXPECT_EQ(points(store, "10.0.0.2", kSumDay).size(), 1U);
  later(40 * kSumDay);
  EXPECT_TRUE(points(store, "10.0.0.2", kSumDay).empty());
  add(store, {flow(kNoon + 39 * kSumDay), flow(kNoon)}, kNoon + 40 * kSumDay);
  EXPECT_TRUE(points(store, "10.0.0.2", kSumMinute).empty()) << "what comes late is in what is still kept";
  EXPECT_EQ(points(store, "10.0.0.2", kSumHour).size(), 1U);
  EXPECT_EQ(points(store, "10.0.0.2", kSumDay).size(), 1U);
}

TEST_P(StoredFlowSums, APastHasNothingOfTheSpanAfterIt) {
  Store store = open();
  for (const TimeNs minute : {TimeNs{0}, TimeNs{5}, TimeNs{59}}) {
    const TimeNs now = kNoon + minute * kSumMinute;
    const SumsSpan span{now - kSumHour, now};
    const SumsSpan past = past_of(store, span, kSumDay, now);
    EXPECT_EQ(past.from, span.from - kSumDay);
    EXPECT_EQ(past.until, kNoon - kSumHour) << "whole hours, which end before the span's first";
  }
}

TEST_P(StoredFlowSums, AFlowFromTheFutureCountsAsNow) {
  Store store = open();
  add(store, {flow(kNoon + 900 * kSumDay)}, kNoon);
  EXPECT_THAT(points(store, "10.0.0.2", kSumDay), ElementsAre("-720: 1 25 75"));
}

TEST_P(StoredFlowSums, TooManyNamesAreCountedTogether) {
  Store store = open({.sum_names = 3});
  std::vector<FlowSample> flows;
  std::vector<std::string> texts;
  for (int i = 0; i < 8; ++i) texts.push_back("client-" + std::to_string(i));
  for (const std::string& text : texts) flows.push_back(flow(kNoon, text));
  for (FlowSample& one : flows) one.server = one.client;
  add(store, {flows[0], flows[1]});
  add(store, flows);
  const SumsSpan hour{kNoon - kSumMinute, kNoon + kSumMinute};
  EXPECT_EQ(names(store, kByClient, hour), "(other)=5 client-0=2 client-1=2 client-2=1 ");
  EXPECT_EQ(names(store, kByApplication, hour), "YouTube=10 ");
  const auto servers = servers_by(store, kServer, hour, 10, kNoon).value();
  ASSERT_EQ(servers.size(), 4U);
  EXPECT_EQ(servers[0].server, kOtherObjects);
  EXPECT_EQ(servers[0].sum.flows, 5U);
}

WEIR_ON_EVERY_DATABASE(StoredFlowSums);

NamedServer server(std::uint64_t round_trip_us, std::uint64_t flows, std::uint64_t retransmitted = 0) {
  NamedServer made{kServer, "files.example", "SMB", {}};
  made.sum.flows = flows;
  made.sum.packets = flows * 10;
  made.sum.retransmitted = retransmitted;
  made.sum.round_trips.add(round_trip_us, flows);
  made.sum.responses.add(round_trip_us * 2, flows);
  return made;
}

std::string slower(const NamedServer& now, const NamedServer& before) {
  std::string all;
  for (const SlowServer& one : became_slower({now}, {before})) all += one.what + "; ";
  return all;
}

TEST(BecameSlower, IsAgainstItsOwnPastAndByEnough) {
  EXPECT_EQ(slower(server(100'000, 50), server(20'000, 500)), "round trip; response; ");
  EXPECT_EQ(slower(server(12'000, 50), server(4'000, 500)), "") << "twice of little is little";
  EXPECT_EQ(slower(server(100'000, 50), server(80'000, 500)), "");
  EXPECT_EQ(slower(server(100'000, 5), server(20'000, 500)), "") << "too few to say";
  EXPECT_EQ(slower(server(100'000, 50), server(20'000, 5)), "") << "no past to speak of";
  EXPECT_EQ(slower(server(20'000, 50, 40), server(20'000, 500, 10)), "retransmissions; ");
  NamedServer other = server(20'000, 500);
  other.service = "NFS";
  EXPECT_EQ(slower(server(100'000, 50), other), "") << "another service";
}

TEST(LengthFor, IsTheShortestThatIsKept) {
  const StoreLimits limits;
  const auto of = [&](TimeNs ago, TimeNs width) {
    return length_for(limits, {kNoon - ago, kNoon - ago + width}, kNoon);
  };
  EXPECT_EQ(of(kSumHour, kSumHour), kSumMinute);
  EXPECT_EQ(of(kSumDay, kSumDay), kSumHour);
  EXPECT_EQ(of(3 * kSumDay, kSumHour), kSumHour) << "minutes are not kept so long";
  EXPECT_EQ(of(100 * kSumDay, kSumHour), kSumDay);
  EXPECT_EQ(of(60 * kSumDay, 60 * kSumDay), kSumDay);
}

}  // namespace
}  // namespace weir::policy
