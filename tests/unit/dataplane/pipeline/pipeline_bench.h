// SPDX-License-Identifier: Apache-2.0
// A pipeline without ports: frames go in, what leaves is kept, and a classifier made of the test's own
// answers sits at the other end of a real channel. Every frame is counted: the bench ends with conservation
// and no lost buffer.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "dataplane/io/eal.h"
#include "dataplane/io/packet_pool.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/pipeline.h"
#include "tests/support/packet_builder.h"

namespace weir::dataplane {

using channel::AnswerType;
using channel::RequestType;
using test::Frame;
using test::ipv4;
using test::ipv6;

inline constexpr std::uint8_t kInsidePort = 0;
inline constexpr std::uint8_t kOutsidePort = 1;
inline constexpr TimeNs kStart = 1'700'000'000 * kSecond;

inline Eal& test_eal() {
  static const std::unique_ptr<Eal> eal = [] {
    auto started = Eal::start({.hugepages = false, .megabytes = 64, .cores = {}, .workers = 0}, {});
    if (!started) std::abort();
    return std::move(*started);
  }();
  return *eal;
}

/// Keeps what leaves; takes at most `room` packets (a full queue of the other port).
class KeepingSink final : public TransmitSink {
 public:
  std::array<std::vector<Frame>, kPortsMax> left;
  std::size_t room = SIZE_MAX;

  std::uint16_t send(std::uint8_t port, rte_mbuf** packets, std::uint16_t count) noexcept override {
    const auto taken = static_cast<std::uint16_t>(std::min<std::size_t>(room, count));
    if (room != SIZE_MAX) room -= taken;
    for (std::uint16_t i = 0; i < taken; ++i) {
      const Bytes frame = frame_of(packets[i]);
      left[port].emplace_back(frame.begin(), frame.end());
    }
    rte_pktmbuf_free_bulk(packets, taken);
    return taken;
  }
};

struct SeenRequest {
  RequestType type{};
  channel::FlowRef flow;
  channel::FlowOpened opened;
  channel::FlowClosed closed;
  channel::PacketHead head;
  Frame packet;
};

struct BenchShape {
  ExceptionAction exceptions = ExceptionAction::kDrop;
  ExceptionAction midstream = ExceptionAction::kPass;  // most tests begin in the middle of a connection
  std::uint32_t flows = 64;
  std::uint32_t parked = 16;
  std::uint32_t parked_per_flow = 8;
  std::uint32_t requests = 256;
  std::uint32_t buffers = 1'024;
  std::uint32_t frame_bytes = kPacketBufferBytes;
  std::uint32_t fragments = 64;
  std::uint32_t large_buffers = 0;  // for whole datagrams
  bool classifier = true;
  CaptureOptions capture{};
  std::span<std::uint8_t> flow_memory{};
  OverloadSettings overload{101, 102, 103};  // percent: never
  Simulation simulation{};
};

class PipelineBench {
 public:
  explicit PipelineBench(const BenchShape& shape = {}) : shape_(shape) {
    test_eal();
    static int pools = 0;
    pool =
        std::move(*PacketPool::create("bench-" + std::to_string(pools++), shape.buffers, shape.frame_bytes));
    PipelineOptions options;
    options.pairs.resize(2);
    for (PairOptions& pair : options.pairs) {
      pair.exceptions.fill(shape.exceptions);
      pair.exceptions[static_cast<std::size_t>(ExceptionCause::kMidstream)] = shape.midstream;
    }
    options.flows = shape.flows;
    options.parked = shape.parked;
    options.parked_per_flow = shape.parked_per_flow;
    options.packets = pool->get();
    options.flow_memory = shape.flow_memory;
    options.fragments = shape.fragments;
    if (shape.large_buffers > 0) {
      large = std::move(
          *PacketPool::create("large-" + std::to_string(pools), shape.large_buffers, kPacketBufferBytesMax));
      options.datagrams = large->get();
    }
    options.capture = shape.capture;
    options.now = kStart;
    options.overload = shape.overload;
    options.simulation = shape.simulation;
    pipeline = std::make_unique<Pipeline>(options, sink);
    if (shape.classifier) attach();
  }
  ~PipelineBench() {
    check_conservation();
    pipeline.reset();
    EXPECT_EQ(pool->in_use(), 0U) << "packet buffers were lost";
    EXPECT_EQ(large == nullptr ? 0U : large->in_use(), 0U) << "large buffers were lost";
  }

