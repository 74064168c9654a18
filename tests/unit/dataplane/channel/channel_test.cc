// SPDX-License-Identifier: Apache-2.0
// What honest ends do: order, sizes, overflow, consumption, wake-ups.
#include <algorithm>
#include <thread>

#include "tests/unit/dataplane/channel/channel_fixture.h"

namespace weir::channel {
namespace {

TEST(Channel, RefusesShapesThatAreNotPowersOfTwoWithinTheLimits) {
  for (const std::uint32_t records : {0U, 8U, 100U, kRingRecordsMax * 2}) {
    EXPECT_FALSE(DataplaneEnd::create({.requests = records}).has_value()) << records;
    EXPECT_FALSE(DataplaneEnd::create({.answers = records}).has_value()) << records;
  }
  EXPECT_FALSE(DataplaneEnd::create({.slots = 0}).has_value());
}

TEST(Channel, CarriesOpenPacketAndCloseInOrder) {
  Pair pair;
  EXPECT_EQ(pair.classifier->shape().slots, 64U);
  EXPECT_EQ(pair.classifier->shape().worker, 3U);
  FlowOpened opened;
  opened.number = 77;
  opened.responder_port = 443;
  FlowClosed closed;
  closed.flow = opened;
  closed.packets = {3, 4};
  closed.reason = EndReason::kReset;
  PacketHead head;
  head.number = 9;
  head.direction = Direction::kFromResponder;
  head.l4_offset = 20;
  head.payload_offset = 40;
  head.payload_bytes = 60;
  ASSERT_TRUE(pair.dataplane->try_open({5, 6}, opened, 100));
  ASSERT_TRUE(pair.dataplane->try_packet({5, 6}, head, packet_of(100), 101));
  ASSERT_TRUE(pair.dataplane->try_close({5, 6}, closed, 102));
  EXPECT_EQ(pair.classifier->next(), nullptr) << "nothing is shown before publish";
  pair.dataplane->publish();

  const Request* request = pair.classifier->next();
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->type, RequestType::kFlowOpened);
  EXPECT_EQ(request->flow, (FlowRef{5, 6}));
  EXPECT_EQ(request->time, 100);
  EXPECT_EQ(request->opened.number, 77U);
  EXPECT_EQ(request->opened.responder_port, 443);
  request = pair.classifier->next();
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->type, RequestType::kPacket);
  EXPECT_EQ(request->head.number, 9U);
  EXPECT_EQ(request->head.direction, Direction::kFromResponder);
  EXPECT_TRUE(std::ranges::equal(request->packet, packet_of(100)));
  request = pair.classifier->next();
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->type, RequestType::kFlowClosed);
  EXPECT_EQ(request->closed.packets[1], 4U);
  EXPECT_EQ(request->closed.reason, EndReason::kReset);
  EXPECT_EQ(pair.classifier->next(), nullptr);
  EXPECT_TRUE(pair.classifier->ok());
}

TEST(Channel, PacketsOfEverySizeArriveWhole) {
  Pair pair;
  std::vector<std::size_t> sizes{0, 1, kPacketBytesPerRecord - 1, kPacketBytesPerRecord,
                                 kPacketBytesPerRecord + 1};
  for (std::size_t n = 1; n <= 3; ++n) {
    const std::size_t edge = kPacketBytesPerRecord + n * kRequestBodyBytes;
    sizes.insert(sizes.end(), {edge - 1, edge, edge + 1});
  }
  sizes.push_back(kPacketBytesMax);
  for (const std::size_t size : sizes) {
    ASSERT_TRUE(pair.dataplane->try_packet({2, 1}, {}, packet_of(size, 7), 0)) << size;
    pair.dataplane->publish();
    const Request* request = pair.classifier->next();
    ASSERT_NE(request, nullptr) << size;
    EXPECT_EQ(request->head.packet_bytes, size);
    EXPECT_TRUE(std::ranges::equal(request->packet, packet_of(size, 7))) << size;
    ASSERT_EQ(pair.classifier->next(), nullptr);
    EXPECT_TRUE(pair.dataplane->all_consumed());
  }
}

