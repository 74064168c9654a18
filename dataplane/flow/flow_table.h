// SPDX-License-Identifier: Apache-2.0
// The worker's flows: fixed size, sized once, no allocation afterwards, no lock (one worker owns it). Open
// addressing over buckets of one cache line (eight 16-bit tags with their entry indices), so that a hit
// touches the bucket line and the flow's hot line. A flow's slot is its entry's index; its generation changes
// each time the slot is given to another flow, which is how late answers are recognised.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/channel/messages.h"
#include "dataplane/packet/packet_meta.h"
#include "policy/model/time.h"

namespace weir::dataplane {

using channel::Direction;
using channel::VerdictAction;

inline constexpr std::uint32_t kNoSlot = 0xffffffffU;
inline constexpr std::size_t kLookupBurstMax = 64;
inline constexpr std::uint32_t kFlowsMax = 1U << 26U;  // of one table

enum class FlowState : std::uint8_t {
  kFree,
  kUndecided,  // packets are parked and asked about
  kDecided,    // `verdict` holds for both directions
};

/// Second resolution clock of the table: `TimeNs / kSecond` truncated to 32 bits.
using Tick = std::uint32_t;

/// What the packet path reads for a decided flow: one cache line.
struct alignas(64) FlowHot {
  FlowKey key;
  FlowState state = FlowState::kFree;
  VerdictAction verdict = VerdictAction::kForward;
  channel::TcpState tcp_state = channel::TcpState::kNone;
  std::uint8_t mark = 0;    // 0: DSCP is left as it is, else 1 + the DSCP to set
  std::uint16_t flags = 0;  // FlowFlag bits
  channel::InspectedLevel level{};
  std::uint8_t check = 0;             // check_of, written with the verdict
  std::uint32_t policy_revision = 0;  // the verdict's
  std::uint32_t generation = 0;
  Tick last_seen = 0;      // written only when it changed
  std::uint32_t hash = 0;  // written by the table alone
};
static_assert(sizeof(FlowHot) == 64);

enum FlowFlag : std::uint16_t {
  kInitiatorIsLow = 1U << 0U,
  kInitiatorInside = 1U << 1U,
  kSynRepeated = 1U << 2U,  // its round trip cannot be told (Karn, RFC 6298 section 3)
  kFinSeenLow = 1U << 3U,   // FIN from the low end
  kFinSeenHigh = 1U << 4U,
  kMidstreamPickup = 1U << 5U,
  kDecidingAgain = 1U << 6U,  // asked about after a policy change; `verdict` is still the old one
  kAnswerLate =
      1U << 7U,  // the inspection deadline passed: no packet waits until there is an answer (is_late)
  kSequenceLow = 1U << 8U,  // FlowCold::next_sequence of the low end is known
  kSequenceHigh = 1U << 9U,
  kLimited = 1U << 10U,   // has a meter
  kMarked = 1U << 11U,    // `mark` is set
  kEdited = 1U << 12U,    // Weir put bytes into its streams, or took some out
  kExpires = 1U << 13U,   // the verdict holds until FlowCold::verdict_until
  kAnswered = 1U << 14U,  // Weir ended it with an answer of its own
  kExcepted = 1U << 15U,  // the verdict is the exception table's
};
/// What a packet that leaves has to be treated for.
inline constexpr std::uint16_t kTreated = kLimited | kMarked | kEdited;
inline void set_flag(FlowHot& flow, FlowFlag flag) noexcept { flow.flags |= flag; }
inline void clear_flag(FlowHot& flow, FlowFlag flag) noexcept {
  flow.flags &= static_cast<std::uint16_t>(~flag);
}

/// What every packet counts: one cache line. Arrays are by Direction.
struct alignas(64) FlowCold {
  std::array<std::uint64_t, 2> bytes{};
  std::array<std::uint32_t, 2> packets{};
  std::array<std::uint32_t, 2> next_sequence{};  // TCP: after the highest byte seen
  std::array<std::uint32_t, 2> handshake_us{};   // channel::NetworkPerformance; counts stop at 65,535
  std::array<std::uint16_t, 2> retransmitted{};
  std::array<std::uint16_t, 2> out_of_order{};
  std::array<std::uint16_t, 2> zero_windows{};
  std::array<std::uint8_t, 2> holes{};   // seen and not filled yet
  std::uint16_t verdict_until = 0;       // by kExpires; in units of kVerdictUnitSeconds, modulo 2^16
  std::uint32_t last_seen_fraction = 0;  // ns within the second FlowHot::last_seen
  std::uint32_t inspection = kNoSlot;    // in the worker's Inspections, while it is judged
};
static_assert(sizeof(FlowCold) == 64);

/// What only the opening, the expiry and the end of a flow need.
struct FlowRest {
  TimeNs started = 0;
  std::uint64_t number = 0;
  std::uint32_t next = kNoSlot;  // expiry wheel links
  std::uint32_t previous = kNoSlot;
  std::uint16_t exceptions = 0;     // bit n: ExceptionCause n was applied
  std::uint8_t icmp_errors = 0;     // about this flow; counts stop at 255
  IcmpError icmp_error{};           // the last one
  std::uint32_t channel_epoch = 0;  // of the classifier it was announced to
  std::array<std::uint8_t, 6> client_mac{};
  // Of a reset flow: times that the ends were told, at packets of each Direction. Of one with kAnswered: the
  // Direction of the end that was answered, and the replies since.
  std::array<std::uint8_t, 2> told{};
};
static_assert(sizeof(FlowRest) == 40);

/// Over what makes a verdict: tells a flow whose verdict was written whole from one that was being written
/// when the process died (flow_file.h).
[[nodiscard]] std::uint8_t check_of(const FlowHot& flow) noexcept;

/// Where the parts of a table of `capacity` flows lie, in bytes from its start.
struct FlowLayout {
  explicit FlowLayout(std::uint32_t capacity) noexcept;
  std::uint32_t capacity;  // within the limits
  std::uint32_t buckets;
  std::size_t hot_at = 0;
  std::size_t cold_at;
  std::size_t buckets_at;
  std::size_t rest_at;
  std::size_t bytes;
};

class FlowTable {
 public:
  /// `capacity` flows (at least 64); memory is touched here once. In `memory` (zeros, aligned to a page,
  /// FlowLayout::bytes, the caller's) or in its own.
  FlowTable(std::uint32_t capacity, std::uint32_t hash_seed, std::span<std::uint8_t> memory = {});
  ~FlowTable();
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  /// Slots of up to kLookupBurstMax packets at once (kNoSlot: no such flow); prefetches buckets, then hot
  /// lines.
  void lookup(std::span<const PacketMeta* const> packets, std::span<std::uint32_t> slots) noexcept;
  [[nodiscard]] std::uint32_t lookup(const FlowKey& key, std::uint32_t hash) noexcept;
  /// A new flow in state kUndecided with a new generation, or kNoSlot when the table (or its bucket) is full.
  [[nodiscard]] std::uint32_t create(const FlowKey& key, std::uint32_t hash) noexcept;
  void erase(std::uint32_t slot) noexcept;

  [[nodiscard]] FlowHot& hot(std::uint32_t slot) noexcept { return hot_[slot]; }
  [[nodiscard]] FlowCold& cold(std::uint32_t slot) noexcept { return cold_[slot]; }
  [[nodiscard]] FlowRest& rest(std::uint32_t slot) noexcept { return rest_[slot]; }
  /// The slot if it lives and has this generation, else kNoSlot.
  [[nodiscard]] std::uint32_t resolve(channel::FlowRef flow) const noexcept;

  [[nodiscard]] std::uint32_t size() const noexcept;
  [[nodiscard]] std::uint32_t capacity() const noexcept;
  [[nodiscard]] std::uint32_t hash_seed() const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  FlowHot* hot_ = nullptr;  // the implementation's
  FlowCold* cold_ = nullptr;
  FlowRest* rest_ = nullptr;
};

}  // namespace weir::dataplane
