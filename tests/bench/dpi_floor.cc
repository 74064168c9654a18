// SPDX-License-Identifier: Apache-2.0
// dpi.floor: what the classifier costs above nDPI. Both loops are given the same packets with their flow
// already found (that is the data plane's work), in process, without the inspection channel:
//   ndpi_alone  the shortest loop that labels every flow as far as nDPI 4.2 wants to look
//   classifier  Classifier::on_request: own parsers, nDPI, software, policy, answers, events built and thrown
//   away
// A flow's packets stop once it has its final answer, as the data plane stops sending them. The rate of both
// counts every packet of the set. Sets: generated flows (HTTP, TLS, DNS in equal parts), and the reference
// captures where WEIR_SHARED_DIR has them.
#include <benchmark/benchmark.h>
#include <ndpi_api.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "classifier/engine/classifier.h"
#include "policy/lang/compile.h"
#include "tests/support/capture.h"
#include "tests/support/tls_hello.h"

namespace {

using namespace weir;
using namespace weir::classifier;

constexpr std::uint32_t kGeneratedFlows = 3'000;
constexpr const char* kPolicy =
    "weir-policy: 1\nlists: {bad: {domains: [bad.example, \"*.worse.example\"]}}\n"
    "network: [{rule: no-bittorrent, match: {app: BitTorrent}, then: block}]\n"
    "web: [{rule: no-bad, match: {domain: bad}, then: block}]\n";

struct Packet {
  test::CapturedPacket captured;
  std::uint32_t flow = 0;
  std::uint32_t number = 0;
  channel::Direction direction{};
};
struct PacketSet {
  std::vector<Packet> packets;
  std::vector<FiveTuple> flows;
};

void add(PacketSet& set, std::map<FiveTuple, std::uint32_t>& index, test::CapturedPacket captured) {
  const FiveTuple& t = captured.tuple;
  const FiveTuple reverse{t.responder, t.initiator, t.responder_port, t.initiator_port, t.protocol};
  const bool back = index.contains(reverse);
  const auto [at, fresh] =
      index.try_emplace(back ? reverse : t, static_cast<std::uint32_t>(set.flows.size()));
  if (fresh) set.flows.push_back(t);
  Packet packet;
  packet.flow = at->second;
  packet.direction = back ? channel::Direction::kFromResponder : channel::Direction::kFromInitiator;
  packet.number = static_cast<std::uint32_t>(set.packets.size() + 1);
  packet.captured = std::move(captured);
  set.packets.push_back(std::move(packet));
}

test::CapturedPacket build(const FiveTuple& tuple, const std::string& payload, std::uint32_t sequence,
                           std::uint8_t flags) {
  test::CapturedPacket packet;
  const bool tcp = tuple.protocol == kProtocolTcp;
  packet.tuple = tuple;
  packet.l4_offset = 20;
  packet.payload_offset = tcp ? 40 : 28;
  packet.payload_bytes = static_cast<std::uint16_t>(payload.size());
  packet.tcp_sequence = sequence;
  packet.tcp_flags = flags;
  packet.time = kSecond;
  const std::size_t total = packet.payload_offset + payload.size();
  test::Wire wire;
  wire.u8(0x45).u8(0).u16(total).u16(0).u16(0).u8(64).u8(tuple.protocol).u16(0);
  for (const IpAddress* address : {&tuple.initiator, &tuple.responder}) {
    for (std::size_t i = 12; i < 16; ++i) wire.u8(address->bytes()[i]);
  }
  wire.u16(tuple.initiator_port).u16(tuple.responder_port);
  if (tcp) {
    wire.u16(sequence >> 16U)
        .u16(sequence & 0xffffU)
        .u16(0)
        .u16(0)
        .u8(0x50)
        .u8(flags)
        .u16(8'192)
        .u16(0)
        .u16(0);
  } else {
    wire.u16(8 + payload.size()).u16(0);
  }
  wire.raw(payload);
  const Bytes bytes = as_bytes(wire.str());
  packet.from_l3.assign(bytes.begin(), bytes.end());
  return packet;
}

/// Request and reply of one flow: HTTP, TLS or DNS by its number.
struct Exchange {
  std::uint8_t protocol;
  std::uint16_t port;
  std::string request;
  std::string reply;
};

Exchange exchange_of(std::uint32_t flow) {
  const std::string host = "host" + std::to_string(flow) + ".example";
  if (flow % 3 == 0) {
    return {kProtocolTcp, 80,
            "GET /" + std::to_string(flow) + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: curl/8\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"};
  }
  if (flow % 3 == 1) {
    const std::string extensions = test::sni_extension(host) + test::alpn_extension({"h2", "http/1.1"});
    const std::string hello = test::Wire{}
                                  .u16(0x0303)
                                  .raw(std::string(32, 'r'))
                                  .u8(0)
                                  .u16(4)
                                  .u16(0x1301)
                                  .u16(0xc02f)
                                  .u8(1)
                                  .u8(0)
                                  .u16(extensions.size())
                                  .raw(extensions)
                                  .str();
    const std::string message = test::Wire{}.u8(1).u24(hello.size()).raw(hello).str();
    const std::string server_hello =
        test::Wire{}.u8(2).u24(38).u16(0x0303).raw(std::string(32, 's')).u8(0).u16(0xc02f).u8(0).str();
    return {kProtocolTcp, 443, test::Wire{}.u8(22).u16(0x0301).u16(message.size()).raw(message).str(),
            test::Wire{}.u8(22).u16(0x0303).u16(server_hello.size()).raw(server_hello).str()};
  }
  const std::string label = host.substr(0, host.find('.'));
  const std::string question =
      test::Wire{}.u8(label.size()).raw(label).u8(7).raw("example").u8(0).u16(1).u16(1).str();
  return {kProtocolUdp, 53,
          test::Wire{}.u16(flow & 0xffffU).u16(0x0100).u16(1).u16(0).u16(0).u16(0).raw(question).str(),
          test::Wire{}
              .u16(flow & 0xffffU)
              .u16(0x8180)
              .u16(1)
              .u16(1)
              .u16(0)
              .u16(0)
              .raw(question)
              .u16(0xc00c)
              .u16(1)
              .u16(1)
              .u16(0)
              .u16(60)
              .u16(4)
              .u16(0xc000)
              .u16(0x0205)
              .str()};
}

const PacketSet& generated() {
  static const PacketSet set = [] {
    PacketSet made;
    std::map<FiveTuple, std::uint32_t> index;
    for (std::uint32_t flow = 0; flow < kGeneratedFlows; ++flow) {
      const Exchange exchange = exchange_of(flow);
      const std::uint8_t client[] = {10, 20, static_cast<std::uint8_t>(flow >> 8U),
                                     static_cast<std::uint8_t>(flow)};
      const std::uint8_t server[] = {192, 0, 2, static_cast<std::uint8_t>(1 + flow % 200)};
      const FiveTuple out{IpAddress::v4(client), IpAddress::v4(server), 40'000, exchange.port,
                          exchange.protocol};
      const FiveTuple in{out.responder, out.initiator, out.responder_port, out.initiator_port, out.protocol};
      if (out.protocol == kProtocolTcp) {
        add(made, index, build(out, "", 999, 0x02));
        add(made, index, build(in, "", 1'999, 0x12));
        add(made, index, build(out, "", 1'000, 0x10));
      }
      add(made, index, build(out, exchange.request, 1'000, 0x18));
      add(made, index, build(in, exchange.reply, 2'000, 0x18));
    }
    return made;
  }();
  return set;
}

const PacketSet& corpus() {
  static const PacketSet set = [] {
    PacketSet made;
    const char* shared = std::getenv("WEIR_SHARED_DIR");
    const std::filesystem::path folder =
        std::filesystem::path{shared == nullptr ? "" : shared} / "corpus" / "ndpi";
    if (shared == nullptr || !std::filesystem::is_directory(folder)) return made;
    for (const auto& file : std::filesystem::directory_iterator{folder}) {
      std::map<FiveTuple, std::uint32_t> index;  // a flow never spans two captures
      for (auto& packet : test::read_capture(file.path())) add(made, index, std::move(packet));
    }
    return made;
  }();
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
    for (const Packet& packet : set.packets) {
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

class NoSink final : public EventSink {
 public:
  void accept(const event::FlowEvent& event) override { benchmark::DoNotOptimize(event.kind()); }
  void finish() override {}
  [[nodiscard]] EventCounts counts() const override { return {}; }
};

void send_packet(Classifier& classifier, const PacketSet& set, const Packet& packet,
                 std::vector<char>& opened) {
  channel::Request request;
  request.flow = {packet.flow, 1};
  request.time = packet.captured.time;
  if (opened[packet.flow] == 0) {
    opened[packet.flow] = 1;
    const FiveTuple& tuple = set.flows[packet.flow];
    request.type = channel::RequestType::kFlowOpened;
    request.opened.number = packet.flow;
    request.opened.initiator = tuple.initiator.bytes();
    request.opened.responder = tuple.responder.bytes();
    request.opened.initiator_port = tuple.initiator_port;
    request.opened.responder_port = tuple.responder_port;
    request.opened.protocol = tuple.protocol;
    request.opened.midstream =
        tuple.protocol == kProtocolTcp && (packet.captured.tcp_flags & 2U) == 0 ? 1 : 0;
    classifier.on_request(request);
  }
  request.type = channel::RequestType::kPacket;
  request.packet = packet.captured.from_l3;
  request.head.number = packet.number;
  request.head.tcp_sequence = packet.captured.tcp_sequence;
  request.head.packet_bytes = static_cast<std::uint16_t>(request.packet.size());
  request.head.l4_offset = packet.captured.l4_offset;
  request.head.payload_offset = packet.captured.payload_offset;
  request.head.payload_bytes = packet.captured.payload_bytes;
  request.head.tcp_flags = packet.captured.tcp_flags;
  request.head.direction = packet.direction;
  request.head.parked = packet.captured.payload_bytes > 0 ? 1 : 0;
  classifier.on_request(request);
}

void classifier_alone(benchmark::State& state, const PacketSet& set) {
  if (set.packets.empty()) return state.SkipWithError("WEIR_SHARED_DIR names no reference captures");
  const auto labeler = std::move(*NdpiLabeler::create({}));
  const auto geo = std::move(*GeoLookup::open("", ""));
  const SoftwareIdentifier software{{.products = {{"curl", "curl", {}, {"curl/{version}*"}, {}}}}};
  EventBuilder builder{{"bench", 1, 0}, {}};
  NoSink sink;
  const PolicyInForce policy{
      std::move(*policy::compile(kPolicy, {.file = "bench", .directory = ".", .revision = 1})), 1};
  IdentityTables identity;
  Classifier classifier{{}, {*labeler, geo, software, builder, sink, identity}, policy};
  for (auto _ : state) {
    classifier.attach(static_cast<std::uint32_t>(set.flows.size()));
    std::vector<char> opened(set.flows.size());
    std::vector<char> decided(set.flows.size());
    for (const Packet& packet : set.packets) {
      if (decided[packet.flow] == 0) send_packet(classifier, set, packet, opened);
      classifier.answers().flush([&decided](const channel::Answer& answer) {
        if (answer.type == channel::AnswerType::kFinal) decided[answer.flow.slot] = 1;
        return true;
      });
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(set.packets.size()));
  state.counters["flows"] = static_cast<double>(set.flows.size());
}

BENCHMARK_CAPTURE(ndpi_alone, generated, generated())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classifier_alone, generated, generated())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ndpi_alone, corpus, corpus())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classifier_alone, corpus, corpus())->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
