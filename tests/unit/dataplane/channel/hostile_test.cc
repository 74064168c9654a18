// SPDX-License-Identifier: Apache-2.0
// What a peer that was taken over can do through the shared memory: make the channel corrupt, nothing more.
#include <functional>
#include <random>

#include "tests/unit/dataplane/channel/channel_fixture.h"

namespace weir::channel {
namespace {

TEST(HostileChannel, ImpossibleHeadStopsTheDataplane) {
  for (const std::uint32_t head : {3U, 16U, 17U, 0x8000'0000U, 0xffff'ffffU}) {
    Pair pair;
    HostileView memory(*pair.dataplane);
    ASSERT_TRUE(pair.send_packet(1));
    ASSERT_TRUE(pair.send_packet(1));
    pair.dataplane->publish();
    memory.requests().head = head;
    EXPECT_FALSE(pair.dataplane->all_consumed()) << head;
    EXPECT_FALSE(pair.dataplane->ok()) << head;
    memory.requests().head = 2;
    EXPECT_FALSE(pair.dataplane->ok()) << "for good";
    EXPECT_FALSE(pair.send_packet(1));
    EXPECT_FALSE(pair.dataplane->try_open({1, 1}, {}, 0));
    EXPECT_FALSE(pair.dataplane->try_close({1, 1}, {}, 0));
    std::array<Answer, 4> answers;
    EXPECT_EQ(pair.dataplane->drain(answers), 0U);
  }
}

TEST(HostileChannel, HeadThatGoesBackIsSeen) {
  Pair pair;
  HostileView memory(*pair.dataplane);
  ASSERT_TRUE(pair.send_packet(1));
  pair.dataplane->publish();
  memory.requests().head = 1;
  EXPECT_TRUE(pair.dataplane->all_consumed());
  memory.requests().head = 0;
  EXPECT_FALSE(pair.dataplane->all_consumed());
  EXPECT_FALSE(pair.dataplane->ok());
}

TEST(HostileChannel, ImpossibleTailsStopBothReaders) {
  for (const std::uint32_t tail : {17U, 0x8000'0000U, 0xffff'ffffU}) {
    Pair pair;
    HostileView memory(*pair.dataplane);
    memory.answers().tail = tail;
    std::array<Answer, 64> answers;
    EXPECT_EQ(pair.dataplane->drain(answers), 0U);
    EXPECT_FALSE(pair.dataplane->ok());

    memory.requests().tail = tail;
    EXPECT_EQ(pair.classifier->next(), nullptr);
    EXPECT_FALSE(pair.classifier->ok());
    EXPECT_FALSE(pair.classifier->wait(-1, 60'000)) << "a corrupt channel never sleeps";
  }
}

TEST(HostileChannel, AnswersThatMakeNoSenseAreNotHandedOn) {
  const std::vector<std::function<void(Answer&)>> mistakes{
      [](Answer& a) { a.type = static_cast<AnswerType>(0); },
      [](Answer& a) { a.type = static_cast<AnswerType>(9); },
      [](Answer& a) { a.type = AnswerType::kInject; },  // without a payload
      [](Answer& a) { a.type = AnswerType::kInjectMore; },
      [](Answer& a) { a.payload_bytes = 1; },  // of no kInject
      [](Answer& a) { a.mark = kMarkMax + 1; },
      [](Answer& a) { a.swallow = 2; },
      [](Answer& a) { a.keep = 2; },
      [](Answer& a) { a.limit_scope = static_cast<LimitScope>(2); },
      [](Answer& a) { a.inject_end = static_cast<InjectEnd>(2); },
      [](Answer& a) { a.action = static_cast<VerdictAction>(3); },
      [](Answer& a) { a.direction = static_cast<Direction>(2); },
      [](Answer& a) { a.exception = 200; },
      [](Answer& a) { a.flow.slot = 64; },
  };
  for (std::size_t i = 0; i < mistakes.size(); ++i) {
    Pair pair;
    ASSERT_TRUE(pair.classifier->try_answer(release(1)));
    Answer wrong = release(2);
    mistakes[i](wrong);
    ASSERT_TRUE(pair.classifier->try_answer(wrong));
    ASSERT_TRUE(pair.classifier->try_answer(release(3)));
    std::array<Answer, 4> answers;
    EXPECT_EQ(pair.dataplane->drain(answers), 1U) << i;
    EXPECT_FALSE(pair.dataplane->ok()) << i;
  }
}

TEST(HostileChannel, PayloadsThatMakeNoSenseAreNotHandedOn) {
  struct Case {
    const char* what;
    std::function<void(HostileView&)> damage;
  };
  const auto head = [](auto change) {
    return [change](HostileView& memory) { change(*reinterpret_cast<Answer*>(memory.answer(1))); };
  };
  const auto more = [](std::size_t n, auto change) {
    return [n, change](HostileView& memory) { change(*reinterpret_cast<InjectMore*>(memory.answer(n))); };
  };
  const std::vector<Case> cases{
      {"none", head([](auto& a) { a.payload_bytes = 0; })},
      {"longer than an answer may be", head([](auto& a) { a.payload_bytes = kInjectBytesMax + 1; })},
      {"longer than what was shown", head([](auto& a) { a.payload_bytes = 400; })},
      {"shorter, so that a record stands alone", head([](auto& a) { a.payload_bytes = 62; })},
      {"the slot", head([](auto& a) { a.flow.slot = 64; })},
      {"a piece is none", more(2, [](auto& m) { m.type = AnswerType::kRelease; })},
      {"a full piece that is not", more(2, [](auto& m) { m.bytes = 61; })},
      {"a last piece that is too long", more(4, [](auto& m) { m.bytes = 62; })},
      {"more bytes than a record", more(2, [](auto& m) { m.bytes = 255; })},
  };
  for (const Case& one : cases) {
    Pair pair;
    HostileView memory(*pair.dataplane);
    ASSERT_TRUE(pair.classifier->try_answer(release(1)));
    ASSERT_TRUE(pair.classifier->try_inject(release(2), packet_of(150)));
    one.damage(memory);
    std::array<Answer, 8> answers;
    std::size_t handed_on = 0;
    while (const std::size_t count = pair.dataplane->drain(answers)) handed_on += count;
    EXPECT_LE(handed_on, 2U) << one.what;
    EXPECT_FALSE(pair.dataplane->ok()) << one.what;
    EXPECT_TRUE(pair.dataplane->inject_payload().empty()) << one.what;
  }
}

TEST(HostileChannel, RequestsThatMakeNoSenseAreNotHandedOn) {
  struct Case {
    const char* what;
    std::function<void(HostileView&)> damage;
  };
  const auto header = [](auto change) {
    return [change](HostileView& memory) { change(*reinterpret_cast<RequestHeader*>(memory.request(0))); };
  };
  const auto head = [](auto change) {
    return [change](HostileView& memory) {
      change(*reinterpret_cast<PacketHead*>(memory.request(0) + sizeof(RequestHeader)));
    };
  };
  const auto more = [](auto change) {
    return [change](HostileView& memory) { change(*reinterpret_cast<RequestHeader*>(memory.request(1))); };
  };
  const std::vector<Case> cases{
      {"type 0", header([](auto& h) { h.type = static_cast<RequestType>(0); })},
      {"type 9", header([](auto& h) { h.type = static_cast<RequestType>(9); })},
      {"starts with more", header([](auto& h) { h.type = RequestType::kPacketMore; })},
      {"open of a packet's size", header([](auto& h) { h.type = RequestType::kFlowOpened; })},
      {"close of a packet's size", header([](auto& h) { h.type = RequestType::kFlowClosed; })},
      {"slot", header([](auto& h) { h.flow.slot = 64; })},
      {"body too long", header([](auto& h) { h.body_bytes = 0xffff; })},
      {"body shorter than the head", header([](auto& h) { h.body_bytes = 8; })},
      {"body and packet differ", header([](auto& h) { h.body_bytes = 1'000; })},
      {"packet too long", head([](auto& h) { h.packet_bytes = 9'217; })},
      {"packet longer than its records", head([](auto& h) { h.packet_bytes = 9'000; })},
      {"direction", head([](auto& h) { h.direction = static_cast<Direction>(2); })},
      {"payload offset", head([](auto& h) { h.payload_offset = 5'000; })},
      {"l4 offset", head([](auto& h) { h.l4_offset = 41; })},
      {"payload bytes", head([](auto& h) { h.payload_bytes = 2'961; })},
      {"continuation is none", more([](auto& h) { h.type = RequestType::kPacket; })},
      {"continuation of another flow", more([](auto& h) { h.flow.generation = 2; })},
      {"continuation's size", more([](auto& h) { h.body_bytes = 5; })},
  };
  for (const Case& one : cases) {
    Pair pair;
    HostileView memory(*pair.dataplane);
    PacketHead sent;
    sent.l4_offset = 20;
    sent.payload_offset = 40;
    sent.payload_bytes = 2'960;
    ASSERT_TRUE(pair.send_packet(3'000, sent));
    pair.dataplane->publish();
    one.damage(memory);
    EXPECT_EQ(pair.classifier->next(), nullptr) << one.what;
    EXPECT_FALSE(pair.classifier->ok()) << one.what;
    EXPECT_FALSE(pair.classifier->try_answer(release(1))) << one.what;
  }
}

TEST(HostileChannel, RandomBytesInTheMemoryNeitherCrashNorStall) {
  constexpr unsigned kSeed = 20'220'911;
  std::mt19937 random{kSeed};
  for (int round = 0; round < 400; ++round) {
    Pair pair;
    HostileView memory(*pair.dataplane);
    for (int step = 0; step < 40; ++step) {
      const unsigned writes = random() % 64;
      for (unsigned i = 0; i < writes; ++i) {
        // Half of the damage hits the indices, where it does most.
        const std::size_t at = random() % 2 == 0 ? random() % 512 : random() % memory.size();
        memory[at] = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 20 : random());
      }
      static_cast<void>(pair.send_packet(random() % 9'500));
      static_cast<void>(pair.dataplane->try_open({static_cast<std::uint32_t>(random() % 64), 1}, {}, 0));
      pair.dataplane->publish();
      std::array<Answer, 16> answers;
      for (const Answer& answer : std::span(answers).first(pair.dataplane->drain(answers))) {
        ASSERT_LE(answer.type, AnswerType::kInject);
        ASSERT_LE(pair.dataplane->inject_payload().size(), kInjectBytesMax);
      }
      static_cast<void>(pair.dataplane->all_consumed());
      int reads = 0;
      while (pair.classifier->next() != nullptr) ASSERT_LE(++reads, 64);
      static_cast<void>(pair.classifier->try_answer(release(1)));
      static_cast<void>(pair.classifier->try_inject(release(1), packet_of(1 + random() % 300)));
      static_cast<void>(pair.classifier->wait(-1, 0));
      pair.dataplane->wait(0);
    }
  }
}

TEST(HostileChannel, AttachRefusesForeignMemory) {
  const auto attach_after = [](const std::function<void(HostileView&)>& damage) {
    auto end = DataplaneEnd::create({.requests = 16, .answers = 16});
    HostileView memory(**end);
    damage(memory);
    return ClassifierEnd::attach(duplicate((*end)->fds())).has_value();
  };
  EXPECT_TRUE(attach_after([](HostileView&) {}));
  EXPECT_FALSE(attach_after([](HostileView& m) { m[0] ^= 1; })) << "magic";
  EXPECT_FALSE(attach_after([](HostileView& m) { m[4] ^= 1; })) << "version";
  EXPECT_FALSE(attach_after([](HostileView& m) { m[8] = 32; })) << "more requests than the file holds";
  EXPECT_FALSE(attach_after([](HostileView& m) { m[8] = 15; })) << "not a power of two";
  EXPECT_FALSE(attach_after([](HostileView& m) { m[32] ^= 1; })) << "total";
  EXPECT_FALSE(ClassifierEnd::attach({-1, -1, -1}).has_value());
}

TEST(HostileChannel, AttachRefusesMemoryThatCouldShrink) {
  const int memory = ::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(::ftruncate(memory, 1 << 20), 0);
  EXPECT_FALSE(ClassifierEnd::attach({memory, -1, -1}).has_value());
}

TEST(HostileChannel, TheFileIsSealed) {
  Pair pair;
  EXPECT_NE(::ftruncate(pair.dataplane->fds().memory, 0), 0);
  EXPECT_NE(::ftruncate(pair.dataplane->fds().memory, 1 << 30), 0);
  EXPECT_NE(::fcntl(pair.dataplane->fds().memory, F_ADD_SEALS, F_SEAL_WRITE), 0);
}

TEST(HostileChannel, WakeUpsNeverBlockOnAPeerThatDoesNotRead) {
  Pair pair;
  HostileView memory(*pair.dataplane);
  // A hostile peer takes O_NONBLOCK off its ends and asks to be woken for ever without reading.
  for (const int fd : {pair.dataplane->fds().request_event, pair.dataplane->fds().answer_event}) {
    ASSERT_EQ(::fcntl(fd, F_SETFL, 0), 0);
  }
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    memory.requests().sleeping = 1;
    ASSERT_TRUE(pair.send_packet(1));
    pair.dataplane->publish();
    memory.requests().head = i + 1;
    ASSERT_TRUE(pair.dataplane->all_consumed());
  }
}

}  // namespace
}  // namespace weir::channel
