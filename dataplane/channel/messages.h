// SPDX-License-Identifier: Apache-2.0
// What crosses the inspection channel. Plain bytes: no pointers, no DPDK, no padding that could leak.
// Requests go from the data plane to the classifier, answers come back. A flow is named by its slot (the
// index of its entry in the worker's flow table) and the generation of that slot; a message about an older
// generation is stale and is ignored by whoever reads it.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "policy/model/icmp_error.h"

namespace weir::channel {

inline constexpr std::uint32_t kMagic = 0x57454952;  // "WEIR"
inline constexpr std::uint32_t kVersion = 8;
inline constexpr std::size_t kRequestRecordBytes = 2'048;
inline constexpr std::size_t kAnswerRecordBytes = 64;
inline constexpr std::size_t kPacketBytesMax = 9'216;  // of one packet from its L3 header; more is cut

struct FlowRef {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool operator==(const FlowRef&) const = default;
};

/// Direction of a packet within its flow.
enum class Direction : std::uint8_t { kFromInitiator = 0, kFromResponder = 1 };

enum class RequestType : std::uint8_t { kFlowOpened = 1, kPacket = 2, kPacketMore = 3, kFlowClosed = 4 };

/// First bytes of every request record; the body follows.
struct RequestHeader {
  RequestType type{};
  std::uint8_t zero = 0;
  std::uint16_t body_bytes = 0;  // used bytes after this header, at most kRequestBodyBytes
  FlowRef flow;
  std::uint32_t zero2 = 0;
  std::int64_t time_ns = 0;
};
static_assert(sizeof(RequestHeader) == 24);
inline constexpr std::size_t kRequestBodyBytes = kRequestRecordBytes - sizeof(RequestHeader);

/// How deeply a flow is looked at; an overloaded worker steps down (docs/operations.md).
enum class InspectedLevel : std::uint8_t {
  kFull = 0,       // names and application
  kNamesOnly = 1,  // Weir's own parsers, no application label
  kL4 = 2,         // addresses, ports and protocol alone
  kBypass = 3,     // not looked at
};

/// What carried the packets of a flow that was found inside other packets.
enum class TunnelType : std::uint8_t {
  kNone = 0,
  kGre = 1,     // RFC 2784, RFC 2890
  kIpip = 2,    // IP in IP of either version: RFC 2003, RFC 4213 (6in4), RFC 2473
  kVxlan = 3,   // RFC 7348
  kGeneve = 4,  // RFC 8926
  kGtpU = 5,    // 3GPP TS 29.281
  kTeredo = 6,  // RFC 4380
};

/// The ends of a tunnel, the lower address first; the flow itself is what the inner packets say.
struct Tunnel {
  std::array<std::uint8_t, 16> low_address{};  // IPv4 as ::ffff:a.b.c.d
  std::array<std::uint8_t, 16> high_address{};
  std::uint32_t id = 0;  // VXLAN and GENEVE: VNI; GRE: key; else 0
  TunnelType type{};
  std::array<std::uint8_t, 3> zero{};
  bool operator==(const Tunnel&) const = default;
};
static_assert(sizeof(Tunnel) == 40);

struct FlowOpened {
  std::uint64_t number = 0;  // of this flow at this worker since the data plane started; names it in events
  std::array<std::uint8_t, 16> initiator{};  // IPv4 as ::ffff:a.b.c.d
  std::array<std::uint8_t, 16> responder{};
  std::uint16_t initiator_port = 0;  // host order
  std::uint16_t responder_port = 0;
  std::uint16_t vlan = 0;
  std::uint16_t pair = 0;  // index of the port pair; in a replay of the capture
  std::array<std::uint8_t, 6> client_mac{};
  std::uint8_t protocol = 0;
  std::uint8_t initiator_inside = 1;
  std::uint8_t midstream = 0;  // TCP picked up without its SYN, or announced again to a new classifier
  InspectedLevel level{};      // at its announcement
  std::array<std::uint16_t, 2> inner_vlans{};  // ids of the second and third tag
  std::array<std::uint8_t, 2> zero{};
  Tunnel tunnel;
};
static_assert(sizeof(FlowOpened) == 104);

/// A copy of one packet from its L3 header on. Packets longer than one record continue in kPacketMore records
/// that follow at once; `packet_bytes` is the sum.
struct PacketHead {
  std::uint32_t number = 0;  // names the packet in answers; rises (modulo 2^32) with each that a worker shows
  std::uint32_t tcp_sequence = 0;
  std::uint32_t tcp_acknowledgement = 0;
  std::uint16_t packet_bytes = 0;    // bytes that follow in this and the kPacketMore records
  std::uint16_t l4_offset = 0;       // from the L3 header; 0: none (a later fragment)
  std::uint16_t payload_offset = 0;  // from the L3 header
  std::uint16_t payload_bytes = 0;   // by the IP length, without Ethernet padding
  std::uint8_t tcp_flags = 0;
  Direction direction{};
  std::uint8_t parked = 0;    // 1: the packet waits for an answer
  std::uint8_t redecide = 0;  // 1: of a decided flow whose verdict is void: another policy, its time or its
                              // connection is over; the first one asks, parked or not
  std::array<std::uint64_t, 2> flow_bytes{};  // of frames of the flow so far, by Direction
};
static_assert(sizeof(PacketHead) == 40);
inline constexpr std::size_t kPacketBytesPerRecord = kRequestBodyBytes - sizeof(PacketHead);

enum class EndReason : std::uint8_t { kFin, kReset, kIdle, kEvicted, kBlocked, kShutdown };
enum class TcpState : std::uint8_t {
  kNone,
  kSynSent,
  kSynReceived,
  kEstablished,
  kFinWait,
  kClosing,
  kClosed,
  kMidstream
};

/// What a flow, mostly one over TCP, tells of its network without being asked; two counts by the Direction of
/// the packets that showed it. Zero where nothing was seen.
struct NetworkPerformance {
  std::array<std::uint32_t, 2> handshake_us{};   // round trip from Weir to the initiator, to the responder
  std::array<std::uint32_t, 2> retransmitted{};  // segments whose bytes had all been sent before
  std::array<std::uint32_t, 2> out_of_order{};   // segments that left a hole before them
  std::array<std::uint32_t, 2> zero_windows{};   // segments that said "send nothing"
  std::uint32_t icmp_errors = 0;                 // about packets of this flow; of every protocol
  IcmpError icmp_error{};                        // the last one
  Direction icmp_error_direction{};              // as a packet of this flow that goes where it went
  std::array<std::uint8_t, 2> zero{};
  std::array<std::uint8_t, 16> icmp_error_from{};  // who sent it: an end, or a router between them
};

struct FlowClosed {
  FlowOpened flow;  // again, so that a classifier that was not there at the start can still publish the end
  std::int64_t started_ns = 0;
  std::int64_t last_seen_ns = 0;
  std::array<std::uint64_t, 2> packets{};  // by Direction
  std::array<std::uint64_t, 2> bytes{};    // of frames
  std::uint32_t exceptions = 0;            // bit n: ExceptionCause n was applied to this flow
  std::uint32_t policy_revision = 0;
  NetworkPerformance network;
  EndReason reason{};
  TcpState tcp_state{};
  std::array<std::uint8_t, 6> zero{};
};

/// What the data plane does with a flow.
enum class VerdictAction : std::uint8_t { kForward = 0, kDrop = 1, kReset = 2 };

enum class AnswerType : std::uint8_t {
  kRelease = 1,  // forward the parked packets of `direction` up to number `through`, keep inspecting
  kFinal = 2,    // `action` for everything parked and everything to come, both directions
  kSkip = 3,     // as kRelease; further, forward the next `skip_bytes` stream bytes of `direction` that
                 // follow packet `through` (TCP: by sequence number; other: count payload bytes) unseen
  kPolicyRevision = 4,  // no flow: from now on flows decided under another revision ask again
  kDropPacket =
      5,  // drop the parked packet `through` of `direction`, or with `swallow` all up to it; keep inspecting
  kReleasePacket = 6,  // forward the one parked packet of `direction` whose number is `through`; those before
                       // it still wait for a missing segment
  kCut = 7,     // TCP: of the parked packets of `direction` up to number `through` forward the bytes before
                // `skip_from_sequence`; the rest is as if it had not come, its sender repeats it
  kInject = 8,  // answer the parked packet `through` of `direction`: send `payload_bytes` of L4 payload
                // to its sender as if the other end had; they follow in kInjectMore records at once
  kInjectMore = 9,  // InjectMore; never alone
};

/// Whose packets share one rate.
enum class LimitScope : std::uint8_t { kFlow = 0, kClient = 1 };
/// After an injected payload.
enum class InjectEnd : std::uint8_t {
  kContinue = 0,  // the stream goes on; what the other end sends from now on is renumbered
  kClose = 1,     // FIN to the end that got it, RST to the other; the flow is decided: drop
};
inline constexpr std::size_t kInjectBytesMax = 4'096;  // L4 payload of one answer
inline constexpr std::uint8_t kMarkMax = 64;           // 1 + the highest DSCP

struct Answer {
  AnswerType type{};
  VerdictAction action{};
  Direction direction{};
  std::uint8_t exception = 0;  // 1 + ExceptionCause when the exception table decided, else 0
  FlowRef flow;
  std::uint32_t through = 0;
  std::uint32_t policy_revision = 0;
  std::uint32_t skip_bytes = 0;
  std::uint32_t skip_from_sequence = 0;  // TCP: sequence number at which the skipped (or cut) bytes begin
  std::uint32_t expires_s = 0;           // kFinal: asked again after this time; 0: never
  std::uint32_t limit_bytes_s = 0;       // forward, kFinal, kRelease, kSkip: at most this rate of frame bytes
                                         // from now on; 0: no limit
  std::uint16_t payload_bytes = 0;       // kInject: 1 to kInjectBytesMax
  LimitScope limit_scope{};
  InjectEnd inject_end{};
  std::uint8_t mark = 0;     // kFinal, forward: 0 leaves DSCP as it is, else 1 + the DSCP to set (RFC 2474)
  std::uint8_t swallow = 0;  // kInject, kContinue, TCP: 1: what is parked of `direction` up to `through`
                             // never leaves, and its sender takes it for delivered; with `skip_bytes` only
                             // so many from `skip_from_sequence` on, and repeats what follows them
  std::uint8_t ahead = 0;    // kDropPacket: 1: it came further ahead than can be kept; 0: it contradicts
  std::uint8_t keep = 0;     // 1: a rule hit the flow whose packets are worth a file (evidence.severity)
  std::array<std::uint8_t, 20> zero{};
};
static_assert(sizeof(Answer) == kAnswerRecordBytes);

/// A record of payload that belongs to the kInject before it; each but the last is full.
struct InjectMore {
  AnswerType type = AnswerType::kInjectMore;
  std::uint8_t bytes = 0;
  std::array<std::uint8_t, kAnswerRecordBytes - 2> payload{};
};
static_assert(sizeof(InjectMore) == kAnswerRecordBytes);
/// Records of one kInject with its payload.
[[nodiscard]] constexpr std::uint32_t inject_records(std::size_t payload_bytes) noexcept {
  constexpr std::size_t kEach = sizeof(InjectMore::payload);
  return static_cast<std::uint32_t>(1 + (payload_bytes + kEach - 1) / kEach);
}

static_assert(std::is_trivially_copyable_v<RequestHeader> && std::is_trivially_copyable_v<FlowOpened> &&
              std::is_trivially_copyable_v<PacketHead> && std::is_trivially_copyable_v<FlowClosed> &&
              std::is_trivially_copyable_v<Answer>);

}  // namespace weir::channel
