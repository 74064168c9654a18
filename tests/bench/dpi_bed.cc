// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/dpi_bed.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "policy/lang/compile.h"
#include "tests/support/quic_packets.h"
#include "tests/support/tls_hello.h"

namespace weir::bench {
namespace {

using namespace classifier;

constexpr std::uint32_t kClients = 250;  // inside hosts, to which the generated flows belong in turn
constexpr const char* kPolicy =
    "weir-policy: 1\nlists: {bad: {domains: [bad.example, \"*.worse.example\"]}}\n"
    "network: [{rule: no-bittorrent, match: {app: BitTorrent}, then: block}]\n"
    "web: [{rule: no-bad, match: {domain: bad}, then: block}]\n";

void add(PacketSet& set, std::map<FiveTuple, std::uint32_t>& index, test::CapturedPacket captured) {
  const FiveTuple& t = captured.tuple;
  const FiveTuple reverse{t.responder, t.initiator, t.responder_port, t.initiator_port, t.protocol};
  const bool back = index.contains(reverse);
  const auto [at, fresh] =
      index.try_emplace(back ? reverse : t, static_cast<std::uint32_t>(set.flows.size()));
  if (fresh) set.flows.push_back(t);
  FlowPacket packet;
  packet.flow = at->second;
  packet.direction = back ? channel::Direction::kFromResponder : channel::Direction::kFromInitiator;
  packet.number = static_cast<std::uint32_t>(set.packets.size() + 1);
  packet.captured = std::move(captured);
  set.packets.push_back(std::move(packet));
}

test::CapturedPacket build(const FiveTuple& tuple, const std::string& payload, std::uint32_t sequence,
                           std::uint32_t acknowledgement, std::uint8_t flags) {
  test::CapturedPacket packet;
  const bool tcp = tuple.protocol == kProtocolTcp;
  packet.tuple = tuple;
  packet.l4_offset = 20;
  packet.payload_offset = tcp ? 40 : 28;
  packet.payload_bytes = static_cast<std::uint16_t>(payload.size());
  packet.tcp_sequence = sequence;
  packet.tcp_acknowledgement = acknowledgement;
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
        .u16(acknowledgement >> 16U)
        .u16(acknowledgement & 0xffffU)
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

/// Request and reply of one flow.
struct Exchange {
  std::uint8_t protocol;
  std::uint16_t port;
  std::string request;
  std::string reply;  // empty: none
};

Exchange http(std::uint32_t flow, const std::string& host) {
  return {kProtocolTcp, 80,
          "GET /" + std::to_string(flow) + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: curl/8\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"};
}

/// TLS 1.3: the server's hello is the last that is said in clear text.
Exchange tls(const std::string& host) {
  const std::string message =
      test::client_hello_message(test::sni_extension(host) + test::alpn_extension({"h2", "http/1.1"}) +
                                 test::versions_extension({0x0304}));
  const std::string version = test::tls_extension(43, test::Wire{}.u16(0x0304).str());
  const std::string body = test::Wire{}
                               .u16(0x0303)
                               .raw(std::string(32, 's'))
                               .u8(0)
                               .u16(0x1301)
                               .u8(0)
                               .u16(version.size())
                               .raw(version)
                               .str();
  const std::string server_hello = test::Wire{}.u8(2).u24(body.size()).raw(body).str();
  return {kProtocolTcp, 443, test::Wire{}.u8(22).u16(0x0301).u16(message.size()).raw(message).str(),
          test::Wire{}.u8(22).u16(0x0303).u16(server_hello.size()).raw(server_hello).str()};
}

Exchange dns(std::uint32_t flow, const std::string& host) {
  const std::string label = host.substr(0, host.find('.'));
  const std::string question =
      test::Wire{}.u8(label.size()).raw(label).u8(7).raw("example").u8(0).u16(1).u16(1).str();
  const auto header = [flow](std::size_t flags, std::size_t answers) {
    return test::Wire{}.u16(flow & 0xffffU).u16(flags).u16(1).u16(answers).u16(0).u16(0).str();
  };
  const std::string address =
      test::Wire{}.u16(0xc00c).u16(1).u16(1).u16(0).u16(60).u16(4).u16(0xc000).u16(0x0205).str();
  return {kProtocolUdp, 53, header(0x0100, 0) + question, header(0x8180, 1) + question + address};
}

/// Every client has a connection id of its own, so that keys are derived for each.
Exchange quic(std::uint32_t flow, const std::string& host) {
  const std::string id = test::Wire{}.u16(0x8394).u16(0xc8f0).u16(flow >> 16U).u16(flow & 0xffffU).str();
  const std::string hello = test::crypto_frame(0, test::quic_hello_of(host));
  return {kProtocolUdp, 443, test::sealed(test::with_id("c000000001", id), 0, hello, 1'162, id),
          test::kServerHandshake};
}

Exchange exchange_of(FlowKind kind, std::uint32_t flow) {
  const std::string host = "host" + std::to_string(flow) + ".example";
  switch (kind) {
    case FlowKind::kHttp:
      return http(flow, host);
    case FlowKind::kTls:
      return tls(host);
    case FlowKind::kDns:
      return dns(flow, host);
    case FlowKind::kQuic:
      return quic(flow, host);
    case FlowKind::kUnknownUdp:
      break;
  }
  std::string noise(100, '\0');
  std::uint32_t state = flow;
  for (char& byte : noise) byte = static_cast<char>((state = state * 1'664'525U + 1'013'904'223U) >> 24U);
  return {kProtocolUdp, 40'004, noise, {}};
}

}  // namespace

std::string_view to_string(FlowKind kind) {
  static constexpr std::string_view kNames[] = {"http", "tls", "dns", "quic", "unknown-udp"};
  return kNames[static_cast<std::size_t>(kind)];
}

PacketSet generated_flows(const std::vector<FlowKind>& kinds, std::uint32_t count) {
  PacketSet made;
  std::map<FiveTuple, std::uint32_t> index;
  for (std::uint32_t flow = 0; flow < count; ++flow) {
    const Exchange exchange = exchange_of(kinds[flow % kinds.size()], flow);
    const std::uint8_t client[] = {10, 20, 0, static_cast<std::uint8_t>(1 + flow % kClients)};
    const std::uint8_t server[] = {192, 0, 2, static_cast<std::uint8_t>(1 + flow % 200)};
    const auto port = static_cast<std::uint16_t>(20'000 + flow / kClients % 40'000);
    const FiveTuple out{IpAddress::v4(client), IpAddress::v4(server), port, exchange.port, exchange.protocol};
    const FiveTuple in{out.responder, out.initiator, out.responder_port, out.initiator_port, out.protocol};
    const bool tcp = out.protocol == kProtocolTcp;
    if (tcp) {
      add(made, index, build(out, "", 999, 0, 0x02));
      add(made, index, build(in, "", 1'999, 1'000, 0x12));
      add(made, index, build(out, "", 1'000, 2'000, 0x10));
    }
    const auto asked = static_cast<std::uint32_t>(1'000 + exchange.request.size());
    const auto replied = static_cast<std::uint32_t>(2'000 + exchange.reply.size());
    add(made, index, build(out, exchange.request, 1'000, 2'000, 0x18));
    if (!exchange.reply.empty()) add(made, index, build(in, exchange.reply, 2'000, asked, 0x18));
    if (tcp) add(made, index, build(out, "", asked, replied, 0x10));
  }
  return made;
}

PacketSet captured_flows() {
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
}

void NoSink::accept(const event::FlowEvent& event) { benchmark::DoNotOptimize(event.kind()); }

ClassifierBed::ClassifierBed()
    : labeler_(std::move(*NdpiLabeler::create({}))),
      geo_(std::move(*GeoLookup::open("", ""))),
      software_({.products = {{"curl", "curl", {}, {"curl/{version}*"}, {}}}}),
      builder_({"bench", 1, 0}, {}),
      classifier_(
          {}, {*labeler_, geo_, software_, builder_, sink_, identity_},
          {std::move(*policy::compile(kPolicy, {.file = "bench", .directory = ".", .revision = 1})), 1}) {}

void ClassifierBed::show(const PacketSet& set, const FlowPacket& packet, bool first, std::uint32_t slot,
                         std::uint32_t generation) {
  channel::Request request;
  request.flow = {slot, generation};
  request.time = packet.captured.time;
  if (first) {
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
    classifier_.on_request(request);
  }
  request.type = channel::RequestType::kPacket;
  request.packet = packet.captured.from_l3;
  request.head.number = packet.number;
  request.head.tcp_sequence = packet.captured.tcp_sequence;
  request.head.tcp_acknowledgement = packet.captured.tcp_acknowledgement;
  request.head.packet_bytes = static_cast<std::uint16_t>(request.packet.size());
  request.head.l4_offset = packet.captured.l4_offset;
  request.head.payload_offset = packet.captured.payload_offset;
  request.head.payload_bytes = packet.captured.payload_bytes;
  request.head.tcp_flags = packet.captured.tcp_flags;
  request.head.direction = packet.direction;
  request.head.parked = packet.captured.payload_bytes > 0 ? 1 : 0;
  classifier_.on_request(request);
}

void ClassifierBed::close(const PacketSet& set, std::uint32_t flow, std::uint32_t slot,
                          std::uint32_t generation, TimeNs now) {
  channel::Request request;
  request.flow = {slot, generation};
  request.time = now;
  request.type = channel::RequestType::kFlowClosed;
  request.closed.flow.number = flow;
  request.closed.flow.protocol = set.flows[flow].protocol;
  request.closed.packets = {3, 2};
  request.closed.bytes = {400, 300};
  request.closed.reason = channel::EndReason::kFin;
  classifier_.on_request(request);
}

}  // namespace weir::bench
