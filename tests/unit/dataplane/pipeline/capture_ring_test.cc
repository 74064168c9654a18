// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/capture_ring.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::dataplane {
namespace {

std::vector<std::uint8_t> frame(std::size_t bytes, std::uint8_t value) {
  return std::vector<std::uint8_t>(bytes, value);
}

CapturedHead head(std::uint64_t flow) {
  CapturedHead head;
  head.flow = flow;
  head.time = static_cast<TimeNs>(flow) * 10;
  return head;
}

struct Seen {
  std::vector<std::uint64_t> flows;
  std::vector<std::size_t> sizes;
};
/// From the oldest on; every byte must be what was written.
Seen all_of(const CaptureRing& ring) {
  Seen seen;
  for (std::uint64_t at = ring.oldest(); at < ring.end();) {
    const auto captured = ring.at(at);
    EXPECT_GT(captured.next, at);
    for (const std::uint8_t byte : captured.bytes) {
      EXPECT_EQ(byte, static_cast<std::uint8_t>(captured.head.flow));
    }
    EXPECT_EQ(captured.head.time, static_cast<TimeNs>(captured.head.flow) * 10);
    seen.flows.push_back(captured.head.flow);
    seen.sizes.push_back(captured.bytes.size());
    at = captured.next;
  }
  return seen;
}

TEST(CaptureRing, KeepsNothingWithoutMemory) {
  CaptureRing ring(0);
  EXPECT_FALSE(ring.keeps());
  ring.add(head(1), frame(60, 1), 1'600);
  EXPECT_EQ(ring.end(), 0U);
}

TEST(CaptureRing, CutsAtTheSnapLength) {
  CaptureRing ring(4'096);
  ring.add(head(1), frame(100, 1), 64);
  ring.add(head(2), frame(0, 2), 64);
  const auto first = ring.at(0);
  EXPECT_EQ(first.bytes.size(), 64U);
  EXPECT_EQ(first.head.frame_bytes, 100U);
  EXPECT_EQ(all_of(ring).sizes, (std::vector<std::size_t>{64, 0}));
}

TEST(CaptureRing, TheNewestPushOutTheOldest) {
  CaptureRing ring(1'000);
  for (std::uint64_t flow = 1; flow <= 200; ++flow) {
    ring.add(head(flow), frame(flow % 97, static_cast<std::uint8_t>(flow)), 1'600);
    const Seen seen = all_of(ring);
    ASSERT_FALSE(seen.flows.empty());
    EXPECT_EQ(seen.flows.back(), flow);
    for (std::size_t i = 1; i < seen.flows.size(); ++i) EXPECT_EQ(seen.flows[i], seen.flows[i - 1] + 1);
    EXPECT_LE(ring.end() - ring.oldest(), 1'000U);
  }
  EXPECT_GT(ring.oldest(), 0U);
  EXPECT_GE(all_of(ring).flows.size(), 5U);  // of at most 160 bytes each
}

TEST(CaptureRing, EveryRemainderAtTheEndOfItsMemoryIsSkipped) {
  for (std::size_t size = 400; size < 560; size += 8) {
    CaptureRing ring(size);
    for (std::uint64_t flow = 1; flow <= 50; ++flow) {
      ring.add(head(flow), frame(flow * 7 % 120, static_cast<std::uint8_t>(flow)), 1'600);
      ASSERT_EQ(all_of(ring).flows.back(), flow) << size;
    }
  }
}

TEST(CaptureRing, APacketThatNeverFitsIsNotKept) {
  CaptureRing ring(128);
  ring.add(head(1), frame(32, 1), 1'600);
  ring.add(head(2), frame(65, 2), 1'600);
  EXPECT_EQ(all_of(ring).flows, std::vector<std::uint64_t>{1});
}

}  // namespace
}  // namespace weir::dataplane
