// SPDX-License-Identifier: Apache-2.0
// One worker's packet path under any sequence of frames, answers, policies, channels and times. The input is
// a script (packet_sequence.h makes its frames). After each step every frame that came in has left, is held,
// or was dropped under a name; none leaves twice; at the end nothing is held and every packet buffer is back.
#include <fcntl.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "dataplane/io/eal.h"
#include "dataplane/io/packet_pool.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/pipeline.h"
#include "tests/fuzz/packet_sequence.h"

namespace {

using namespace weir;
using namespace weir::dataplane;
using channel::Answer;
using channel::AnswerType;
using fuzz::Input;

constexpr std::uint8_t kPorts = 4;  // two pairs
constexpr TimeNs kStart = 1'700'000'000 * kSecond;
constexpr std::size_t kStepsMax = 256;
constexpr int kTurnsToEmpty = 64;  // of which each ends what has waited for an hour
constexpr std::uint32_t kBuffers = 512;
constexpr std::uint32_t kFewBuffers = 2 * kBatchMax + 48;  // most of them are the reserve
constexpr std::uint32_t kRevisions = 4;

void require(bool holds, int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "line %d does not hold\n", line);
  std::abort();
}

/// What outlives an input: DPDK and the pools.
struct Site {
  Site() {
    eal = std::move(*Eal::start({.hugepages = false, .megabytes = 128, .cores = {}, .workers = 0}, {}));
    many = std::move(*PacketPool::create("many", kBuffers));
    few = std::move(*PacketPool::create("few", kFewBuffers));
    large = std::move(*PacketPool::create("large", 4, kPacketBufferBytesMax));
    const rte_mbuf_dynfield field{"weir_fuzz_frame", sizeof(std::uint64_t), alignof(std::uint64_t), 0};
    number_at = rte_mbuf_dynfield_register(&field);
    require(number_at >= 0);
  }
  [[nodiscard]] std::uint64_t& number_of(rte_mbuf* packet) const {
    return *RTE_MBUF_DYNFIELD(packet, static_cast<std::size_t>(number_at), std::uint64_t*);
  }
  std::unique_ptr<Eal> eal;
  std::unique_ptr<PacketPool> many, few, large;
  int number_at = -1;
  std::uint64_t numbered = 0;  // frames, over all inputs: buffers keep their numbers
};

Site& site() {
  static Site* const made = new Site;  // DPDK's own threads outlive main
  return *made;
}

/// Counts what leaves; takes at most `room` more packets.
class CountingSink final : public TransmitSink {
 public:
  std::array<std::uint64_t, kPortsMax> left{};
  std::set<std::uint64_t> numbers;
  std::size_t room = SIZE_MAX;

  std::uint16_t send(std::uint8_t port, rte_mbuf** packets, std::uint16_t count) noexcept override {
    require(port < kPorts);
    const auto taken = static_cast<std::uint16_t>(std::min<std::size_t>(room, count));
    if (room != SIZE_MAX) room -= taken;
    for (std::uint16_t i = 0; i < taken; ++i) {
      // A buffer that Weir filled itself may still carry the number of a frame that was dropped: that has
      // not left before either.
      std::uint64_t& number = site().number_of(packets[i]);
      require(number == 0 || numbers.insert(number).second);
      number = 0;
      require(packets[i]->pkt_len > 0 && rte_mbuf_refcnt_read(packets[i]) == 1);
    }
    left[port] += taken;
    rte_pktmbuf_free_bulk(packets, taken);
    return taken;
  }
};

class World {
 public:
  explicit World(Input& input) : in_(input), frames_(input) {
    PipelineOptions options;
    options.pairs.resize(kPorts / 2);
    static constexpr std::array<ExceptionAction, 3> kActions{ExceptionAction::kDrop, ExceptionAction::kPass,
                                                             ExceptionAction::kBypass};
    static constexpr std::array<UrgentAction, 3> kUrgent{UrgentAction::kClear, UrgentAction::kDrop,
                                                         UrgentAction::kPass};
    for (PairOptions& pair : options.pairs) {
      pair.exceptions.fill(in_.of(kActions));
      pair.exceptions[static_cast<std::size_t>(ExceptionCause::kMidstream)] = in_.of(kActions);
      pair.urgent = in_.of(kUrgent);
    }
    const std::uint8_t shape = in_.u8();
    options.flows = (shape & 1U) != 0 ? 16 : 64;
    options.parked = (shape & 2U) != 0 ? 4 : 32;
    options.parked_per_flow = (shape & 2U) != 0 ? 3 : 8;
    options.fragments = (shape & 4U) != 0 ? 2 : 16;
    options.tunnels = (shape & 4U) != 0 ? 2 : 16;
    options.meters = options.injections = options.closes = (shape & 4U) != 0 ? 2 : 16;
    options.limited_flows = 2 * options.meters;
    options.verify_checksums = (shape & 8U) == 0;
    options.normalise = (shape & 16U) == 0;
    pool_ = (shape & 32U) != 0 ? site().few.get() : site().many.get();
    requests_ = (shape & 64U) != 0 ? 16 : 256;
    options.overload = (shape & 128U) != 0 ? OverloadSettings{20, 40, 60} : OverloadSettings{101, 102, 103};
    options.packets = pool_->get();
    options.datagrams = site().large->get();
    options.now = kStart;
    pipeline_ = std::make_unique<Pipeline>(options, sink_);
    attach();
  }

