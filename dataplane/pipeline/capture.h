// SPDX-License-Identifier: Apache-2.0
// Which packets a worker copies into its capture ring, and its word to the thread that writes captures when a
// verdict blocks a flow. It writes no file and asks nobody.
//
// As a rule what is copied is what the classifier is shown, so a decided flow costs nothing. While a capture
// runs, or with capture.packets: all, CaptureStage looks at every packet.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/capture_ring.h"

namespace weir::dataplane {

inline constexpr std::size_t kCapturesMax = 8;            // that run at the same time
inline constexpr std::uint32_t kCaptureTriggersMax = 64;  // blocked flows that nobody has noticed yet

/// What a running capture wants; a member that is 0 or false matches everything.
struct CaptureFilter {
  std::uint64_t flow = 0;  // number
  std::array<std::uint8_t, 16> address{};
  bool has_address = false;
  std::uint16_t port = 0;

  [[nodiscard]] bool matches_ends(const FlowKey& key) const noexcept;
  [[nodiscard]] bool matches(std::uint64_t number, const FlowKey& key) const noexcept {
    return matches_ends(key) && (flow == 0 || flow == number);
  }
};

/// A flow was blocked, a rule hit it, or a classifier died over it.
struct CaptureTrigger {
  TimeNs time = 0;
  std::uint64_t flow = 0;
  FlowKey key{};
  std::uint32_t policy_revision = 0;
  VerdictAction verdict{};
  bool fault = false;
  bool hit = false;  // a rule of evidence.severity, whatever becomes of the flow
};

/// From the worker to one other thread; neither waits.
class CaptureTriggers {
 public:
  /// The worker. False: full.
  bool push(const CaptureTrigger& trigger) noexcept;
  /// The other thread. False: empty.
  bool pop(CaptureTrigger& trigger) noexcept;

 private:
  std::array<CaptureTrigger, kCaptureTriggersMax> slots_{};
  alignas(64) std::atomic<std::uint32_t> head_{0};  // written by the worker
  alignas(64) std::atomic<std::uint32_t> tail_{0};  // written by the other thread
};

struct CaptureOptions {
  std::size_t ring_bytes = 0;  // 0: nothing is captured
  std::uint16_t snap_bytes = 1'600;
  bool all = false;       // every packet of every flow, not only what is judged
  bool on_block = false;  // a verdict that blocks is a trigger
};

struct PacketCapture {
  explicit PacketCapture(const CaptureOptions& wanted) : options(wanted), ring(wanted.ring_bytes) {}

  CaptureOptions options;
  CaptureRing ring;
  CaptureTriggers triggers;
  std::array<CaptureFilter, kCapturesMax> filters;  // of the captures that run, as the last request said
  std::size_t filter_count = 0;

  /// CaptureStage has to look at every packet; otherwise what is shown is copied where it is shown.
  [[nodiscard]] bool looks() const noexcept { return (options.all || filter_count > 0) && ring.keeps(); }
  [[nodiscard]] bool copies_shown() const noexcept { return ring.keeps() && !looks(); }
  [[nodiscard]] bool wanted(std::uint64_t number, const FlowKey& key) const noexcept;
};

struct Path;

/// Copies the packet into the ring.
void capture_packet(Path& path, const Batch& batch, std::size_t i) noexcept;
/// After a final verdict of the policy.
void capture_verdict(Path& path, std::uint32_t slot) noexcept;
/// After a rule hit the flow whose packets are worth keeping.
void capture_hit(Path& path, std::uint32_t slot) noexcept;
/// After a classifier died over the flow.
void capture_fault(Path& path, std::uint32_t slot) noexcept;

/// Before transmit: packets that a running capture wants, and those of flows that are judged, as Weir leaves
/// them (marked, normalised).
class CaptureStage {
 public:
  explicit CaptureStage(Path& path) : path_(path) {}
  void operator()(const Batch& batch) noexcept;

 private:
  [[nodiscard]] bool wanted(std::uint32_t slot) noexcept;

  Path& path_;
};

}  // namespace weir::dataplane
