// SPDX-License-Identifier: Apache-2.0
// From the stream to a file: everything arrives, in an output's own time, and is acknowledged only then.
#include "policy/export/output.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <thread>

#include "policy/bus/event_batch.h"
#include "policy/bus/stream_groups.h"
#include "policy/bus/stream_writer.h"
#include "policy/bus/streams.h"
#include "policy/export/sample.h"
#include "tests/support/redis_server.h"

namespace weir::output {
namespace {

using namespace std::chrono_literals;

class RunningOutput : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(redis_.up()); }
  void TearDown() override { stop(); }
  Settings settings(const std::string& name, const std::string& file) const {
    Settings settings;
    settings.redis.socket = redis_.socket();
    settings.run_directory = home_.path();
    OutputSettings output;
    output.name = name;
    output.types = only(RecordType::kFlow);
    output.path = home_.file(file);
    output.to = "file:" + output.path;
    settings.outputs.push_back(output);
    return settings;
  }
  void publish(std::uint64_t first, std::uint64_t last) {
    policy::StreamWriter out{redis_.connect(), 1'000'000};
    for (std::uint64_t i = first; i <= last; ++i) {
      event::FlowEvent event = sample_event("weir", 1'000'000'000);
      event.mutable_id()->set_sequence(i);
      ASSERT_TRUE(out.append(policy::flow_stream(0), event.SerializeAsString()));
    }
    ASSERT_FALSE(out.flush().error);
  }
  void start(const std::string& name, const std::string& file) {
    const Settings whole = settings(name, file);
    output_ = std::make_unique<Output>(whole, whole.outputs[0], std::nullopt);
    stop_ = eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread{[this] { output_->run(stop_); }};
  }
  void stop() {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    EXPECT_EQ(write(stop_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
    thread_.join();
    close(stop_);
  }
  [[nodiscard]] std::size_t lines(const std::string& file) const {
    std::ifstream in{home_.file(file)};
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) ++count;
    return count;
  }
  template <typename Condition>
  bool within(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      poll(nullptr, 0, 5);
    }
    return true;
  }
  [[nodiscard]] std::uint64_t lost(Loss why) const {
    return output_->counted().counters->lost[static_cast<std::size_t>(why)];
  }
  std::int64_t owed(const std::string& name) {
    auto connection = redis_.connect();
    const auto reply = connection.command({"XPENDING", policy::flow_stream(0), "weir-export-" + name});
    return reply ? reply->items.at(0).integer : -1;
  }

  test::RedisServer redis_;
  test::TemporaryDirectory home_;
  std::unique_ptr<Output> output_;
  std::thread thread_;
  int stop_ = -1;
};

TEST_F(RunningOutput, WritesWhatIsThereAndWhatComes) {
  publish(1, 300);
  start("eve", "eve.json");
  EXPECT_TRUE(within([&] { return lines("eve.json") == 300; }));
  publish(301, 310);
  EXPECT_TRUE(within([&] { return lines("eve.json") == 310; }));
  EXPECT_TRUE(within([&] { return owed("eve") == 0; }));
  stop();
  publish(311, 320);
  start("eve", "eve.json");
  EXPECT_TRUE(within([&] { return lines("eve.json") == 320; }));
  stop();
  EXPECT_EQ(lines("eve.json"), 320U) << "nothing twice without a crash";
}

TEST_F(RunningOutput, AnEntryHoldsManyEvents) {
  std::vector<std::string> events;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    event::FlowEvent event = sample_event("weir", 1'000'000'000);
    event.mutable_id()->set_sequence(i);
    events.push_back(i == 7 ? "no event" : event.SerializeAsString());
  }
  policy::StreamWriter out{redis_.connect(), 1'000'000};
  ASSERT_TRUE(out.append(policy::flow_stream(0), policy::encode_batch(std::span<const std::string>{events})));
  ASSERT_FALSE(out.flush().error);
  start("eve", "eve.json");
  EXPECT_TRUE(within([&] { return lines("eve.json") == 199; }));
  EXPECT_EQ(lost(Loss::kUnreadable), 1U);
}

TEST_F(RunningOutput, WhatItsReceiverDoesNotTakeStaysOwed) {
  publish(1, 50);
  start("eve", "later/eve.json");
  EXPECT_TRUE(within([&] { return output_->counted().counters->failures > 1; }));
  EXPECT_EQ(output_->counted().counters->records, 0U);
  std::filesystem::create_directory(home_.file("later"));
  EXPECT_TRUE(within([&] { return lines("later/eve.json") == 50; }));
  EXPECT_TRUE(within([&] { return owed("eve") == 0; }));
}

TEST_F(RunningOutput, ToldToStopWithoutAReceiverItLeavesTheEventsForTheNextStart) {
  publish(1, 50);
  start("eve", "later/eve.json");
  EXPECT_TRUE(within([&] { return output_->counted().counters->failures > 0; }));
  stop();
  std::filesystem::create_directory(home_.file("later"));
  start("eve", "later/eve.json");
  EXPECT_TRUE(within([&] { return lines("later/eve.json") == 50; }));
}

TEST_F(RunningOutput, CountsWhatItCannotReadAndWhatIsGone) {
  policy::StreamWriter out{redis_.connect(), 1'000'000};
  ASSERT_TRUE(out.append(policy::flow_stream(0), "no event"));
  ASSERT_FALSE(out.flush().error);
  publish(1, 10);
  publish(21, 30);
  start("eve", "eve.json");
  EXPECT_TRUE(within([&] { return lines("eve.json") == 20; }));
  EXPECT_TRUE(within([&] { return owed("eve") == 0; })) << "what cannot be read holds nothing up";
  EXPECT_EQ(lost(Loss::kUnreadable), 1U);
  EXPECT_EQ(lost(Loss::kTrimmed), 10U);
}

TEST_F(RunningOutput, GoesOnWhenRedisIsBack) {
  publish(1, 10);
  start("eve", "eve.json");
  EXPECT_TRUE(within([&] { return owed("eve") == 0 && lines("eve.json") == 10; }));
  redis_.stop(SIGKILL);
  redis_.start();
  ASSERT_TRUE(redis_.up());
  publish(11, 20);
  EXPECT_TRUE(within([&] { return lines("eve.json") >= 20; }));
}

TEST_F(RunningOutput, GroupsOfOutputsThatAreGoneAreRemoved) {
  publish(1, 1);
  for (const char* name : {"eve", "old"}) {
    start(name, std::string{name} + ".json");
    EXPECT_TRUE(within([&] { return lines(std::string{name} + ".json") == 1 && owed(name) == 0; }));
    stop();
  }
  auto connection = redis_.connect();
  ASSERT_TRUE(connection.command({"XGROUP", "CREATE", policy::flow_stream(0), policy::kEngineGroup, "0"}));
  EXPECT_EQ(remove_old_groups(settings("eve", "eve.json")).value(),
            std::vector<std::string>{"weir-export-old"});
  EXPECT_THAT(policy::groups_of(connection, policy::flow_stream(0)).value(),
              ::testing::UnorderedElementsAre("weir-export-eve", std::string{policy::kEngineGroup}));
}

TEST(SequenceGaps, CountsJumpsAndForgetsInTime) {
  SequenceGaps gaps;
  event::EventId id = sample_event("weir", 0).id();
  const auto note = [&](std::uint64_t sequence) {
    id.set_sequence(sequence);
    return gaps.note(id);
  };
  EXPECT_EQ(note(5), 0U) << "where it begins nobody knows";
  EXPECT_EQ(note(6), 0U);
  EXPECT_EQ(note(9), 2U);
  EXPECT_EQ(note(7), 0U) << "late, or again";
  for (std::size_t i = 0; i < kSourcesMax; ++i) {
    id.set_boot(i + 1);
    EXPECT_EQ(note(1), 0U);
  }
  id.set_boot(0);
  EXPECT_EQ(note(100), 0U) << "forgotten";
}

}  // namespace
}  // namespace weir::output
