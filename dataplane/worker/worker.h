// SPDX-License-Identifier: Apache-2.0
// A worker: its ports, its pipeline, its thread's loop. Everything else reaches it through the members marked
// with the thread that may use them.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/io/port.h"
#include "dataplane/pipeline/pipeline.h"
#include "dataplane/worker/capture_reader.h"
#include "dataplane/worker/clock.h"
#include "dataplane/worker/flow_list.h"
#include "dataplane/worker/handover.h"
#include "dataplane/worker/idle.h"

namespace weir::dataplane {

class Worker {
 public:
  /// `ports`: inside and outside of each pair in turn; they outlive the worker. With more than one worker,
  /// `exchange` is what they share and `index` says which of them this is.
  Worker(const PipelineOptions& options, std::span<const std::unique_ptr<Port>> ports,
         Exchange* exchange = nullptr, std::uint32_t index = 0);

  /// The thread's body: goes round until `stop`.
  void run() noexcept;
  /// One round; the packets received and answers applied.
  std::uint32_t turn() noexcept;
  [[nodiscard]] Path& path() noexcept { return pipeline_.path(); }

  // --- for the control thread ---
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }
  /// Hands a classifier's channel over (nullptr: it is gone). The worker follows at its next turn.
  void offer_channel(channel::DataplaneEnd* channel) noexcept {
    offered_.store(channel, std::memory_order_release);
  }
  /// The worker found this channel damaged and left it; nullptr: none.
  [[nodiscard]] channel::DataplaneEnd* channel_refused() const noexcept {
    return refused_.load(std::memory_order_acquire);
  }
  /// Bit n: the frames of pair n leave unseen. The worker follows at its next turn.
  void set_bypass(std::uint32_t pairs) noexcept { bypass_.store(pairs, std::memory_order_relaxed); }
  /// False when the last request has not come back yet.
  [[nodiscard]] bool ask_flows(FlowListRequest* request) noexcept;
  [[nodiscard]] bool flows_answered() const noexcept {
    return list_.load(std::memory_order_acquire) == nullptr;
  }
  /// False when the last request has not come back yet.
  [[nodiscard]] bool ask_captured(CaptureRequest* request) noexcept;
  [[nodiscard]] bool captured_answered() const noexcept {
    return capture_.load(std::memory_order_acquire) == nullptr;
  }
  /// Of it, `triggers.pop` alone.
  [[nodiscard]] CaptureTriggers& capture_triggers() noexcept { return pipeline_.path().capture.triggers; }
  [[nodiscard]] const CounterBoard& board() const noexcept { return pipeline_.board(); }
  [[nodiscard]] TimeNs heartbeat() const noexcept { return heartbeat_.load(std::memory_order_relaxed); }
  /// How deeply new flows are looked at.
  [[nodiscard]] InspectedLevel level() const noexcept { return level_.load(std::memory_order_relaxed); }
  /// Rounds ended. A channel that is not offered any more may be freed two rounds later.
  [[nodiscard]] std::uint64_t turns() const noexcept { return turns_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint32_t flow_slots() noexcept { return pipeline_.path().flows.capacity(); }
  [[nodiscard]] MemoryUse memory() { return pipeline_.memory(); }

 private:
  /// By this worker's queue of the port, or through the worker that has the only one.
  class PortSink final : public TransmitSink {
   public:
    PortSink(std::span<const std::unique_ptr<Port>> ports, Handover* others)
        : ports_(ports), others_(others) {}
    std::uint16_t send(std::uint8_t port, rte_mbuf** packets, std::uint16_t count) noexcept override;
    std::array<std::optional<std::uint16_t>, kPortsMax> queues;

   private:
    std::span<const std::unique_ptr<Port>> ports_;
    Handover* others_;
  };

  [[nodiscard]] std::uint32_t take_over(TimeNs now) noexcept;
  void take_channel() noexcept;
  void publish(TimeNs now, bool at_rest) noexcept;

  std::span<const std::unique_ptr<Port>> ports_;
  std::optional<Handover> others_;  // none when this is the only worker
  PortSink sink_;
  Pipeline pipeline_;
  Batch batch_;
  WorkerClock clock_;
  IdlePause pause_;
  TimeNs published_ = 0;
  bool unpublished_ = true;  // packets were counted since
  channel::DataplaneEnd* used_ = nullptr;

  std::atomic<bool> stop_{false};                                     // written by control
  std::atomic<std::uint32_t> bypass_{0};                              // written by control
  std::atomic<channel::DataplaneEnd*> offered_{nullptr};              // written by control
  std::atomic<FlowListRequest*> list_{nullptr};                       // set by control, cleared by the worker
  std::atomic<CaptureRequest*> capture_{nullptr};                     // the same
  alignas(64) std::atomic<channel::DataplaneEnd*> refused_{nullptr};  // written by the worker from here on
  std::atomic<TimeNs> heartbeat_{0};
  std::atomic<std::uint64_t> turns_{0};
  std::atomic<InspectedLevel> level_{InspectedLevel::kFull};
};

}  // namespace weir::dataplane
