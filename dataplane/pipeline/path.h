// SPDX-License-Identifier: Apache-2.0
// What the stages of one worker share: its flows, its parked packets, its end of the channel, its counters.
// One thread owns all of it. Sized once; nothing here allocates after construction.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/channel/channel.h"
#include "dataplane/flow/expiry_wheel.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/flow/unanswered.h"
#include "dataplane/pipeline/capture.h"
#include "dataplane/pipeline/close_list.h"
#include "dataplane/pipeline/counters.h"
#include "dataplane/pipeline/icmp_senders.h"
#include "dataplane/pipeline/injections.h"
#include "dataplane/pipeline/limits.h"
#include "dataplane/pipeline/meters.h"
#include "dataplane/pipeline/overload.h"
#include "dataplane/pipeline/parking.h"
#include "dataplane/pipeline/quarantine.h"
#include "dataplane/pipeline/transmitter.h"
#include "dataplane/pipeline/tunnels.h"
#include "policy/model/settings.h"
#include "policy/model/simulation.h"

struct rte_mempool;

namespace weir::dataplane {

struct EthertypeRule {
  std::uint16_t type = 0;
  bool drop = false;
};
struct PairOptions {
  UrgentAction urgent = UrgentAction::kClear;
  BlockAction block = BlockAction::kAnswer;
  std::array<ExceptionAction, kExceptionCauses> exceptions{};
  std::array<EthertypeRule, kEthertypeRowsMax> ethertypes{};
  std::uint8_t ethertype_count = 0;
  bool drop_other_ethertypes = false;
};

struct PipelineOptions {
  std::vector<PairOptions> pairs;  // at most kPairsMax
  std::uint32_t flows = 65'536;
  std::uint32_t parked = 4'096;
  std::uint32_t parked_per_flow = 64;
  std::uint32_t fragments = 1'024;  // datagrams of which fragments may be held
  std::uint32_t fragment_timeout_s = 30;
  std::uint16_t tunnels = kTunnelsMax;
  std::uint32_t meters = kMetersMax;
  std::uint32_t limited_flows = kLimitedFlowsMax;
  std::uint32_t injections = kInjectionsMax;
  std::uint32_t closes = kClosesWaitingMax;
  std::uint32_t inspection_deadline_ms = 500;
  IdleTimeouts timeouts;
  OverloadSettings overload;
  CaptureOptions capture{};
  bool verify_checksums = true;  // off for captures: a sender's own card had not filled them in yet
  bool normalise = true;         // off for captures: they lack what was not caught
  std::uint32_t hash_seed = 0;
  rte_mempool* packets = nullptr;  // for packets that Weir builds
  rte_mempool* datagrams =
      nullptr;  // for whole datagrams that `packets` is too small for; none: they are too long
  std::span<std::uint8_t> flow_memory{};  // where the flow table lies (flow_file.h); empty: in its own memory
  TimeNs now = 0;
  Simulation simulation{};  // faults that a test forces
};

/// The options that the settings ask for; `packets`, `datagrams`, `hash_seed` and `now` are left to the
/// caller.
[[nodiscard]] PipelineOptions pipeline_options(const Settings& settings);

struct Path {
  Path(const PipelineOptions& options, TransmitSink& sink);

  std::vector<PairOptions> pairs;
  std::array<std::uint16_t, kPairsMax> announced_pair{};  // FlowOpened::pair of each pair; a replay's capture
  std::uint32_t hash_seed;
  bool verify_checksums;
  bool normalise;
  TimeNs deadline_ns;
  IdleTimeouts timeouts;
  rte_mempool* packets;

  PipelineCounters counters;
  FlowTable flows;
  UnansweredRing unanswered;
  Inspections inspections;
  std::optional<ExpiryWheel> wheel;  // made anew when a replay goes on to another capture
  Parking parking;
  CloseList closes;
  Meters meters;
  Injections injections;
  TunnelTable tunnels;
  IcmpSenders icmp_senders;
  Transmitter out;
  PacketCapture capture;

  channel::DataplaneEnd* channel = nullptr;  // nullptr: no classifier is attached
  std::uint32_t epoch = 0;                   // counts the classifiers that were attached
  std::uint32_t policy_revision = 0;         // as the classifier said last
  bool policy_missing = false;               // it decides without one meanwhile, under revision 0
  TimeNs now = 0;                            // of the burst in hand, or of the last one
  OverloadLadder overload;
  Quarantine quarantine;
  [[no_unique_address]] Simulation simulation;
  std::uint64_t flows_numbered = 0;
  std::uint32_t bypassed_pairs = 0;    // bit n: the frames of pair n leave unseen (bypassed.h)
  std::uint32_t settle_cursor = 0;     // the next slot to settle for it
  std::uint32_t packets_numbered = 0;  // PacketHead::number of the packet shown last
};

/// Bytes, for the memory plan.
struct MemoryUse {
  std::size_t flows = 0;  // with what is kept of those that are judged, and of ICMP errors
  std::size_t parking = 0;
  std::size_t closes = 0;
  std::size_t enforcement = 0;  // meters, injections
  std::size_t fragments = 0;
  std::size_t capture = 0;
  std::size_t tunnels = 0;
};
[[nodiscard]] MemoryUse memory_use(const Path& path);

[[nodiscard]] inline Tick tick_of(TimeNs now) { return static_cast<Tick>(now / kSecond); }
[[nodiscard]] inline std::uint32_t fraction_of(TimeNs now) {
  return static_cast<std::uint32_t>(now % kSecond);
}
[[nodiscard]] inline std::uint8_t bit_of(Direction direction) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(direction));
}
[[nodiscard]] inline std::size_t index_of(Direction direction) { return static_cast<std::size_t>(direction); }
/// Number `a` was given to a packet not after `b` was (RFC 1982: the numbers wrap).
[[nodiscard]] inline bool not_after(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(b - a) >= 0;
}
[[nodiscard]] inline channel::FlowRef ref_of(Path& path, std::uint32_t slot) {
  return {slot, path.flows.hot(slot).generation};
}

/// Packets of this direction come in at the port behind which their sender is. The others are copies on their
/// way back, or forged.
[[nodiscard]] inline bool comes_from_its_side(Path& path, std::uint32_t slot, Direction direction,
                                              std::uint8_t port) noexcept {
  const bool initiator_inside = (path.flows.hot(slot).flags & kInitiatorInside) != 0;
  return (port % 2 == 0) == (initiator_inside == (direction == Direction::kFromInitiator));
}

[[nodiscard]] inline const std::array<std::uint8_t, 16>& initiator_address(const FlowHot& flow) {
  return (flow.flags & kInitiatorIsLow) != 0 ? flow.key.low_address : flow.key.high_address;
}

/// What the classifier is told of a flow when it is announced and when it ends.
[[nodiscard]] channel::FlowOpened describe(Path& path, std::uint32_t slot) noexcept;

/// When the last packet of the flow came.
[[nodiscard]] TimeNs last_seen_of(Path& path, std::uint32_t slot) noexcept;

}  // namespace weir::dataplane
