// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/pipeline.h"

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace {
std::atomic<bool> allocations_counted{false};
std::atomic<int> allocations{0};
}  // namespace

// Not inlined: the compiler would take the free of one for the wrong partner of the other's new.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (allocations_counted) ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }

namespace weir::dataplane {
namespace {

/// A frame of any kind, often damaged, drawn from few enough flows that they meet again.
Frame any_frame(std::mt19937& random) {
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  auto packet = below(4) == 0 ? ipv6("fd00::1", "2001:db8::1")
                              : ipv4("10.0.0." + std::to_string(1 + below(8)), "198.51.100.7");
  const auto port = static_cast<std::uint16_t>(1'000 + below(16));
  constexpr std::array<std::string_view, 8> kFlags = {"S", "A", "PA", "FA", "R", "SF", "", "PA"};
  switch (below(6)) {
    case 0:
      packet.udp(port, 53);
      break;
    case 1:
      packet.icmp(8);
      break;
    case 2:
      packet.protocol(47);
      break;
    default:
      packet.tcp(port, 443).flags(kFlags[below(8)]).sequence(below(4) * 100);
  }
  if (below(2) == 0) packet.payload(std::string(below(200), 'x'));
  if (below(8) == 0) packet.fragment(static_cast<std::uint16_t>(below(4) * 8), below(2) == 0);
  for (unsigned tags = below(12) == 0 ? below(6) : 0; tags > 0; --tags)
    packet.vlan(static_cast<std::uint16_t>(tags));
  if (below(16) == 0) packet.bad_l4_checksum();
  if (below(16) == 0) packet.bad_ip_checksum();
  if (below(16) == 0) packet.ip_length(static_cast<std::uint16_t>(below(100)));
  if (below(16) == 0) packet.ethertype(static_cast<std::uint16_t>(random()));
  if (below(16) == 0) packet.cut(below(60));
  Frame frame = packet.bytes();
  if (below(4) == 0 && !frame.empty()) frame[below(static_cast<unsigned>(frame.size()))] ^= 0x55U;
  return frame;
}

/// Answers some of what it reads, in any way there is.
void answer_some(PipelineBench& bench, std::mt19937& random) {
  for (const SeenRequest& request : bench.requests()) {
    if (request.type == RequestType::kFlowClosed || random() % 4 == 0) continue;
    channel::Answer answer;
    answer.type = static_cast<AnswerType>(1 + random() % 6);
    answer.action = static_cast<VerdictAction>(random() % 3);
    answer.direction = request.head.direction;
    answer.exception = random() % 8 == 0 ? static_cast<std::uint8_t>(random() % (kExceptionCauses + 1)) : 0;
    answer.flow = request.flow;
    answer.through = request.head.number;
    answer.policy_revision = static_cast<std::uint32_t>(random() % 2);
    answer.skip_bytes = static_cast<std::uint32_t>(random() % 300);
    answer.skip_from_sequence = request.head.tcp_sequence;
    ASSERT_TRUE(bench.classifier_end->try_answer(answer));
  }
  bench.pipeline->apply_answers();
}

TEST(Pipeline, EveryHostileFrameIsAccountedForToTheLast) {
  constexpr int kFrames = 100'000;
  PipelineBench bench({.exceptions = ExceptionAction::kDrop, .parked = 32});
  std::mt19937 random(7);
  int fed = 0;
  TimeNs now = kStart;
  while (fed < kFrames) {
    std::vector<Frame> burst(1 + random() % kBatchMax);
    for (Frame& frame : burst) frame = any_frame(random);
    fed += static_cast<int>(burst.size());
    now += static_cast<TimeNs>(random() % 200) * kMillisecond;
    bench.run(static_cast<std::uint8_t>(random() % 2), burst, now);
    if (random() % 4 == 0) answer_some(bench, random);
    if (random() % 500 == 0) {
      bench.pipeline->detach();
      bench.attach();
    }
    bench.check_conservation();
    if (testing::Test::HasFailure()) return;
    bench.sink.left = {};
  }
  const PipelineCounters counters = bench.counters();
  EXPECT_EQ(counters.ports[0].received + counters.ports[1].received, static_cast<std::uint64_t>(fed));
  EXPECT_GT(counters.ports[0].transmitted, 1'000U);
  for (const DropReason reason :
       {DropReason::kRunt, DropReason::kVlanDepth, DropReason::kIpTruncated, DropReason::kIpHeader,
        DropReason::kIpChecksum, DropReason::kL4Truncated, DropReason::kL4Checksum, DropReason::kTcpFlags,
        DropReason::kPolicyDrop, DropReason::kPolicyReset, DropReason::kConflict, DropReason::kException,
        DropReason::kFragmentOverlap, DropReason::kFragmentDuplicate}) {
    EXPECT_GT(counters.ports[0].dropped[static_cast<std::size_t>(reason)], 0U)
        << drop_reason_texts()[static_cast<std::size_t>(reason)].name;
  }
}

/// Frees what leaves; allocates nothing, as opposed to the bench's own sink.
class FreeingSink final : public TransmitSink {
 public:
  std::uint16_t send(std::uint8_t /*port*/, rte_mbuf** packets, std::uint16_t count) noexcept override {
    rte_pktmbuf_free_bulk(packets, count);
    return count;
  }
};

TEST(Pipeline, AllocatesNothing) {
  PipelineBench bench({.classifier = false});
  FreeingSink sink;
  PipelineOptions options;
  options.pairs.resize(1);
  options.flows = 64;
  options.parked = 16;
  options.packets = bench.pool->get();
  options.now = kStart;
  Pipeline pipeline(options, sink);
  bench.attach();
  bench.pipeline->detach();
  pipeline.attach(*bench.dataplane_end);
  std::mt19937 random(9);
  for (int burst = 0; burst < 2'000; ++burst) {
    bench.batch.port = static_cast<std::uint8_t>(random() % 2);
    bench.batch.count = kBatchMax;
    for (auto& packet : bench.batch.packets) packet = bench.make(any_frame(random));
    const TimeNs now = kStart + burst * kMillisecond;
    allocations_counted = true;
    pipeline.run(bench.batch, now);
    pipeline.apply_answers();
    pipeline.look_after(now);
    pipeline.publish_counters();
    allocations_counted = false;
    if (burst % 4 != 0) continue;
    for (const SeenRequest& request : bench.requests()) {
      ASSERT_TRUE(bench.classifier_end->try_answer({.type = AnswerType::kFinal,
                                                    .action = static_cast<VerdictAction>(random() % 3),
                                                    .flow = request.flow}));
    }
  }
  EXPECT_EQ(allocations, 0);
  pipeline.publish_counters();
  EXPECT_GT(pipeline.board().read().decided, 0U);
  pipeline.detach();
}

TEST(Pipeline, AReplaysCapturesAreToldApart) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.pipeline->start_capture(7, kStart - 1'000'000 * kSecond);  // an older capture than the one before
  bench.run(kInsidePort, from_client("S", 100), kStart - 1'000'000 * kSecond);
  EXPECT_EQ(bench.requests()[0].opened.pair, 7);
  while (bench.pipeline->close_some(1, kStart)) {
  }
  EXPECT_EQ(bench.counters().flows, 0U);
}

}  // namespace
}  // namespace weir::dataplane
