// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/event_sender.h"

#include <gtest/gtest.h>

#include "policy/bus/event_batch.h"
#include "policy/bus/stream_browser.h"
#include "tests/support/redis_server.h"

namespace weir::policy {
namespace {

constexpr const char* kStream = "weir:flows:0";

TEST(EntryCap, SaysHowManyEntriesHoldSoManyEvents) {
  EntryCap cap{6'400};
  EXPECT_EQ(cap.entries(), 6'400U) << "an entry has at least one event";
  for (int i = 0; i < 100; ++i) cap.appended(64);
  EXPECT_EQ(cap.entries(), 100U);
  for (int i = 0; i < 1'000; ++i) cap.appended(64);
  EXPECT_NEAR(static_cast<double>(cap.entries()), 100, 4);
  for (int i = 0; i < 3'200; ++i) cap.appended(1);  // a quiet time: half of the events in its small entries
  EXPECT_NEAR(static_cast<double>(cap.entries()), 3'200 + 50, 150);
  for (int i = 0; i < 10'000; ++i) cap.appended(1);
  EXPECT_NEAR(static_cast<double>(cap.entries()), 6'400, 200);
  cap.appended(10'000);
  EXPECT_GE(cap.entries(), 1U);
  cap.appended(10'000);
  EXPECT_LE(cap.entries(), 2U);
}

class EventSenderTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.up()); }
  StreamWriter writer() { return {server_.connect(), 100'000}; }
  std::vector<std::string> stored() {
    std::vector<std::string> all;
    StreamBrowser browser{server_.connect()};
    EXPECT_TRUE(browser.scan_backwards(kStream, 100'000, [&](const StreamEntry& entry) {
      const auto events = events_of(entry.payload).value();
      all.insert(all.begin(), events.begin(), events.end());
      return true;
    }));
    return all;
  }
  test::RedisServer server_;
};

TEST_F(EventSenderTest, SendsManyAnEntryInOrder) {
  std::vector<std::string> events;
  for (int i = 0; i < 1'000; ++i) events.push_back("event " + std::to_string(i));
  const std::vector<std::string_view> views{events.begin(), events.end()};
  EventSender sender{kStream, 1'000'000};
  StreamWriter out = writer();
  const SendReport report = sender.send(out, views);
  EXPECT_FALSE(report.error);
  EXPECT_EQ(report.events, 1'000U);
  EXPECT_EQ(StreamBrowser{server_.connect()}.length(kStream).value(), 4U);
  EXPECT_EQ(stored(), events);
}

TEST_F(EventSenderTest, ReportsWhatDidNotFitThePipelineAsNotSent) {
  std::string noise(kEventBytesMax, 'x');
  std::uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1'664'525U + 1'013'904'223U) >> 24U);
  const std::vector<std::string_view> views(200, noise);
  EventSender sender{kStream, 1'000'000};
  StreamWriter out = writer();
  std::uint64_t sent = 0;
  for (int calls = 0; sent < views.size() && calls < 5; ++calls) {
    const SendReport report = sender.send(out, std::span{views}.subspan(sent));
    ASSERT_FALSE(report.error) << to_text(*report.error);
    ASSERT_GT(report.events, 0U);
    sent += report.events;
  }
  EXPECT_EQ(sent, views.size());
  EXPECT_EQ(stored().size(), views.size());
}

TEST_F(EventSenderTest, TheStreamKeepsAboutSoManyEventsHoweverManyAnEntryHolds) {
  const std::vector<std::string_view> full(kBatchEventsMax, "x");
  EventSender sender{kStream, 64 * kBatchEventsMax};
  StreamWriter out = writer();
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(sender.send(out, full).events, kBatchEventsMax);
  const auto entries = StreamBrowser{server_.connect()}.length(kStream).value();
  EXPECT_GE(entries, 64U);
  EXPECT_LE(entries, 64U + 101U);  // Redis trims whole nodes, of 100 entries
}

TEST_F(EventSenderTest, ALostRedisIsAnErrorAndNothingIsSent) {
  EventSender sender{kStream, 1'000};
  StreamWriter out = writer();
  server_.stop(SIGKILL);
  const std::vector<std::string_view> one{"x"};
  const SendReport report = sender.send(out, one);
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(report.events, 0U);
}

}  // namespace
}  // namespace weir::policy
