// SPDX-License-Identifier: Apache-2.0
// Drives a Classifier with requests as the data plane would send them, and keeps its answers and events.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "classifier/engine/classifier.h"
#include "policy/lang/compile.h"

namespace weir::classifier::test {

using channel::Answer;
using channel::AnswerType;
using channel::Direction;
using channel::VerdictAction;

inline constexpr Direction kClient = Direction::kFromInitiator;
inline constexpr Direction kServer = Direction::kFromResponder;
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kAck = 0x10;

class KeepingSink final : public EventSink {
 public:
  void accept(const event::FlowEvent& event) override { events.push_back(event); }
  void finish() override {}
  [[nodiscard]] EventCounts counts() const override { return {}; }
  std::vector<event::FlowEvent> events;
};

inline PolicyInForce policy_of(const std::string& text, std::uint32_t revision) {
  auto compiled =
      policy::compile("weir-policy: 1\n" + text, {.file = "test", .directory = ".", .revision = revision});
  if (!compiled) ADD_FAILURE() << to_text(compiled.error().front());
  return {compiled ? *compiled : nullptr, revision};
}

class Bench {
 public:
  explicit Bench(const std::string& policy, ClassifierOptions options = {},
                 const SignatureMatcher* signatures = nullptr,
                 const policy::SafeSearchTable* safe_search = nullptr)
      : classifier_(std::move(options),
                    {*labeler_, *geo_, software_, builder_, sink, identity_, signatures, safe_search},
                    policy_of(policy, 1)) {
    classifier_.attach(64);
    answers();
  }

  /// Everything answered since the last call; the payload of the last one is in `told`.
  std::vector<Answer> answers() {
    std::vector<Answer> out;
    classifier_.answers().flush([&](const Answer& answer, const std::string& with) {
      out.push_back(answer);
      told = with;
      return true;
    });
    return out;
  }

  void open(std::uint8_t protocol, std::uint16_t port, std::uint32_t slot = 1, std::uint32_t generation = 1) {
    flow_ = {slot, generation};
    protocol_ = protocol;
    numbers_ = {};
    channel::Request request = base(channel::RequestType::kFlowOpened);
    auto& opened = request.opened;
    opened.number = slot * 100 + generation;
    opened.initiator = IpAddress::parse("10.20.0.7")->bytes();
    opened.responder = IpAddress::parse(responder)->bytes();
    opened.initiator_port = 40'000;
    opened.responder_port = port;
    opened.protocol = protocol;
    opened.level = level;
    opened.midstream = midstream ? 1 : 0;
    opened.client_mac = mac.bytes;
    opened_ = opened;
    classifier_.on_request(request);
  }

  /// A packet of the open flow; `sequence` is where its payload begins.
  void packet(Direction direction, const std::string& payload, std::uint32_t sequence = 0,
              std::uint8_t flags = kAck) {
    std::vector<std::uint8_t> bytes(protocol_ == kProtocolTcp ? 40 : 28, 0);
    fill_headers(bytes, direction, payload.size(), flags);
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    channel::Request request = base(channel::RequestType::kPacket);
    request.packet = bytes;
    request.head.number = ++numbers_[static_cast<std::size_t>(direction)];
    request.head.tcp_sequence = sequence;
    const auto from = static_cast<std::size_t>(direction);
    request.head.tcp_acknowledgement = acknowledges ? sent_[1 - from] : 0;
    sent_[from] = sequence + static_cast<std::uint32_t>(payload.size()) + ((flags & kSyn) != 0 ? 1 : 0);
    request.head.packet_bytes = static_cast<std::uint16_t>(bytes.size());
    request.head.l4_offset = fragment ? 0 : 20;
    request.head.payload_offset = static_cast<std::uint16_t>(bytes.size() - payload.size());
    request.head.payload_bytes = static_cast<std::uint16_t>(payload.size());
    request.head.tcp_flags = flags;
    request.head.direction = direction;
    request.head.parked = parked ? 1 : 0;
    request.head.redecide = redecide ? 1 : 0;
    request.head.flow_bytes = flow_bytes;
    classifier_.on_request(request);
  }

