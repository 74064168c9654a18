// SPDX-License-Identifier: Apache-2.0
// What one worker counts. Written by its worker alone; others read consistent copies from the board, in which
// for every port received = transmitted + sum of dropped + parked holds.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "dataplane/packet/drop_reason.h"
#include "dataplane/pipeline/limits.h"
#include "dataplane/pipeline/stage_times.h"
#include "policy/model/settings.h"

namespace weir::dataplane {

enum class FrameClass : std::uint8_t { kArp, kLlc, kOtherEthertype, kFragment, kIpOther, kTcp, kUdp, kCount };
inline constexpr std::size_t kFrameClassCount = static_cast<std::size_t>(FrameClass::kCount);
[[nodiscard]] std::string_view to_string(FrameClass frame_class);

/// By the port where the frames came in, except `injected`.
struct PortCounters {
  std::uint64_t received = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t transmitted = 0;  // of those received here: left at the other port
  std::uint64_t transmitted_bytes = 0;
  std::uint64_t parked = 0;    // wait now, for an answer or the rest of their datagram
  std::uint64_t bypassed = 0;  // of those received here: left unseen, the pair was in bypass
  std::uint64_t injected = 0;  // built by Weir and sent out of this port
  std::uint64_t injected_lost = 0;
  std::array<std::uint64_t, kDropReasonCount> dropped{};
  std::array<std::uint64_t, kFrameClassCount> classes{};
  std::uint64_t broadcast = 0;  // by their destination address; broadcast is not multicast here
  std::uint64_t multicast = 0;
  /// Frames without IP: [row of the pair's table, the last one for all others][0 passed, 1 dropped].
  std::array<std::array<std::uint64_t, 2>, kEthertypeRowsMax + 1> ethertypes{};
  [[nodiscard]] std::uint64_t dropped_total() const;
  /// The same port at another worker.
  void add(const PortCounters& other);
};

struct PipelineCounters {
  std::array<PortCounters, kPortsMax> ports{};
  std::array<std::array<std::uint64_t, kExceptionActions>, kExceptionCauses> exceptions{};
  std::uint64_t flows_opened = 0;
  std::uint64_t flows_closed = 0;
  std::uint64_t flows_reopened = 0;     // a SYN took the tuple of a closed connection
  std::uint64_t packets_shown = 0;      // copied to the channel
  std::uint64_t packets_not_shown = 0;  // without payload, and the channel was full
  std::uint64_t packets_skipped = 0;    // within bytes that the classifier does not want
  std::uint64_t passed_by = 0;          // forwarded without being believed: a receiver takes nothing of them
  std::uint64_t syn_data_cut = 0;       // SYNs that lost their data
  std::uint64_t urgent_cleared = 0;     // packets that lost their urgent pointer
  std::uint64_t answers = 0;
  std::uint64_t answers_stale = 0;  // about a flow that is gone
  std::uint64_t decided = 0;        // final verdicts applied
  std::uint64_t decided_again = 0;  // flows asked about once more after a policy change
  std::uint64_t old_verdict_kept =
      0;  // packets that followed the old verdict: asked about, or nobody could be
  std::uint64_t packets_in_tunnels = 0;  // judged by what is inside
  std::uint64_t tunnels_full = 0;        // packets judged by their outside, for want of a free tunnel index
  std::uint64_t tunnels = 0;             // known now
  std::uint64_t icmp_errors = 0;         // taken for the flow that they are about
  std::uint64_t resets = 0;              // times both ends of a flow were told of a reset
  std::uint64_t verdicts_expired = 0;    // flows asked about once more since their verdict's time was over
  std::uint64_t not_limited = 0;         // verdicts with a rate that found no meter: passed without it
  std::uint64_t handed_over = 0;         // packets received here and given to the worker of their host
  std::uint64_t taken_over = 0;          // packets that other workers received for hosts of this one
  std::uint64_t answers_given = 0;       // payloads sent in an end's name
  std::uint64_t answers_refused = 0;     // could not be sent: both ends were reset instead
  std::uint64_t answers_resent = 0;
  std::uint64_t answers_lost = 0;              // never acknowledged
  std::uint64_t closes_lost = 0;               // ends of flows that never reached a classifier
  std::uint64_t closes_waiting = 0;            // now
  std::uint64_t unanswered_evicted = 0;        // flows that nobody had answered and a full table gave up
  std::uint64_t half_open_unsaid = 0;          // SYNs without an answer, not told to an overloaded classifier
  std::uint64_t overload_level = 0;            // now: channel::InspectedLevel
  std::uint64_t overload_steps = 0;            // times the level changed
  std::array<std::uint64_t, 4> overload_ns{};  // by level: time spent
  std::array<std::uint64_t, 4> flows_at_level{};  // by level: flows that were announced, or let go at bypass
  std::uint64_t flows = 0;                        // now
  std::uint64_t meters = 0;                       // in use now
  std::uint64_t injections = 0;                   // TCP flows that Weir has changed, now
  std::uint64_t parked = 0;                       // frames, now
  std::uint64_t fragments_held = 0;               // of those: wait for the rest of their datagram
  std::uint64_t policy_revision = 0;              // now
  std::uint64_t channel_epoch = 0;                // classifiers attached so far
  std::uint64_t classifier_faults = 0;            // classifiers that died over a request
  std::uint64_t channel_attached = 0;             // now: 0 or 1
  std::uint64_t flows_judged = 0;                 // now: with packets that wait, or bytes that pass unseen
  std::uint64_t packets_captured = 0;             // copied into the capture ring
  std::uint64_t captures_missed = 0;              // blocked flows that nobody noticed in time
  std::uint64_t requests_waiting = 0;             // now: records that the classifier has not read
  StageTimes stages{};
};

/// Publishes copies of the counters. `publish` is the worker's, `read` anybody's; a reader never delays the
/// worker.
class CounterBoard {
 public:
  void publish(const PipelineCounters& counters) noexcept;
  [[nodiscard]] PipelineCounters read() const noexcept;

 private:
  static constexpr std::size_t kWords = sizeof(PipelineCounters) / sizeof(std::uint64_t);
  static_assert(kWords * sizeof(std::uint64_t) == sizeof(PipelineCounters));
  std::atomic<std::uint64_t> version_{0};  // odd while the worker writes
  std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

}  // namespace weir::dataplane
