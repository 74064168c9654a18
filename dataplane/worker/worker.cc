// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/worker.h"

namespace weir::dataplane {
namespace {
constexpr TimeNs kPublishInterval = kMillisecond;  // of counters, while packets flow
// At rest, where only flows that expire change them.
constexpr TimeNs kPublishRestInterval = 20 * kMillisecond;
}  // namespace

Worker::Worker(const PipelineOptions& options, std::span<const std::unique_ptr<Port>> ports,
               Exchange* exchange, std::uint32_t index)
    : ports_(ports),
      others_(exchange == nullptr ? std::nullopt : std::make_optional<Handover>(*exchange, index, ports)),
      sink_(ports, others_ ? &*others_ : nullptr),
      pipeline_(options, sink_),
      pause_(others_ ? &*others_ : nullptr) {
  const std::uint32_t workers = exchange == nullptr ? 1 : exchange->workers();
  for (std::uint8_t port = 0; port < ports.size(); ++port) {
    sink_.queues[port] = queue_of(port, ports[port]->queues(), index, workers);
  }
}

std::uint16_t Worker::PortSink::send(std::uint8_t port, rte_mbuf** packets, std::uint16_t count) noexcept {
  if (queues[port]) return ports_[port]->send(packets, count, *queues[port]);
  return others_->give_to_send(port, packets, count);
}

void Worker::run() noexcept {
  IdlePause::prepare_thread();
  while (!stop_.load(std::memory_order_relaxed)) {
    if (turn() > 0) {
      pause_.busy();
    } else {
      static_cast<void>(pause_.idle(pipeline_.path().parking.count() > 0));
    }
  }
  offer_channel(nullptr);
  take_channel();
  pipeline_.publish_counters();  // whenever that was done last
}

std::uint32_t Worker::turn() noexcept {
  if (pipeline_.path().simulation.hit(Fault::kWorkerStuck)) {
    while (!stop_.load(std::memory_order_relaxed)) {
    }
  }
  const TimeNs now = clock_.now();
  if (const TimeNs step = clock_.take_step(); step != 0) {
    pipeline_.shift_time(step, now);
    published_ += step;
  }
  take_channel();
  pipeline_.set_bypass(bypass_.load(std::memory_order_relaxed));
  std::uint32_t work = pipeline_.apply_answers();
  for (std::uint8_t port = 0; port < ports_.size(); ++port) {
    if (!sink_.queues[port]) continue;  // another worker receives from it
    batch_.port = port;
    batch_.count = ports_[port]->receive(batch_.packets.data(), kBatchMax, *sink_.queues[port]);
    work += batch_.count;
    if (others_) others_->give(batch_, pipeline_);  // what belongs to other workers' hosts
    if (batch_.count > 0) pipeline_.run(batch_, now);
  }
  if (others_) work += take_over(now);  // what others received for this worker's hosts
  pipeline_.look_after(now);
  if (others_) {
    work += others_->send_for_others();
    others_->ring_bells();
  }
  if (FlowListRequest* request = list_.load(std::memory_order_acquire); request != nullptr) {
    if (list_flows(pipeline_.path(), *request)) list_.store(nullptr, std::memory_order_release);
  }
  if (CaptureRequest* request = capture_.load(std::memory_order_acquire); request != nullptr) {
    if (read_captured(pipeline_.path().capture, *request)) capture_.store(nullptr, std::memory_order_release);
  }
  publish(now, work == 0);
  return work;
}

std::uint32_t Worker::take_over(TimeNs now) noexcept {
  std::uint32_t taken = 0;
  for (std::uint32_t from = 0; from < others_->workers(); ++from) {
    if (from == others_->self()) continue;
    for (std::uint32_t run = 0; run < kHandoverRunsPerTurn && others_->take(from, batch_) > 0; ++run) {
      taken += batch_.count;
      pipeline_.run(batch_, now);
    }
  }
  pipeline_.path().counters.taken_over += taken;
  return taken;
}

void Worker::take_channel() noexcept {
  channel::DataplaneEnd* offered = offered_.load(std::memory_order_acquire);
  if (used_ != nullptr && !pipeline_.channel_ok()) refused_.store(used_, std::memory_order_release);
  // A refused channel's address may come back with another one: the mark lasts only while it is offered.
  if (offered == refused_.load(std::memory_order_relaxed)) {
    offered = nullptr;
  } else {
    refused_.store(nullptr, std::memory_order_release);
  }
  if (offered == used_) return;
  if (used_ != nullptr) pipeline_.detach();
  if (offered != nullptr) pipeline_.attach(*offered);
  used_ = offered;
}

bool Worker::ask_flows(FlowListRequest* request) noexcept {
  FlowListRequest* none = nullptr;
  return list_.compare_exchange_strong(none, request, std::memory_order_release, std::memory_order_relaxed);
}

bool Worker::ask_captured(CaptureRequest* request) noexcept {
  CaptureRequest* none = nullptr;
  return capture_.compare_exchange_strong(none, request, std::memory_order_release,
                                          std::memory_order_relaxed);
}

void Worker::publish(TimeNs now, bool at_rest) noexcept {
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  heartbeat_.store(now, std::memory_order_relaxed);
  level_.store(pipeline_.path().overload.level(), std::memory_order_relaxed);
  unpublished_ = unpublished_ || !at_rest;
  // The first turn at rest brings the board up to date; to copy it at each wake-up would cost more than to
  // look for packets.
  const TimeNs wanted = !unpublished_ ? kPublishRestInterval
                        : at_rest     ? kPublishInterval / 4
                                      : kPublishInterval;
  if (now - published_ < wanted) return;
  published_ = now;
  unpublished_ = !at_rest;
  pipeline_.publish_counters();
}

}  // namespace weir::dataplane
