// SPDX-License-Identifier: Apache-2.0
// Both ends of a channel while somebody writes anything anywhere into the memory they share. The input is a
// script: one byte says what happens next. Nothing may crash or run on, and what is handed on keeps its
// promises.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "dataplane/channel/channel.h"
#include "dataplane/channel/memory.h"

namespace {

using namespace weir::channel;

constexpr ChannelShape kShape{.requests = 16, .answers = 16, .slots = 64, .worker = 0};

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Request& request) {
  require(request.flow.slot < kShape.slots);
  if (request.type != RequestType::kPacket) return;
  const PacketHead& head = request.head;
  require(request.packet.size() == head.packet_bytes && head.l4_offset <= head.payload_offset);
  require(std::size_t{head.payload_offset} + head.payload_bytes <= request.packet.size());
}

struct World {
  World() {
    auto created = DataplaneEnd::create(kShape);
    require(created.has_value());
    dataplane = std::move(*created);
    const ChannelFds fds = dataplane->fds();
    auto attached =
        ClassifierEnd::attach({::dup(fds.memory), ::dup(fds.request_event), ::dup(fds.answer_event)});
    require(attached.has_value());
    classifier = std::move(*attached);
    bytes = memory_bytes(kShape);
    memory =
        static_cast<std::uint8_t*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds.memory, 0));
  }
  ~World() { ::munmap(memory, bytes); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void damage(weir::ByteReader& script) const {
    // Half of the places are the indices.
    const std::size_t wanted = script.u16();
    const std::size_t at = wanted % 2 == 0 ? wanted / 2 % 512 : wanted % bytes;
    const std::size_t count = std::min<std::size_t>(script.u8() % 33U, bytes - at);
    const weir::Bytes written = script.take(count);
    if (!written.empty()) std::memcpy(memory + at, written.data(), written.size());
  }
  void drain() const {
    std::array<Answer, 24> answers;
    const std::size_t count = dataplane->drain(answers);
    require(count <= answers.size());
    const std::size_t payload = dataplane->inject_payload().size();
    require(payload <= kInjectBytesMax);
    const bool injects = count > 0 && answers[count - 1].type == AnswerType::kInject;
    require(injects ? payload == answers[count - 1].payload_bytes : payload == 0);
    for (std::size_t i = 0; i < count; ++i) {
      require(answers[i].type == AnswerType::kPolicyRevision || answers[i].flow.slot < kShape.slots);
    }
  }
  void read() const {
    int count = 0;
    while (const Request* request = classifier->next()) {
      check(*request);
      require(++count <= 64);
    }
  }
  void step(weir::ByteReader& script) {
    static const std::vector<std::uint8_t> kPacket(10'000, 0x41);
    const FlowRef flow{script.u8() % kShape.slots, 1};
    switch (script.u8() % 8U) {
      case 0:
        return damage(script);
      case 1:
        return drain();
      case 2:
        return read();
      case 3:
        return dataplane->publish();
      case 4:
        static_cast<void>(
            dataplane->try_packet(flow, {}, weir::Bytes{kPacket}.first(script.u16() % 10'000U), 0));
        return;
      case 5:
        static_cast<void>(dataplane->try_open(flow, {}, 0));
        return;
      case 6:
        static_cast<void>(dataplane->try_close(flow, {}, 0));
        return;
      default: {
        Answer answer;
        answer.type = AnswerType::kRelease;
        answer.flow = flow;
        static_cast<void>(classifier->try_answer(answer));
        static_cast<void>(classifier->try_inject(answer, weir::Bytes{kPacket}.first(flow.slot * 20U)));
        static_cast<void>(classifier->wait(-1, 0));
        dataplane->wait(0);
        static_cast<void>(dataplane->all_consumed());
      }
    }
  }

  std::unique_ptr<DataplaneEnd> dataplane;
  std::unique_ptr<ClassifierEnd> classifier;
  std::size_t bytes = 0;
  std::uint8_t* memory = nullptr;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  weir::ByteReader script{{data, size}};
  while (script.left() > 0) world.step(script);
  return 0;
}
