// SPDX-License-Identifier: Apache-2.0
// The packet path of one worker: seven stages over a burst, and what is done between bursts. It needs packet
// buffers and a place to send to, but no ports: tests, benches and replays drive it in the same way as the
// worker.
//
// Threads: one owner. Only `board` is for others.
#pragma once

#include <memory>
#include <span>

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/enforce.h"
#include "dataplane/pipeline/fragments.h"
#include "dataplane/pipeline/inspect.h"
#include "dataplane/pipeline/lookup.h"
#include "dataplane/pipeline/parse.h"
#include "dataplane/pipeline/path.h"
#include "dataplane/pipeline/track.h"
#include "dataplane/pipeline/transmit.h"

namespace weir::dataplane {

class Pipeline {
 public:
  Pipeline(const PipelineOptions& options, TransmitSink& sink);

  /// Takes over the packets of the batch (`port`, `count`, `packets` are filled) and leaves it empty.
  void run(Batch& batch, TimeNs now) noexcept;

  /// Counts packets that came in at `port` and are not let in as received and dropped.
  void turn_away(std::uint8_t port, std::span<rte_mbuf* const> packets, DropReason reason) noexcept;

  /// Between bursts, before receiving: applies what the classifier answered and releases what waited for it.
  std::uint32_t apply_answers() noexcept;
  /// Between bursts, after running: overdue packets, idle flows, messages that wait; publishes to the
  /// classifier.
  void look_after(TimeNs now) noexcept;

  /// A classifier came; flows that are not decided are announced to it again. The channel stays the caller's.
  void attach(channel::DataplaneEnd& channel) noexcept;
  /// It went: the exception table judges what waits.
  void detach() noexcept;
  /// False when the classifier wrote what no classifier writes: detach it.
  [[nodiscard]] bool channel_ok() const noexcept { return path_.channel == nullptr || path_.channel->ok(); }

  /// Ends up to `count` flows (kShutdown), fewer when the channel is full; false when none is left.
  bool close_some(std::uint32_t count, TimeNs now) noexcept;
  /// Bit n: the frames of pair n leave unseen from here on, without asking anybody.
  void set_bypass(std::uint32_t pairs) noexcept;
  /// The clock was set by `step`: every stamp moves with it, so that no flow looks idle and none looks fresh.
  void shift_time(TimeNs step, TimeNs now) noexcept;
  /// A replay goes on to another capture: time starts anew, flows are announced with `number` as their pair.
  void start_capture(std::uint16_t number, TimeNs now) noexcept;

  void publish_counters() noexcept;
  [[nodiscard]] const CounterBoard& board() const { return *board_; }
  [[nodiscard]] Path& path() { return path_; }
  [[nodiscard]] MemoryUse memory() const;

 private:
  void look_at_load(TimeNs now) noexcept;
  void simulate(const Batch& batch, TimeNs now) noexcept;
  void take_last_answers() noexcept;
  void note_fault(std::optional<channel::FlowRef> flow) noexcept;

  Path path_;
  ParseStage parse_;
  FragmentStage fragments_;
  LookupStage lookup_;
  TrackStage track_;
  InspectStage inspect_;
  CaptureStage capture_;
  EnforceStage enforce_;
  TransmitStage transmit_;
  std::unique_ptr<CounterBoard> board_;
  StageTurn stage_turn_;
  std::uint32_t close_cursor_ = 0;
  std::uint64_t shown_at_look_ = 0;
};

}  // namespace weir::dataplane
