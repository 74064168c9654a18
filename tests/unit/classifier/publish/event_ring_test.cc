// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/event_ring.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/support/temporary_directory.h"

namespace weir::classifier {
namespace {

constexpr RingShape kSmall{.bytes = 4'096, .events_max = 1'000};

bool push(EventRing& ring, const std::string& text, bool hit = false) {
  const std::span<char> room = ring.reserve(text.size(), hit);
  if (room.empty()) return false;
  std::copy(text.begin(), text.end(), room.begin());
  ring.commit();
  return true;
}

std::vector<std::string> texts(const std::vector<RingEvent>& events) {
  std::vector<std::string> all;
  for (const RingEvent& event : events) all.emplace_back(event.bytes);
  return all;
}

class EventRingTest : public ::testing::Test {
 protected:
  EventRing open(RingShape shape = kSmall) {
    auto ring = EventRing::open(path_, shape);
    EXPECT_TRUE(ring) << to_text(ring.error());
    return std::move(*ring);
  }
  test::TemporaryDirectory home_;
  std::string path_ = home_.file("events-0.ring");
};

TEST_F(EventRingTest, GivesWhatItWasGivenInOrder) {
  EventRing ring = open();
  EXPECT_TRUE(push(ring, "one"));
  EXPECT_TRUE(push(ring, "two", true));
  const auto waiting = ring.waiting(10);
  EXPECT_EQ(texts(waiting), (std::vector<std::string>{"one", "two"}));
  EXPECT_FALSE(waiting[0].hit);
  EXPECT_TRUE(waiting[1].hit);
  ring.advance(1);
  EXPECT_EQ(texts(ring.waiting(10)), (std::vector<std::string>{"two"}));
  EXPECT_EQ(texts(ring.kept(0, 10)), (std::vector<std::string>{"one"}));
  ring.let_go(2);
  EXPECT_TRUE(ring.kept(0, 10).empty());
  EXPECT_EQ(ring.waiting_count(), 1U) << "what waits is not let go";
}

TEST_F(EventRingTest, AnswersLikeAQueueAcrossEveryEdge) {
  std::mt19937 random{7};
  EventRing ring = open();
  std::deque<std::string> model;
  for (int step = 0; step < 50'000; ++step) {
    if (random() % 2 == 0) {
      std::string text(1 + random() % 300, 'x');
      for (char& c : text) c = static_cast<char>(random());
      if (push(ring, text, true)) model.push_back(text);
    } else {
      const std::uint64_t count = random() % 4;
      ring.advance(count);
      for (std::uint64_t i = 0; i < count && !model.empty(); ++i) model.pop_front();
    }
    ASSERT_EQ(ring.waiting_count(), model.size()) << step;
    ASSERT_EQ(texts(ring.waiting(3)),
              (std::vector<std::string>(model.begin(),
                                        model.begin() + std::min<long>(3, static_cast<long>(model.size())))))
        << step;
  }
}

TEST_F(EventRingTest, TheLastQuarterIsForHits) {
  for (const bool by_bytes : {true, false}) {
    path_ = home_.file(by_bytes ? "bytes" : "events");
    EventRing ring = open({.bytes = 65'536, .events_max = by_bytes ? 1'000'000U : 100U});
    const std::string text(by_bytes ? 1'000 : 1, 'x');
    std::uint64_t common = 0;
    std::uint64_t hits = 0;
    while (push(ring, text)) ++common;
    while (push(ring, text, true)) ++hits;
    const std::uint64_t all = by_bytes ? 65'536 / 1'008 : 100;
    EXPECT_EQ(common, all - all / 4 - (by_bytes ? 1 : 0));
    EXPECT_EQ(common + hits, all);
    EXPECT_FALSE(push(ring, text, true));
    ring.advance(1);
    EXPECT_TRUE(push(ring, text, true));
    EXPECT_FALSE(push(ring, text)) << "still more than its share";
  }
}

TEST_F(EventRingTest, KeptEventsGiveTheirRoomUnlessPinned) {
  EventRing ring = open();
  const std::string text(1'000, 'x');
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(push(ring, text, true));
  ring.advance(4);
  EXPECT_EQ(ring.kept(0, 10).size(), 4U);
  ring.pin(0);
  EXPECT_FALSE(push(ring, text, true)) << "someone still reads them";
  ring.unpin();
  EXPECT_TRUE(push(ring, text, true));
  EXPECT_LT(ring.kept(0, 10).size(), 4U);
  EXPECT_GT(ring.first_kept(), 0U);
}

TEST_F(EventRingTest, WhatAKilledProcessLeftComesFirst) {
  const pid_t child = fork();
  if (child == 0) {
    auto ring = EventRing::open(path_, kSmall);
    if (!ring) _exit(1);
    for (int i = 0; i < 200; ++i) {  // far past the edge
      if (!push(*ring, "event " + std::to_string(i), i % 2 == 0)) _exit(2);
      if (i < 195) ring->advance(1);
      if (i == 190) ring->let_go(190);
    }
    static_cast<void>(ring->reserve(8, false));  // not committed: nobody said it
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EventRing ring = open({.bytes = 4'096, .events_max = 3});
  EXPECT_EQ(ring.left_before(), 10U) << "five that were sent and kept, five that waited, whatever the limit";
  const auto waiting = ring.waiting(100);
  EXPECT_EQ(waiting.front().bytes, "event 190");
  EXPECT_TRUE(waiting.front().hit);
  EXPECT_EQ(waiting.back().bytes, "event 199");
  EXPECT_FALSE(push(ring, "more", true));
}

TEST_F(EventRingTest, TwoProcessesCannotShareIt) {
  EventRing ring = open();
  const auto other = EventRing::open(path_, kSmall);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kLimit);
  EXPECT_TRUE(push(ring, "still works"));
}

TEST_F(EventRingTest, AFolderThatIsNotThereIsAnError) {
  const auto ring = EventRing::open(home_.file("none/events-0.ring"), kSmall);
  ASSERT_FALSE(ring);
  EXPECT_EQ(ring.error().code, ErrorCode::kSystem);
}

TEST_F(EventRingTest, DamagedFilesAreNotBelieved) {
  std::mt19937 random{11};
  for (int round = 0; round < 300; ++round) {
    {
      EventRing ring = open();
      ring.advance(ring.waiting_count());
      ring.let_go(ring.first_waiting());
      for (int i = 0; i < 10; ++i) push(ring, std::string(1 + random() % 200, 'x'));
    }
    std::fstream file{path_, std::ios::in | std::ios::out | std::ios::binary};
    for (int i = 0; i < 4; ++i) {
      file.seekp(static_cast<std::streamoff>(random() % 2 == 0 ? random() % 48 : random() % 8'192));
      file.put(static_cast<char>(random()));
    }
    file.close();
    if (round % 10 == 0) std::filesystem::resize_file(path_, random() % 8'192);
    const EventRing ring = open();
    EXPECT_LE(ring.left_before(), 600U);
    EXPECT_EQ(ring.waiting(1'000).size(), ring.left_before());
  }
}

TEST(EventRing, WithoutAFileItIsMemoryAlone) {
  auto ring = EventRing::open("", kSmall);
  ASSERT_TRUE(ring);
  EXPECT_FALSE(ring->outlives());
  EXPECT_TRUE(push(*ring, "one"));
  EXPECT_EQ(texts(ring->waiting(1)), std::vector<std::string>{"one"});
}

}  // namespace
}  // namespace weir::classifier