  void handshake(std::uint16_t port) {
    open(kProtocolTcp, port);
    packet(kClient, "", 999, kSyn);
    packet(kServer, "", 1'999, kSyn | kAck);
    packet(kClient, "", 1'000, kAck);
    answers();
  }

  void close(channel::EndReason reason = channel::EndReason::kFin) {
    channel::Request request = base(channel::RequestType::kFlowClosed);
    request.closed.flow = opened_;
    request.closed.packets = {numbers_[0], numbers_[1]};
    request.closed.bytes = flow_bytes;
    request.closed.last_seen_ns = now;
    request.closed.reason = reason;
    classifier_.on_request(request);
  }

  /// Packets and the end are an earlier flow's again; its ends are those of the one opened last.
  void resume(const channel::FlowRef& flow, std::uint8_t protocol) {
    flow_ = flow;
    protocol_ = protocol;
  }

  channel::Request base(channel::RequestType type) const {
    channel::Request request;
    request.type = type;
    request.flow = flow_;
    request.time = now;
    return request;
  }

  Classifier& classifier() { return classifier_; }
  /// Of the client's packet sent last.
  std::uint32_t last_number() const { return numbers_[0]; }
  const channel::FlowRef& flow() const { return flow_; }

  KeepingSink sink;
  std::string told;  // the payload of the last answer
  TimeNs now = 1'700'000'000 * kSecond;
  const char* responder = "192.0.2.1";
  bool parked = true;
  bool redecide = false;
  std::array<std::uint64_t, 2> flow_bytes{};  // of the flow so far, as the data plane counts
  bool fragment = false;
  MacAddress mac{{2, 0, 0, 0, 0, 7}};  // of the client
  channel::InspectedLevel level{};     // of the flows opened from now on
  bool midstream = false;
  bool acknowledges = true;  // every packet what the other end sent before it

 private:
  void fill_headers(std::vector<std::uint8_t>& b, Direction direction, std::size_t payload,
                    std::uint8_t flags) const {
    const std::size_t total = b.size() + payload;
    b[0] = 0x45;
    b[2] = static_cast<std::uint8_t>(total >> 8U);
    b[3] = static_cast<std::uint8_t>(total & 0xffU);
    b[8] = 64;
    b[9] = protocol_;
    const bool back = direction == kServer;
    std::copy_n((back ? opened_.responder : opened_.initiator).begin() + 12, 4, b.begin() + 12);
    std::copy_n((back ? opened_.initiator : opened_.responder).begin() + 12, 4, b.begin() + 16);
    const std::uint16_t from = back ? opened_.responder_port : opened_.initiator_port;
    const std::uint16_t to = back ? opened_.initiator_port : opened_.responder_port;
    b[20] = static_cast<std::uint8_t>(from >> 8U);
    b[21] = static_cast<std::uint8_t>(from & 0xffU);
    b[22] = static_cast<std::uint8_t>(to >> 8U);
    b[23] = static_cast<std::uint8_t>(to & 0xffU);
    if (protocol_ == kProtocolTcp) {
      b[32] = 0x50;
      b[33] = flags;
    } else {
      b[24] = static_cast<std::uint8_t>((payload + 8) >> 8U);
      b[25] = static_cast<std::uint8_t>((payload + 8) & 0xffU);
    }
  }

  std::unique_ptr<NdpiLabeler> labeler_ = std::move(*NdpiLabeler::create({}));
  std::unique_ptr<GeoLookup> geo_ = std::make_unique<GeoLookup>(std::move(*GeoLookup::open("", "")));
  SoftwareIdentifier software_{{.products = {{"curl", "curl", {}, {"curl/{version}*"}, {}}}}};
  EventBuilder builder_{{"test", 1, 0}, {"lan-wan"}};
  IdentityTables identity_;
  Classifier classifier_;
  channel::FlowRef flow_;
  channel::FlowOpened opened_;
  std::uint8_t protocol_ = 0;
  std::array<std::uint32_t, 2> numbers_{};
  std::array<std::uint32_t, 2> sent_{};
};

inline std::string http_get(const std::string& host) {
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: curl/7.88.1\r\n\r\n";
}

/// Sends until the open flow has its final answer, which is returned.
inline Answer final_of(Bench& bench) {
  for (int i = 0; i < 40; ++i) {
    bench.packet(kClient, "\x01unknown");
    for (const Answer& answer : bench.answers())
      if (answer.type == AnswerType::kFinal) return answer;
  }
  ADD_FAILURE() << "no final answer";
  return {};
}

}  // namespace weir::classifier::test
