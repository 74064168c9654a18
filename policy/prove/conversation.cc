// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/conversation.h"

#include <algorithm>
#include <utility>

#include "policy/prove/frame.h"

namespace weir::prove {
namespace {

constexpr TimeNs kBetweenFrames = 100 * kMicrosecond;
constexpr MacAddress kPeerCard{{0x02, 0x57, 0x45, 0x49, 0x52, 0x02}};
constexpr std::uint32_t kClientBegins = 1'000;  // initial sequence numbers
constexpr std::uint32_t kServerBegins = 5'000;
constexpr std::size_t kSegmentsUnacknowledged = 16;

/// Both ends of one flow.
class Ends {
 public:
  Ends(const Played& played, TimeNs& clock, PortFrames& out)
      : facts_(played.canary.refused().facts), port_(played.client_port), clock_(clock), out_(out) {}

  void say(const Step& step) {
    if (facts_.tuple.protocol != kProtocolTcp) return send(step.from_client, 0, step.payload);
    if (step.payload.empty()) return open(step.from_client);
    if (!established_) {
      established_ = true;
      send(true, kTcpAcknowledges, {});
    }
    std::size_t sent = 0;
    for (std::string_view left = step.payload; !left.empty(); ++sent) {
      if (sent > 0 && sent % kSegmentsUnacknowledged == 0) send(!step.from_client, kTcpAcknowledges, {});
      const std::string_view part = left.substr(0, kPayloadBytesMax);
      left.remove_prefix(part.size());
      const std::uint8_t push = left.empty() ? kTcpPush : 0;
      send(step.from_client, static_cast<std::uint8_t>(kTcpAcknowledges | push), part);
    }
  }

 private:
  void open(bool from_client) {
    send(from_client, from_client ? kTcpSyn : kTcpSyn | kTcpAcknowledges, {});
    ++next_[from_client ? 0 : 1];
  }
  void send(bool from_client, std::uint8_t flags, std::string_view payload) {
    const std::size_t self = from_client ? 0 : 1;
    Frame frame;
    frame.from_mac = facts_.client_mac;
    frame.to_mac = kPeerCard;
    frame.vlan = facts_.vlan;
    frame.ends = facts_.tuple;
    frame.ends.initiator_port = port_;
    if (!from_client) {
      std::swap(frame.from_mac, frame.to_mac);
      std::swap(frame.ends.initiator, frame.ends.responder);
      std::swap(frame.ends.initiator_port, frame.ends.responder_port);
    }
    frame.tcp_flags = flags;
    frame.sequence = next_[self];
    frame.acknowledgement = (flags & kTcpAcknowledges) != 0 ? next_[1 - self] : 0;
    frame.payload = payload;
    next_[self] += static_cast<std::uint32_t>(payload.size());
    (from_client ? out_.inside : out_.outside).push_back({clock_, frame_bytes(frame)});
    clock_ += kBetweenFrames;
  }

  const FlowFacts& facts_;
  std::uint16_t port_;
  TimeNs& clock_;
  PortFrames& out_;
  bool established_ = false;
  std::uint32_t next_[2] = {kClientBegins, kServerBegins};
};

}  // namespace

std::vector<Played> play(std::vector<Canary> canaries, PortFrames& frames) {
  std::ranges::stable_sort(canaries, {}, &Canary::at);
  if (canaries.size() > kCanariesMax) canaries.resize(kCanariesMax);
  std::vector<Played> out;
  TimeNs clock = 0;
  for (Canary& canary : canaries) {
    clock = std::max(clock, canary.at);
    const auto port = static_cast<std::uint16_t>(kFirstClientPort + out.size());
    const Played& played = out.emplace_back(Played{std::move(canary), port, clock});
    Ends ends{played, clock, frames};
    for (const Step& step : played.canary.steps) ends.say(step);
  }
  return out;
}

}  // namespace weir::prove
