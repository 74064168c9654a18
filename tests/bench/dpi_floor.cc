// SPDX-License-Identifier: Apache-2.0
// dpi.floor: what the classifier costs above nDPI. All loops are given the same packets with their flow
// already found (that is the data plane's work), in process, without the inspection channel:
//   ndpi_alone  the shortest loop that labels every flow as far as nDPI 4.2 wants to look
//   labeler     the same over NdpiLabeler: Weir without its own parsers
//   classifier  Classifier::on_request: own parsers, nDPI, software, policy, answers, events built and thrown
//   away
// A flow's packets stop once it has its final answer, as the data plane stops sending them. The rate of all
// counts every packet of the set. Sets: generated flows (HTTP, TLS, DNS in equal parts), and the reference
// captures where WEIR_SHARED_DIR has them.
#include <benchmark/benchmark.h>
#include <ndpi_api.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "tests/bench/dpi_bed.h"

namespace {

using namespace weir;
using namespace weir::bench;

constexpr std::uint32_t kGeneratedFlows = 3'000;

const PacketSet& generated() {
  static const PacketSet set =
      generated_flows({FlowKind::kHttp, FlowKind::kTls, FlowKind::kDns}, kGeneratedFlows);
  return set;
}

const PacketSet& corpus() {
  static const PacketSet set = captured_flows();
  return set;
}

ndpi_detection_module_struct* module() {
  static ndpi_detection_module_struct* made = [] {
    auto* fresh = ndpi_init_detection_module(ndpi_no_prefs);
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(fresh, &all);
    ndpi_finalize_initialization(fresh);
    return fresh;
  }();
  return made;
}

void ndpi_alone(benchmark::State& state, const PacketSet& set) {
  struct Flow {
    std::unique_ptr<ndpi_flow_struct, void (*)(void*)> state{nullptr, std::free};
    std::uint32_t packets = 0;
    bool done = false;
  };
  if (set.packets.empty()) return state.SkipWithError("WEIR_SHARED_DIR names no reference captures");
  std::uint64_t known = 0;
  for (auto _ : state) {
    std::vector<Flow> flows(set.flows.size());
    for (const FlowPacket& packet : set.packets) {
      Flow& flow = flows[packet.flow];
      if (flow.done) continue;
      if (!flow.state)
        flow.state.reset(static_cast<ndpi_flow_struct*>(std::calloc(1, sizeof(ndpi_flow_struct))));
      const auto& bytes = packet.captured.from_l3;
      ndpi_protocol found = ndpi_detection_process_packet(
          module(), flow.state.get(), bytes.data(), static_cast<unsigned short>(bytes.size()),
          static_cast<u_int64_t>(packet.captured.time / kMillisecond));
      if (packet.captured.payload_bytes > 0) ++flow.packets;
      const bool labelled = found.app_protocol != NDPI_PROTOCOL_UNKNOWN;
      flow.done = flow.packets >= 32 || flow.state->fail_with_unknown != 0 ||
                  (labelled && ndpi_extra_dissection_possible(module(), flow.state.get()) == 0);
      if (!flow.done) continue;
      std::uint8_t guessed = 0;
      if (!labelled) found = ndpi_detection_giveup(module(), flow.state.get(), 1, &guessed);
      known += found.app_protocol != NDPI_PROTOCOL_UNKNOWN ? 1 : 0;
      ndpi_free_flow_data(flow.state.get());
      flow.state.reset();
    }
    for (Flow& flow : flows) {
      if (flow.state) ndpi_free_flow_data(flow.state.get());
    }
  }
  benchmark::DoNotOptimize(known);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(set.packets.size()));
}

void labeler_alone(benchmark::State& state, const PacketSet& set) {
  struct Flow {
    classifier::NdpiLabeler::Flow state;
    bool done = false;
  };
  if (set.packets.empty()) return state.SkipWithError("WEIR_SHARED_DIR names no reference captures");
  const auto labeler = std::move(*classifier::NdpiLabeler::create({}));
  for (auto _ : state) {
    std::vector<Flow> flows(set.flows.size());
    for (const FlowPacket& packet : set.packets) {
      Flow& flow = flows[packet.flow];
      if (flow.done) continue;
      const test::CapturedPacket& captured = packet.captured;
      flow.done = labeler
                      ->feed(flow.state,
                             {.from_l3 = captured.from_l3,
                              .l4_offset = captured.l4_offset,
                              .payload_offset = captured.payload_offset,
                              .payload_bytes = captured.payload_bytes,
                              .protocol = set.flows[packet.flow].protocol,
                              .tcp_flags = captured.tcp_flags,
                              .direction = packet.direction},
                             captured.time)
                      .final;
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(set.packets.size()));
}

void classifier_alone(benchmark::State& state, const PacketSet& set) {
  if (set.packets.empty()) return state.SkipWithError("WEIR_SHARED_DIR names no reference captures");
  ClassifierBed bed;
  for (auto _ : state) {
    bed.classifier().attach(static_cast<std::uint32_t>(set.flows.size()));
    std::vector<char> opened(set.flows.size());
    std::vector<char> decided(set.flows.size());
    for (const FlowPacket& packet : set.packets) {
      if (decided[packet.flow] == 0) {
        bed.show(set, packet, opened[packet.flow] == 0, packet.flow);
        opened[packet.flow] = 1;
      }
      bed.classifier().answers().flush([&decided](const channel::Answer& answer, std::string_view) {
        if (answer.type == channel::AnswerType::kFinal) decided[answer.flow.slot] = 1;
        return true;
      });
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(set.packets.size()));
  state.counters["flows"] = static_cast<double>(set.flows.size());
}

BENCHMARK_CAPTURE(ndpi_alone, generated, generated())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(labeler_alone, generated, generated())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classifier_alone, generated, generated())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ndpi_alone, corpus, corpus())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(labeler_alone, corpus, corpus())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classifier_alone, corpus, corpus())->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
