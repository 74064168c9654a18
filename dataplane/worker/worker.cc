// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/worker.h"

namespace weir::dataplane {
namespace {
constexpr TimeNs kPublishInterval = kMillisecond;  // of counters, while packets flow
// At rest, where only flows that expire change them.
constexpr TimeNs kPublishRestInterval = 20 * kMillisecond;
}  // namespace

Worker::Worker(const PipelineOptions& options, std::span<const std::unique_ptr<Port>> ports)
    : ports_(ports), sink_(ports), pipeline_(options, sink_) {}

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
  publish(clock_.now(), true);
}

std::uint32_t Worker::turn() noexcept {
  const TimeNs now = clock_.now();
  if (const TimeNs step = clock_.take_step(); step != 0) pipeline_.shift_time(step, now);
  take_channel();
  std::uint32_t work = pipeline_.apply_answers();
  for (std::uint8_t port = 0; port < ports_.size(); ++port) {
    batch_.port = port;
    batch_.count = ports_[port]->receive(batch_.packets.data(), kBatchMax);
    work += batch_.count;
    if (batch_.count > 0) pipeline_.run(batch_, now);
  }
  pipeline_.look_after(now);
  if (FlowListRequest* request = list_.load(std::memory_order_acquire); request != nullptr) {
    if (list_flows(pipeline_.path(), *request)) list_.store(nullptr, std::memory_order_release);
  }
  publish(now, work == 0);
  return work;
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

void Worker::publish(TimeNs now, bool at_rest) noexcept {
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  heartbeat_.store(now, std::memory_order_relaxed);
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