TEST(Channel, LongerPacketsAreCutAndSaySo) {
  Pair pair;
  PacketHead head;
  head.payload_offset = 40;
  head.payload_bytes = 12'000 - 40;
  ASSERT_TRUE(pair.send_packet(12'000, head));
  pair.dataplane->publish();
  const Request* request = pair.classifier->next();
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->packet.size(), kPacketBytesMax);
  EXPECT_EQ(request->head.payload_bytes, kPacketBytesMax - 40);
}

TEST(Channel, RequestRingOverflowsWithoutDamage) {
  Pair pair;
  for (std::uint32_t i = 0; i < 16; ++i) ASSERT_TRUE(pair.dataplane->try_open({i, 1}, {}, 0)) << i;
  EXPECT_FALSE(pair.dataplane->try_open({16, 1}, {}, 0));
  EXPECT_FALSE(pair.send_packet(10));
  EXPECT_FALSE(pair.dataplane->try_close({16, 1}, {}, 0));
  EXPECT_EQ(pair.dataplane->requests_waiting(), 16U);
  pair.dataplane->publish();
  for (std::uint32_t i = 0; i < 16; ++i) {
    const Request* request = pair.classifier->next();
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(request->flow.slot, i);
  }
  EXPECT_FALSE(pair.dataplane->all_consumed()) << "the last one is still being looked at";
  EXPECT_EQ(pair.classifier->next(), nullptr);
  EXPECT_TRUE(pair.dataplane->all_consumed());
  EXPECT_TRUE(pair.dataplane->try_open({16, 1}, {}, 0));
}

TEST(Channel, PacketOfManyRecordsIsWrittenWholeOrNotAtAll) {
  Pair pair;
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(pair.send_packet(10));
  EXPECT_FALSE(pair.send_packet(kPacketBytesMax)) << "needs five records, four are free";
  EXPECT_TRUE(pair.send_packet(kPacketBytesPerRecord + 3 * kRequestBodyBytes));
  EXPECT_FALSE(pair.send_packet(0));
  pair.dataplane->publish();
  EXPECT_EQ(pair.read_all(), 13U);
  EXPECT_TRUE(pair.classifier->ok());
}

TEST(Channel, AnswerRingOverflowsWithoutDamage) {
  Pair pair;
  for (std::uint32_t i = 0; i < 16; ++i) ASSERT_TRUE(pair.classifier->try_answer(release(i, i))) << i;
  EXPECT_FALSE(pair.classifier->try_answer(release(16)));
  std::array<Answer, 10> answers;
  ASSERT_EQ(pair.dataplane->drain(answers), 10U) << "never more than there is room for";
  EXPECT_EQ(answers[9].flow.slot, 9U);
  EXPECT_TRUE(pair.classifier->try_answer(release(16)));
  ASSERT_EQ(pair.dataplane->drain(answers), 7U);
  EXPECT_EQ(answers[6].flow.slot, 16U);
  EXPECT_EQ(pair.dataplane->drain(answers), 0U);
}

TEST(Channel, PayloadsOfEverySizeArriveWhole) {
  Pair pair({.requests = 16, .answers = 128, .slots = 64, .worker = 0});
  constexpr std::size_t kEach = sizeof(InjectMore::payload);
  for (const std::size_t size : {std::size_t{1}, kEach - 1, kEach, kEach + 1, 2 * kEach, kInjectBytesMax}) {
    Answer sent = release(5, 3);
    sent.inject_end = InjectEnd::kClose;
    ASSERT_TRUE(pair.classifier->try_answer(release(4)));
    ASSERT_TRUE(pair.classifier->try_inject(sent, packet_of(size, 7))) << size;
    ASSERT_TRUE(pair.classifier->try_answer(release(6)));
    std::array<Answer, 8> answers;
    ASSERT_EQ(pair.dataplane->drain(answers), 2U) << "the payload is the last answer's";
    EXPECT_EQ(answers[1].type, AnswerType::kInject);
    EXPECT_EQ(answers[1].flow.slot, 5U);
    EXPECT_EQ(answers[1].payload_bytes, size);
    EXPECT_EQ(answers[1].inject_end, InjectEnd::kClose);
    EXPECT_TRUE(std::ranges::equal(pair.dataplane->inject_payload(), packet_of(size, 7))) << size;
    ASSERT_EQ(pair.dataplane->drain(answers), 1U);
    EXPECT_EQ(answers[0].flow.slot, 6U);
    EXPECT_TRUE(pair.dataplane->inject_payload().empty());
  }
  EXPECT_TRUE(pair.dataplane->ok());
}

TEST(Channel, PayloadsThatDoNotFitAreRefusedWhole) {
  Pair pair;  // 16 answers
  EXPECT_FALSE(pair.classifier->try_inject(release(1), {}));
  EXPECT_FALSE(pair.classifier->try_inject(release(1), packet_of(kInjectBytesMax + 1)));
  EXPECT_FALSE(pair.classifier->try_inject(release(1), packet_of(kInjectBytesMax))) << "67 records";
  const auto most = packet_of(15 * sizeof(InjectMore::payload));
  ASSERT_TRUE(pair.classifier->try_inject(release(1), most));
  EXPECT_FALSE(pair.classifier->try_inject(release(1), packet_of(1)));
  std::array<Answer, 8> answers;
  ASSERT_EQ(pair.dataplane->drain(answers), 1U);
  EXPECT_TRUE(std::ranges::equal(pair.dataplane->inject_payload(), most));
  EXPECT_TRUE(pair.classifier->try_inject(release(1), packet_of(1)));
}

TEST(Channel, EveryKindOfAnswerArrives) {
  Pair pair;
  for (const AnswerType type :
       {AnswerType::kRelease, AnswerType::kFinal, AnswerType::kSkip, AnswerType::kPolicyRevision,
        AnswerType::kDropPacket, AnswerType::kReleasePacket}) {
    Answer sent = release(63, 4);
    sent.type = type;
    sent.action = VerdictAction::kReset;
    sent.direction = Direction::kFromResponder;
    sent.skip_bytes = 5;
    sent.policy_revision = 6;
    ASSERT_TRUE(pair.classifier->try_answer(sent));
    std::array<Answer, 2> got;
    ASSERT_EQ(pair.dataplane->drain(got), 1U);
    EXPECT_EQ(std::memcmp(&got[0], &sent, sizeof(sent)), 0);
  }
}

TEST(Channel, IndicesWrapRound) {
  Pair pair;
  for (std::uint32_t round = 0; round < 1'000; ++round) {
    ASSERT_TRUE(pair.send_packet(5'000));
    ASSERT_TRUE(pair.dataplane->try_open({round % 64, round}, {}, 0));
    pair.dataplane->publish();
    ASSERT_EQ(pair.read_all(), 2U) << round;
  }
}

TEST(Channel, WaitReturnsAtOnceWhenThereIsWorkOrAHangUp) {
  Pair pair;
  ASSERT_TRUE(pair.send_packet(1));
  pair.dataplane->publish();
  EXPECT_TRUE(pair.classifier->wait(-1, 60'000));
  EXPECT_EQ(pair.read_all(), 1U);
  EXPECT_TRUE(pair.classifier->wait(-1, 0)) << "the time is over, the peer is there";

  ASSERT_TRUE(pair.send_packet(1));
  pair.dataplane->publish();
  pair.dataplane.reset();
  EXPECT_TRUE(pair.classifier->wait(-1, 60'000)) << "what was sent before the end is still read";
  EXPECT_EQ(pair.read_all(), 1U);
  EXPECT_FALSE(pair.classifier->wait(-1, 60'000));
}

TEST(Channel, SleepingEndsAreWokenEveryTime) {
  // A lost wake-up would leave both sides asleep until the time-out and the test far beyond its limit.
  constexpr int kRounds = 20'000;
  constexpr int kNever = 60'000;
  Pair pair;
  std::thread peer([&] {
    for (int done = 0; done < kRounds;) {
      if (!pair.classifier->wait(-1, kNever)) return;
      while (pair.classifier->next() != nullptr) {
        ++done;
        if (!pair.classifier->try_answer(release(1))) return;
      }
    }
    static_cast<void>(pair.classifier->wait(-1, 0));
  });
  int answered = 0;
  for (int i = 0; i < kRounds; ++i) {
    EXPECT_TRUE(pair.send_packet(1));
    pair.dataplane->publish();
    std::array<Answer, 4> got;
    while (pair.dataplane->ok() && pair.dataplane->drain(got) == 0) pair.dataplane->wait(kNever);
    ++answered;
  }
  peer.join();
  EXPECT_EQ(answered, kRounds);
  EXPECT_TRUE(pair.dataplane->all_consumed());
}

TEST(Channel, ARequestThatWasNotFinishedIsKnown) {
  Pair pair;
  ASSERT_TRUE(pair.dataplane->try_open({5, 6}, {}, 100));
  ASSERT_TRUE(pair.dataplane->try_packet({7, 8}, {}, packet_of(1'000), 101));  // of several records
  pair.dataplane->publish();
  EXPECT_FALSE(pair.dataplane->unfinished()) << "nothing was begun";
  ASSERT_NE(pair.classifier->next(), nullptr);
  EXPECT_EQ(pair.dataplane->unfinished(), (FlowRef{5, 6}));
  ASSERT_NE(pair.classifier->next(), nullptr);
  EXPECT_EQ(pair.dataplane->unfinished(), (FlowRef{7, 8}));
  pair.classifier.reset();  // it ends in order
  EXPECT_FALSE(pair.dataplane->unfinished());
}

}  // namespace
}  // namespace weir::channel
