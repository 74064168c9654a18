// SPDX-License-Identifier: Apache-2.0
// What is behind FlowInspector: the state of one flow. Internal to classifier/inspect.
#pragma once

#include <array>
#include <optional>
#include <variant>
#include <vector>

#include "classifier/inspect/detect.h"
#include "classifier/inspect/dns_stream.h"
#include "classifier/inspect/flow_inspector.h"
#include "classifier/inspect/http1_session.h"
#include "classifier/inspect/mail_access.h"
#include "classifier/inspect/quic_initial.h"
#include "classifier/inspect/smtp_session.h"
#include "classifier/inspect/tls_client_hello.h"
#include "classifier/stream/tcp_stream.h"

namespace weir::classifier {

using channel::Direction;

inline constexpr std::uint16_t kDnsPort = 53;

/// What has been found to speak; monostate while nobody has claimed the flow.
using Session =
    std::variant<std::monostate, TlsClientHello, Http1Session, SmtpSession, MailAccessSession, DnsStream>;

[[nodiscard]] constexpr std::size_t index_of(Direction direction) {
  return static_cast<std::size_t>(direction);
}
[[nodiscard]] constexpr Direction opposite(Direction direction) {
  return direction == Direction::kFromInitiator ? Direction::kFromResponder : Direction::kFromInitiator;
}

struct Lane {
  explicit Lane(const StreamLimits& limits) : stream(limits) {}
  TcpStream stream;
  std::uint64_t unclaimed = 0;   // bytes consumed while no parser had claimed the flow
  std::size_t lines_passed = 0;  // of those bytes, complete lines
  bool excluded = false;         // its first bytes are none of the protocols
  bool mid_line = false;         // an excluded line has not ended yet
  bool ignored = false;          // no parser needs this direction any more
  bool again = false;            // the parser has more to say without further bytes
};

struct FlowInspector::Segment {
  Direction direction{};
  std::uint32_t sequence = 0;
  std::uint8_t flags = 0;
  Bytes payload;
};

struct FlowInspector::Impl {
  Impl(const FiveTuple& five_tuple, bool picked_up, const InspectLimits& inspect_limits);

  Inspected take(const Segment& segment, FlowFacts& facts);
  Inspected segment(Direction direction, std::uint32_t sequence, std::uint8_t flags, Bytes payload,
                    FlowFacts& facts);
  void run(Direction direction, FlowFacts& facts, Inspected& result);
  bool detect(Direction direction, FlowFacts& facts, Inspected& result);
  bool claim(Guess guess, Direction direction, FlowFacts& facts, Inspected& result);
  void open_session(Guess guess);
  void pass_over(Direction direction);
  bool detect_tls(Direction direction, FlowFacts& facts, Inspected& result);
  Inspected datagram(Direction direction, Bytes payload, FlowFacts& facts);
  void inspect_quic(Direction direction, Bytes payload, FlowFacts& facts, Inspected& result);
  bool feed(Direction direction, FlowFacts& facts, Inspected& result);
  void apply(const ParseStep& step, Direction direction, Inspected& result);
  void restart();
  void finish();

  [[nodiscard]] Lane& lane(Direction direction) { return lanes[index_of(direction)]; }
  [[nodiscard]] bool claimed() const { return !std::holds_alternative<std::monostate>(session); }
  [[nodiscard]] bool is_client(Direction direction) const { return !claimed() || direction == client; }
  [[nodiscard]] bool has_port(std::uint16_t port) const {
    return tuple.responder_port == port || tuple.initiator_port == port;
  }
  [[nodiscard]] bool unclaimable() const;
  [[nodiscard]] std::size_t bytes_held() const;

  FiveTuple tuple;
  bool midstream;
  InspectLimits limits;
  std::array<Lane, 2> lanes;
  Session session;
  std::optional<QuicInitial> quic;
  Direction client = Direction::kFromInitiator;  // of the session
  bool tls_expected = false;                     // STARTTLS was accepted
  bool dns_datagrams = false;                    // a UDP flow that has spoken DNS
  bool final = false;
  bool more = false;              // another name is in the bytes that were shown
  bool spoken = false;            // the client sent something
  bool answered = false;          // and the server something after that
  std::uint8_t second_tries = 0;  // copies that were looked at and refused
};

/// The flow as it is for a receiver that has the second copy of the bytes at one place.
struct FlowInspector::SecondCopy {
  Impl impl;
  FlowFacts facts;
  std::uint32_t from = 0;  // sequence number of the place
  std::vector<std::uint8_t> first_bytes;
  std::vector<std::uint8_t> second_bytes;  // as many
  bool due = false;                        // the facts changed, and nobody was told yet
};

}  // namespace weir::classifier
