// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>

#include "policy/bus/stream_browser.h"
#include "policy/bus/stream_reader.h"
#include "policy/bus/stream_trimmer.h"
#include "policy/bus/stream_writer.h"
#include "policy/bus/streams.h"
#include "tests/support/redis_server.h"

namespace weir::policy {
namespace {

using std::chrono::milliseconds;

class Streams : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.up()); }
  StreamWriter writer(std::uint32_t cap = 100'000) { return {server_.connect(), cap}; }
  StreamReader reader(const std::string& consumer, std::vector<std::string> streams = {"weir:flows:0"}) {
    StreamReader made{server_.connect(), std::string{kEngineGroup}, consumer, std::move(streams)};
    EXPECT_TRUE(made.create_group());
    return made;
  }
  void write(const std::vector<std::string>& payloads, const std::string& stream = "weir:flows:0") {
    StreamWriter out = writer();
    for (const std::string& payload : payloads) ASSERT_TRUE(out.append(stream, payload));
    const FlushReport report = out.flush();
    ASSERT_FALSE(report.error) << to_text(*report.error);
    ASSERT_EQ(report.acknowledged, payloads.size());
  }
  test::RedisServer server_;
};

TEST_F(Streams, PayloadsOfAnyBytesComeBackAsTheyWere) {
  const std::string binary{"\0\r\n$-1\xff", 8};
  write({binary, "", std::string(kEntryBytesMax, 'x')});
  const auto entries = reader("a").read(10, milliseconds{1'000});
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].payload, binary);
  EXPECT_EQ((*entries)[1].payload, "");
  EXPECT_EQ((*entries)[2].payload.size(), kEntryBytesMax);
}

TEST_F(Streams, TooLongAnEntryAndAFullPipelineAreRefused) {
  StreamWriter out = writer();
  EXPECT_EQ(out.append("s", std::string(kEntryBytesMax + 1, 'x')).error().code, ErrorCode::kLimit);
  for (std::uint32_t i = 0; i < kPipelineEntriesMax; ++i) ASSERT_TRUE(out.append("s", "x"));
  EXPECT_EQ(out.append("s", "x").error().code, ErrorCode::kLimit);
  EXPECT_EQ(out.flush().acknowledged, kPipelineEntriesMax);
  EXPECT_TRUE(out.append("s", "x"));
  const std::string big(kEntryBytesMax, 'y');
  std::size_t queued = 0;
  while (out.append("s", big)) ++queued;
  EXPECT_LE(queued, kPipelineBytesMax / kEntryBytesMax);
}