  void step() {
    switch (in_.below(16)) {
      case 0:
        now_ += in_.u8() * kMillisecond;
        break;
      case 1:
        now_ += in_.u8() * kSecond;
        break;
      case 2:
        take_requests();
        break;
      case 3:
      case 4:
      case 5:
        answer();
        break;
      case 6:
        set_revision();
        break;
      case 7:
        change();
        break;
      default:
        burst();
        break;
    }
    pipeline_->look_after(now_);
    check();
  }

  void finish() {
    sink_.room = SIZE_MAX;
    detach();
    for (int turn = 0; turn < kTurnsToEmpty; ++turn) pipeline_->look_after(now_ += kSecond * 3'600);
    check();
    pipeline_->publish_counters();
    const PipelineCounters& counters = pipeline_->path().counters;
    require(counters.parked == 0 && counters.fragments_held == 0);
    while (pipeline_->close_some(64, now_)) {
    }
    check();
    pipeline_.reset();
    require(pool_->in_use() == 0 && site().large->in_use() == 0);
  }

 private:
  void attach() {
    channel::ChannelShape shape;
    shape.requests = requests_;
    shape.answers = 256;
    shape.slots = pipeline_->path().flows.capacity();
    dataplane_end_ = std::move(*channel::DataplaneEnd::create(shape));
    const auto copy = [](int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); };
    const channel::ChannelFds fds = dataplane_end_->fds();
    classifier_end_ = std::move(
        *channel::ClassifierEnd::attach({copy(fds.memory), copy(fds.request_event), copy(fds.answer_event)}));
    pipeline_->attach(*dataplane_end_);
  }
  void detach() {
    if (dataplane_end_ == nullptr) return;
    pipeline_->detach();
    dataplane_end_.reset();
    classifier_end_.reset();
    asked_.clear();
  }

  rte_mbuf* piece(Bytes bytes) {
    rte_mbuf* packet = rte_pktmbuf_alloc(pool_->get());
    if (packet == nullptr) return nullptr;
    std::memcpy(rte_pktmbuf_append(packet, static_cast<std::uint16_t>(bytes.size())), bytes.data(),
                bytes.size());
    site().number_of(packet) = 0;
    return packet;
  }
  /// In one buffer or, as ports deliver long frames, in two. nullptr: no buffer is left, as for a port.
  rte_mbuf* receive(const test::Frame& frame) {
    const Bytes bytes{frame};
    const std::size_t first =
        frame.size() > 1 && in_.one_in(16) ? 1 + in_.u16() % (frame.size() - 1) : frame.size();
    rte_mbuf* packet = piece(bytes.first(first));
    if (packet == nullptr) return nullptr;
    if (first < bytes.size()) {
      rte_mbuf* more = piece(bytes.subspan(first));
      if (more == nullptr || rte_pktmbuf_chain(packet, more) != 0) {
        rte_pktmbuf_free(more);
        rte_pktmbuf_free(packet);
        return nullptr;
      }
    }
    site().number_of(packet) = ++site().numbered;
    return packet;
  }

  void burst() {
    const std::uint8_t port = in_.below(8) == 0 ? 2 + in_.below(2) : in_.below(2);
    const std::uint8_t count = 1 + in_.below(6);
    const std::uint8_t repeated = in_.one_in(16) ? 12 : 1;
    batch_.port = port;
    batch_.count = 0;
    for (std::uint8_t i = 0; i < count && !in_.empty(); ++i) {
      const test::Frame frame = frames_.make(port % 2 == 0);
      for (std::uint8_t copies = 0; copies < repeated && batch_.count < kBatchMax; ++copies) {
        rte_mbuf* packet = receive(frame);
        if (packet == nullptr) break;
        batch_.packets[batch_.count++] = packet;
      }
    }
    received_[port] += batch_.count;
    if (in_.one_in(32)) {
      pipeline_->turn_away(port, {batch_.packets.data(), batch_.count}, DropReason::kHandoverFull);
      batch_.count = 0;
      return;
    }
    pipeline_->run(batch_, now_);
    require(batch_.count == 0);
  }

  void take_requests() {
    if (classifier_end_ == nullptr) return;
    for (std::uint8_t left = in_.u8(); left > 0; --left) {
      const channel::Request* request = classifier_end_->next();
      if (request == nullptr) return;
      if (request->type != channel::RequestType::kPacket) continue;
      asked_.push_back({request->flow, request->head});
      if (asked_.size() > 64) asked_.erase(asked_.begin());
    }
  }

