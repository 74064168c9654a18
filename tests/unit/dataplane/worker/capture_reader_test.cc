// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/capture_reader.h"

#include <gtest/gtest.h>

namespace weir::dataplane {
namespace {

class CaptureReader : public testing::Test {
 protected:
  void add(std::uint64_t flow, std::uint16_t port = 80, std::size_t bytes = 100) {
    CapturedHead head;
    head.flow = flow;
    head.key.low_port = port;
    capture_.ring.add(head, std::vector<std::uint8_t>(bytes, static_cast<std::uint8_t>(flow)), 1'600);
  }
  void want(CaptureFilter filter) {
    request_.filters[0] = filter;
    request_.filter_count = 1;
  }
  /// Until it is handed back; the steps it took.
  int read() {
    request_.taken = false;
    request_.packets.clear();
    request_.bytes.clear();
    int steps = 1;
    while (!read_captured(capture_, request_)) ++steps;
    return steps;
  }
  PacketCapture capture_{{.ring_bytes = 64'000}};
  CaptureRequest request_;
};

TEST_F(CaptureReader, GivesWhatMatchesAndGoesOnFromThere) {
  for (std::uint64_t i = 1; i <= 10; ++i) add(i % 2 + 1);
  want({.flow = 1});
  EXPECT_EQ(read(), 1);
  ASSERT_EQ(request_.packets.size(), 5U);
  EXPECT_EQ(request_.bytes.size(), 500U);
  EXPECT_EQ(request_.bytes[request_.packets[4].offset], 1U);
  EXPECT_EQ(request_.position, capture_.ring.end());
  add(1);
  EXPECT_EQ(read(), 1);
  EXPECT_EQ(request_.packets.size(), 1U);
}

TEST_F(CaptureReader, TellsTheWorkerWhatToLookFor) {
  EXPECT_FALSE(capture_.looks());
  EXPECT_TRUE(capture_.copies_shown());
  want({.port = 443});
  read();
  EXPECT_TRUE(capture_.looks());
  FlowKey key;
  key.high_port = 443;
  EXPECT_TRUE(capture_.wanted(7, key));
  key.high_port = 80;
  EXPECT_FALSE(capture_.wanted(7, key));
  request_.filter_count = 0;
  read();
  EXPECT_FALSE(capture_.looks());
}

TEST_F(CaptureReader, GoesInSmallSteps) {
  for (int i = 0; i < 600; ++i) add(1, 80, 8);
  want({.flow = 2});  // none of them
  EXPECT_EQ(read(), 3);
  EXPECT_TRUE(request_.packets.empty());
}

TEST_F(CaptureReader, CountsWhatWasWrittenOverMeanwhile) {
  add(1);
  want({.flow = 1});
  read();
  const std::uint64_t before = request_.position;
  for (int i = 0; i < 5'000; ++i) add(1);
  request_.missed = 0;
  read();
  EXPECT_EQ(request_.missed, capture_.ring.oldest() - before);
  EXPECT_EQ(request_.position, capture_.ring.end());
}

TEST_F(CaptureReader, AFullRequestIsHandedBackAndTheRestComesLater) {
  capture_.ring = CaptureRing(8U << 20U);
  for (std::size_t i = 0; i < kCaptureRecordsMax + 10; ++i) add(1, 80, 8);
  want({.flow = 1});
  read();
  EXPECT_EQ(request_.packets.size(), kCaptureRecordsMax);
  read();
  EXPECT_EQ(request_.packets.size(), 10U);

  for (std::size_t i = 0; i < kCaptureBytesMax / 1'500 + 10; ++i) add(2, 80, 1'500);
  want({.flow = 2});
  read();
  EXPECT_LE(request_.bytes.size(), kCaptureBytesMax);
  const std::size_t first = request_.packets.size();
  read();
  EXPECT_EQ(first + request_.packets.size(), kCaptureBytesMax / 1'500 + 10);
}

TEST(CaptureTriggers, AreBounded) {
  CaptureTriggers triggers;
  for (std::uint64_t i = 0; i < kCaptureTriggersMax; ++i) EXPECT_TRUE(triggers.push({.flow = i}));
  EXPECT_FALSE(triggers.push({.flow = 99}));
  CaptureTrigger trigger;
  for (std::uint64_t i = 0; i < kCaptureTriggersMax; ++i) {
    ASSERT_TRUE(triggers.pop(trigger));
    EXPECT_EQ(trigger.flow, i);
  }
  EXPECT_FALSE(triggers.pop(trigger));
}

}  // namespace
}  // namespace weir::dataplane