TEST_F(Streams, TheStreamIsTrimmedToItsCap) {
  StreamWriter out = writer(1'000);
  for (int round = 0; round < 10; ++round) {
    for (std::uint32_t i = 0; i < kPipelineEntriesMax; ++i) ASSERT_TRUE(out.append("weir:flows:0", "x"));
    ASSERT_FALSE(out.flush().error);
  }
  StreamBrowser browser{server_.connect()};
  EXPECT_LT(browser.length("weir:flows:0").value(), 1'200U);
}

TEST_F(Streams, OnlyWhatEveryGroupHasAcknowledgedIsTrimmed) {
  constexpr TimeNs kLater = 4'000'000'000 * kSecond;
  StreamTrimmer trimmer{server_.connect(), {"weir:flows:0", "weir:flows:1"}, std::chrono::seconds{0}};
  StreamBrowser browser{server_.connect()};
  const auto left = [&] { return browser.length("weir:flows:0").value(); };
  EXPECT_EQ(trimmer.trim(kLater).value(), 0U) << "no stream is there";
  write({"1", "2", "3", "4", "5", "6"});
  EXPECT_EQ(trimmer.trim(kLater).value(), 0U) << "nobody reads it";
  StreamReader fast = reader("a");
  StreamReader slow{server_.connect(), "weir-export", "b", {"weir:flows:0"}};
  ASSERT_TRUE(slow.create_group());
  const auto all = fast.read(10, milliseconds{1'000}).value();
  ASSERT_EQ(all.size(), 6U);
  ASSERT_TRUE(fast.acknowledge(all));
  EXPECT_EQ(trimmer.trim(kLater).value(), 0U) << "the slow group has read nothing";
  const auto some = slow.read(4, milliseconds{1'000}).value();
  ASSERT_EQ(some.size(), 4U);
  ASSERT_TRUE(slow.acknowledge({some[0], some[1], some[3]}));
  EXPECT_EQ(trimmer.trim(kLater).value(), 2U) << "the third is owed";
  EXPECT_EQ(left(), 4U);
  ASSERT_TRUE(slow.acknowledge({some[2]}));
  const auto rest = slow.read(4, milliseconds{1'000}).value();
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[0].payload, "5");
  ASSERT_TRUE(slow.acknowledge(rest));
  EXPECT_EQ(trimmer.trim(kLater).value(), 3U) << "all but the last, whose id says how far everybody is";
  EXPECT_EQ(left(), 1U);
}

TEST_F(Streams, YoungEntriesStayForThoseWhoLook) {
  StreamReader only = reader("a");
  write({"1", "2", "3"});
  const auto all = only.read(10, milliseconds{1'000}).value();
  ASSERT_EQ(all.size(), 3U);
  ASSERT_TRUE(only.acknowledge(all));
  const TimeNs written = static_cast<TimeNs>(EntryId::parse(all[0].id)->milliseconds) * (kSecond / 1'000);
  StreamTrimmer trimmer{server_.connect(), {"weir:flows:0"}, std::chrono::seconds{60}};
  EXPECT_EQ(trimmer.trim(written + 59 * kSecond).value(), 0U);
  EXPECT_EQ(trimmer.trim(written + 3'600 * kSecond).value(), 2U);
  EXPECT_EQ(trimmer.trim(0).value(), 0U) << "a clock far back keeps everything";
}

TEST_F(Streams, AcknowledgedEntriesTakeNoMoreOfRedisThanTheirShare) {
  constexpr std::size_t kEntries = kPipelineEntriesMax;
  constexpr std::uint64_t kShare = 128U << 10U;  // of half a megabyte
  StreamReader only = reader("a");
  write(std::vector<std::string>(kEntries, std::string(1'000, 'x')));
  StreamBrowser browser{server_.connect()};
  const auto left = [&] { return browser.length("weir:flows:0").value(); };
  const auto all = only.read(kEntries, milliseconds{1'000}).value();
  ASSERT_EQ(all.size(), kEntries);
  StreamTrimmer trimmer{server_.connect(), {"weir:flows:0"}, std::chrono::hours{1}, kShare};
  const TimeNs soon =
      static_cast<TimeNs>(EntryId::parse(all.back().id)->milliseconds) * kMillisecond + kSecond;
  EXPECT_EQ(trimmer.trim(soon).value(), 0U) << "what is not acknowledged stays however much it is";
  EXPECT_EQ(left(), kEntries);
  ASSERT_TRUE(only.acknowledge({all.begin(), all.end() - 10}));
  EXPECT_GT(trimmer.trim(soon).value(), kEntries / 2);
  EXPECT_GE(left(), 10U) << "those are owed";
  EXPECT_LE(left() * 1'000, kShare);
}

TEST_F(Streams, WhoMayNotAskForMemoryStillTrimsEveryStreamByAge) {
  const std::vector<std::string> streams{"weir:flows:0", "weir:flows:1"};
  StreamReader only = reader("a", streams);
  for (const std::string& stream : streams) write({"1", "2"}, stream);
  for (std::size_t got = 0; got < 4;) {
    const auto entries = only.read(10, milliseconds{1'000}).value();
    ASSERT_FALSE(entries.empty());
    ASSERT_TRUE(only.acknowledge(entries));
    got += entries.size();
  }
  ASSERT_TRUE(server_.connect().command({"ACL", "SETUSER", "default", "-memory"}));
  StreamTrimmer trimmer{server_.connect(), streams, std::chrono::seconds{0}};
  EXPECT_EQ(trimmer.trim(4'000'000'000 * kSecond).error().code, ErrorCode::kInvalid);
  StreamBrowser browser{server_.connect()};
  for (const std::string& stream : streams) EXPECT_EQ(browser.length(stream).value(), 1U) << stream;
}

TEST_F(Streams, TheCapTakesFromASlowGroupAndItIsNamedGone) {
  StreamReader slow = reader("a");
  write({"1", "2"});
  ASSERT_EQ(slow.read(10, milliseconds{1'000}).value().size(), 2U);
  StreamWriter out = writer(100);  // Redis takes whole nodes of a hundred
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(out.append("weir:flows:0", "x"));
  ASSERT_FALSE(out.flush().error);
  const auto owed = reader("a").read(10, milliseconds{1}).value();
  ASSERT_EQ(owed.size(), 2U);
  EXPECT_TRUE(owed[0].gone && owed[1].gone);
}

TEST(EntryIds, AreInTheOrderOfTheirNumbers) {
  EXPECT_LT(*EntryId::parse("9-5"), *EntryId::parse("10-0"));
  EXPECT_LT(*EntryId::parse("10-9"), *EntryId::parse("10-10"));
  EXPECT_EQ(EntryId::parse("1700000000000-3")->to_string(), "1700000000000-3");
  for (const char* wrong : {"", "5", "-1", "5-", "5-x", "x-5", "5-5-5", "99999999999999999999-0"})
    EXPECT_FALSE(EntryId::parse(wrong)) << wrong;
}

TEST_F(Streams, WhatWasNotAcknowledgedIsGivenAgainAfterARestartThenNewEntries) {
  write({"1", "2", "3"});
  {
    StreamReader first = reader("engine");
    const auto entries = first.read(2, milliseconds{1'000});
    ASSERT_EQ(entries.value().size(), 2U);
    EXPECT_EQ(first.acknowledge({entries->front()}).value(), 1U);
  }
  StreamReader again = reader("engine");
  const auto owed = again.read(10, milliseconds{1'000}).value();
  ASSERT_EQ(owed.size(), 1U);
  EXPECT_EQ(owed[0].payload, "2");
  const auto fresh = again.read(10, milliseconds{1'000}).value();
  ASSERT_EQ(fresh.size(), 1U);
  EXPECT_EQ(fresh[0].payload, "3");
  EXPECT_EQ(again.acknowledge({owed[0], fresh[0]}).value(), 2U);
  EXPECT_EQ(again.acknowledge({owed[0], fresh[0]}).value(), 0U);
  EXPECT_TRUE(again.read(10, milliseconds{1}).value().empty());
}

TEST_F(Streams, OwedEntriesThatWereTrimmedAreNamedGone) {
  write({"1"});
  EXPECT_EQ(reader("engine").read(10, milliseconds{1'000}).value().size(), 1U);
  auto admin = server_.connect();
  ASSERT_TRUE(admin.command({"XTRIM", "weir:flows:0", "MAXLEN", "0"}));
  const auto owed = reader("engine").read(10, milliseconds{1}).value();
  ASSERT_EQ(owed.size(), 1U);
  EXPECT_TRUE(owed[0].gone);
}

TEST_F(Streams, EntriesOfADeadConsumerAreClaimedInParts) {
  write({"1", "2", "3"});
  EXPECT_EQ(reader("dead").read(10, milliseconds{1'000}).value().size(), 3U);
  StreamReader heir = reader("heir");
  EXPECT_TRUE(heir.claim(10, milliseconds{600'000}).value().empty());
  EXPECT_EQ(heir.claim(2, milliseconds{0}).value().size(), 2U);
  const auto rest = heir.claim(2, milliseconds{0}).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].payload, "3");
}

TEST_F(Streams, SeveralStreamsAreReadAndAcknowledgedTogether) {
  StreamReader both = reader("engine", {flow_stream(0), flow_stream(1)});
  write({"a"}, flow_stream(0));
  write({"b"}, flow_stream(1));
  const auto entries = both.read(10, milliseconds{1'000}).value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(both.acknowledge(entries).value(), 2U);
}

TEST_F(Streams, BrowsingGoesBackwardsAndIsBounded) {
  std::vector<std::string> payloads;
  for (int i = 0; i < 512; ++i) payloads.push_back(std::to_string(i));
  write(payloads);
  write(payloads);
  StreamBrowser browser{server_.connect()};
  std::string first;
  std::uint64_t seen = 0;
  const auto all = browser.scan_backwards("weir:flows:0", 10'000, [&](const StreamEntry& entry) {
    if (first.empty()) first = entry.payload;
    ++seen;
    return true;
  });
  EXPECT_EQ(all.value(), 1'024U);
  EXPECT_EQ(seen, 1'024U);
  EXPECT_EQ(first, "511");
  EXPECT_EQ(browser.scan_backwards("weir:flows:0", 700, [](const StreamEntry&) { return true; }).value(),
            700U);
  EXPECT_EQ(browser.scan_backwards("weir:flows:0", 700, [](const StreamEntry&) { return false; }).value(),
            1U);
  EXPECT_EQ(browser.scan_backwards("none", 700, [](const StreamEntry&) { return true; }).value(), 0U);
  std::vector<StreamEntry> newest;
  const auto keep = [&](const StreamEntry& entry) {
    newest.push_back(entry);
    return newest.size() < 3;
  };
  ASSERT_TRUE(browser.scan_backwards("weir:flows:0", 10, keep));
  std::string from;
  EXPECT_EQ(browser
                .scan_backwards(
                    "weir:flows:0", 10'000,
                    [&](const StreamEntry& entry) {
                      if (from.empty()) from = entry.id;
                      return true;
                    },
                    newest.at(1).id)
                .value(),
            1'023U);
  EXPECT_EQ(from, newest.at(1).id);
}

TEST_F(Streams, FollowingStartsAtTheEnd) {
  write({"old"});
  StreamBrowser browser{server_.connect()};
  EXPECT_TRUE(browser.follow({flow_stream(0), flow_stream(1)}, milliseconds{1}).value().empty());
  write({"new"}, flow_stream(0));
  write({"other"}, flow_stream(1));
  std::vector<std::string> seen;
  for (int round = 0; round < 10 && seen.size() < 2; ++round) {
    const auto entries = browser.follow({}, milliseconds{1'000}).value();
    for (const StreamEntry& entry : entries) seen.push_back(entry.payload);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"new", "other"}));
}

TEST_F(Streams, ALostServerIsAnErrorAndANewConnectionWorksAgain) {
  StreamWriter out = writer();
  ASSERT_TRUE(out.append("weir:flows:0", "kept"));
  ASSERT_FALSE(out.flush().error);
  ASSERT_TRUE(out.append("weir:flows:0", "lost"));
  server_.stop(SIGKILL);
  const FlushReport report = out.flush();
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(report.acknowledged, 0U);
  EXPECT_EQ(report.not_acknowledged, 1U);
  EXPECT_FALSE(out.usable());
  EXPECT_EQ(RedisConnection::connect(server_.endpoint()).error().code, ErrorCode::kUnavailable);
  server_.start();
  ASSERT_TRUE(server_.up());
  EXPECT_EQ(reader("engine").read(10, milliseconds{1'000}).value().size(), 1U);
}

TEST_F(Streams, AWrongKindOfKeyIsARefusalNotALostConnection) {
  auto admin = server_.connect();
  ASSERT_TRUE(admin.command({"SET", "text", "x"}));
  StreamWriter out = writer();
  ASSERT_TRUE(out.append("weir:flows:0", "1"));
  ASSERT_TRUE(out.append("text", "2"));
  ASSERT_TRUE(out.append("weir:flows:0", "3"));
  const FlushReport report = out.flush();
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.acknowledged, 1U);
  EXPECT_EQ(report.not_acknowledged, 2U);
  EXPECT_TRUE(out.usable());
}

TEST(RedisConnection, PasswordFileIsUsedAndAWrongOneIsRefused) {
  test::TemporaryDirectory home;
  std::ofstream(home.file("acl")) << "user default off\nuser w on >secret ~weir:* +xadd +ping\n";
  std::ofstream(home.file("good")) << "secret\n";
  std::ofstream(home.file("bad")) << "guess\n";
  std::ofstream(home.file("empty")) << "";
  test::RedisServer server{{"--aclfile", home.file("acl")}};
  ASSERT_TRUE(server.up());
  RedisEndpoint endpoint = server.endpoint();
  endpoint.user = "w";
  endpoint.password_file = home.file("good");
  auto connection = RedisConnection::connect(endpoint);
  ASSERT_TRUE(connection) << to_text(connection.error());
  EXPECT_TRUE(connection->command({"PING"}));
  EXPECT_FALSE(connection->command({"FLUSHALL"}));
  for (const char* wrong : {"bad", "empty", "missing"}) {
    endpoint.password_file = home.file(wrong);
    EXPECT_FALSE(RedisConnection::connect(endpoint)) << wrong;
  }
}

}  // namespace
}  // namespace weir::policy