  /// About a packet that was asked about, or about anything.
  void answer() {
    take_requests();
    if (classifier_end_ == nullptr) return;
    static constexpr std::array<AnswerType, 8> kTypes{
        AnswerType::kRelease,       AnswerType::kRelease, AnswerType::kFinal,      AnswerType::kFinal,
        AnswerType::kReleasePacket, AnswerType::kSkip,    AnswerType::kDropPacket, AnswerType::kInject};
    Answer answer{.type = in_.of(kTypes), .flow = {in_.below(16), in_.below(4)}, .through = in_.u8()};
    if (!asked_.empty()) {
      const Asked& about = asked_[asked_.size() - 1 - in_.u8() % asked_.size()];
      answer.flow = about.flow;
      answer.direction = about.head.direction;
      answer.through = about.head.number;
      answer.skip_from_sequence = about.head.tcp_sequence + about.head.payload_bytes;
    }
    if (in_.one_in(8)) answer.direction = static_cast<channel::Direction>(in_.below(2));
    answer.skip_bytes = answer.type == AnswerType::kSkip ? in_.u16() : 0;
    if (answer.type == AnswerType::kFinal) finish_final(answer);
    if (answer.type == AnswerType::kInject) {
      answer.inject_end = static_cast<channel::InjectEnd>(in_.below(2));
      answer.swallow = in_.below(2);
      const std::vector<std::uint8_t> payload(1 + in_.u16() % channel::kInjectBytesMax, 'i');
      static_cast<void>(classifier_end_->try_inject(answer, payload));
    } else {
      static_cast<void>(classifier_end_->try_answer(answer));
    }
    if (in_.one_in(2)) pipeline_->apply_answers();
  }
  void finish_final(Answer& answer) {
    answer.action = static_cast<channel::VerdictAction>(in_.below(3));
    answer.policy_revision = in_.one_in(4) ? in_.below(kRevisions) : pipeline_->path().policy_revision;
    if (in_.one_in(4)) answer.expires_s = in_.below(16);
    if (in_.one_in(4)) answer.limit_bytes_s = in_.u16();
    if (in_.one_in(4)) answer.mark = in_.below(channel::kMarkMax + 1);
    answer.limit_scope = static_cast<channel::LimitScope>(in_.below(2));
    if (in_.one_in(8)) answer.exception = in_.below(kExceptionCauses + 1);
  }

  void set_revision() {
    if (classifier_end_ == nullptr) return;
    static_cast<void>(classifier_end_->try_answer(
        {.type = AnswerType::kPolicyRevision, .flow = {}, .policy_revision = in_.below(kRevisions)}));
    pipeline_->apply_answers();
  }

  /// What happens around the packets.
  void change() {
    switch (in_.below(8)) {
      case 0:
        detach();
        break;
      case 1:
        detach();
        attach();
        break;
      case 2:
        pipeline_->set_bypass(in_.below(4));
        break;
      case 3:
        sink_.room = in_.u8();
        break;
      case 4:
        sink_.room = SIZE_MAX;
        break;
      case 5: {
        const TimeNs step = (in_.u8() - 128) * kSecond;
        pipeline_->shift_time(step, now_ += step);
        break;
      }
      case 6:
        static_cast<void>(pipeline_->close_some(in_.u8(), now_));
        break;
      default:
        pipeline_->apply_answers();
        break;
    }
  }

  void check() {
    const PipelineCounters& counters = pipeline_->path().counters;
    std::uint64_t parked = 0;
    for (std::uint8_t port = 0; port < kPorts; ++port) {
      const PortCounters& here = counters.ports[port];
      const PortCounters& there = counters.ports[port ^ 1U];
      require(here.received == received_[port]);
      require(here.received == here.transmitted + here.dropped_total() + here.parked);
      require(here.dropped[static_cast<std::size_t>(DropReason::kNone)] == 0);
      require(sink_.left[port] == there.transmitted + here.injected);
      parked += here.parked;
    }
    require(pool_->in_use() >= parked);
  }

  struct Asked {
    channel::FlowRef flow;
    channel::PacketHead head;
  };

  Input& in_;
  fuzz::FrameMaker frames_;
  CountingSink sink_;
  PacketPool* pool_ = nullptr;
  std::uint32_t requests_ = 256;
  std::unique_ptr<channel::DataplaneEnd> dataplane_end_;
  std::unique_ptr<channel::ClassifierEnd> classifier_end_;
  std::unique_ptr<Pipeline> pipeline_;
  Batch batch_;
  TimeNs now_ = kStart;
  std::vector<Asked> asked_;
  std::array<std::uint64_t, kPorts> received_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  site();
  Input input({data, size});
  World world(input);
  for (std::size_t steps = 0; steps < kStepsMax && !input.empty(); ++steps) world.step();
  world.finish();
  return 0;
}