  void attach() {
    channel::ChannelShape channel_shape;
    channel_shape.requests = shape_.requests;
    channel_shape.slots = pipeline->path().flows.capacity();
    dataplane_end = std::move(*channel::DataplaneEnd::create(channel_shape));
    const auto copy = [](int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); };
    const channel::ChannelFds fds = dataplane_end->fds();
    classifier_end = std::move(
        *channel::ClassifierEnd::attach({copy(fds.memory), copy(fds.request_event), copy(fds.answer_event)}));
    pipeline->attach(*dataplane_end);
  }

  /// One burst.
  void run(std::uint8_t port, const std::vector<Frame>& frames, TimeNs now = kStart) {
    batch.port = port;
    batch.count = 0;
    for (const Frame& frame : frames) batch.packets[batch.count++] = make(frame);
    pipeline->run(batch, now);
    pipeline->look_after(now);
  }
  void run(std::uint8_t port, const test::PacketBuilder& packet, TimeNs now = kStart) {
    run(port, std::vector<Frame>{packet.bytes()}, now);
  }
  rte_mbuf* make(const Frame& frame) {
    rte_mbuf* packet = rte_pktmbuf_alloc(pool->get());
    std::memcpy(rte_pktmbuf_append(packet, static_cast<std::uint16_t>(frame.size())), frame.data(),
                frame.size());
    return packet;
  }

  /// Everything the classifier has not seen yet.
  std::vector<SeenRequest> requests() {
    std::vector<SeenRequest> seen;
    while (const channel::Request* request = classifier_end->next()) {
      seen.push_back({.type = request->type,
                      .flow = request->flow,
                      .opened = request->opened,
                      .closed = request->closed,
                      .head = request->head,
                      .packet = {request->packet.begin(), request->packet.end()}});
    }
    return seen;
  }
  std::vector<SeenRequest> requests(RequestType type) {
    std::vector<SeenRequest> all = requests();
    std::erase_if(all, [type](const SeenRequest& request) { return request.type != type; });
    return all;
  }

  void answer(channel::Answer answer) {
    EXPECT_TRUE(classifier_end->try_answer(answer));
    pipeline->apply_answers();
  }
  void release(channel::FlowRef flow, Direction direction, std::uint32_t through) {
    answer({.type = AnswerType::kRelease, .direction = direction, .flow = flow, .through = through});
  }
  void decide(channel::FlowRef flow, VerdictAction action, std::uint32_t revision = 0) {
    answer({.type = AnswerType::kFinal, .action = action, .flow = flow, .policy_revision = revision});
  }
  void set_revision(std::uint32_t revision) {
    answer({.type = AnswerType::kPolicyRevision, .flow = {}, .policy_revision = revision});
  }

  PipelineCounters counters() {
    pipeline->publish_counters();
    return pipeline->board().read();
  }
  std::uint64_t dropped(std::uint8_t port, DropReason reason) {
    return counters().ports[port].dropped[static_cast<std::size_t>(reason)];
  }
  std::uint64_t excepted(ExceptionCause cause, ExceptionAction action) {
    return counters().exceptions[static_cast<std::size_t>(cause)][static_cast<std::size_t>(action)];
  }
  void check_conservation() {
    const PipelineCounters now = counters();
    std::uint64_t parked = 0;
    for (const PortCounters& port : now.ports) {
      EXPECT_EQ(port.received, port.transmitted + port.dropped_total() + port.parked);
      parked += port.parked;
    }
    EXPECT_EQ(parked, now.parked);
  }
  [[nodiscard]] std::vector<Frame>& left_at(std::uint8_t port) { return sink.left[port]; }

  std::unique_ptr<PacketPool> pool;
  std::unique_ptr<PacketPool> large;  // before the pipeline
  KeepingSink sink;
  std::unique_ptr<channel::DataplaneEnd> dataplane_end;
  std::unique_ptr<channel::ClassifierEnd> classifier_end;
  std::unique_ptr<Pipeline> pipeline;
  Batch batch;

 private:
  BenchShape shape_;
};

// One TCP connection that most tests use.
inline constexpr std::string_view kClient = "10.0.0.1";
inline constexpr std::string_view kServer = "198.51.100.7";

inline test::PacketBuilder from_client(std::string_view flags, std::uint32_t sequence,
                                       std::string_view payload = "") {
  return ipv4(kClient, kServer)
      .tcp(40'000, 80)
      .flags(flags)
      .sequence(sequence)
      .acknowledgement(501)
      .payload(payload);
}
inline test::PacketBuilder from_server(std::string_view flags, std::uint32_t sequence,
                                       std::string_view payload = "") {
  return ipv4(kServer, kClient)
      .tcp(80, 40'000)
      .flags(flags)
      .sequence(sequence)
      .acknowledgement(101)
      .payload(payload);
}

}  // namespace weir::dataplane
