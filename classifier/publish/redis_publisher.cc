// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/redis_publisher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "policy/bus/event_batch.h"

#include "policy/bus/stream_registry.h"

namespace weir::classifier {
namespace {

constexpr std::size_t kSendEvents = 16 * policy::kBatchEventsMax;  // of one pipeline

}  // namespace

RedisPublisherOptions publisher_options(const Settings& settings, unsigned worker) {
  RedisPublisherOptions options;
  options.endpoint = policy::endpoint_of(settings.redis, policy::RedisUser::kClassifier);
  options.stream = policy::flow_stream(settings, worker);
  options.announce = policy::is_shared(settings.redis);
  options.stream_entries_max = settings.redis.stream_entries_max;
  options.queue_max = settings.classifier.event_queue;
  return options;
}

RedisPublisher::RedisPublisher(RedisPublisherOptions options)
    : options_(std::move(options)),
      sender_(options_.stream, options_.stream_entries_max),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

RedisPublisher::~RedisPublisher() = default;

void RedisPublisher::accept(const event::FlowEvent& event) {
  std::string bytes = event.SerializeAsString();
  std::size_t waiting = 0;
  {
    const std::lock_guard lock{mutex_};
    ++counts_.accepted;
    if (queue_.size() >= options_.queue_max || bytes.size() > policy::kEventBytesMax) {
      ++counts_.lost;
      return;
    }
    queue_.push_back(std::move(bytes));
    waiting = queue_.size();
  }
  // The sending thread waits for one or for a batch: waking it for each event would cost more than the event.
  if (waiting == 1 || waiting == policy::kBatchEventsMax) changed_.notify_all();
}

void RedisPublisher::finish() {
  {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, options_.finish_max, [this] { return queue_.empty(); });
  }
  thread_.request_stop();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock{mutex_};
  counts_.lost += queue_.size();
  queue_.clear();
}

EventCounts RedisPublisher::counts() const {
  const std::lock_guard lock{mutex_};
  EventCounts counts = counts_;
  counts.waiting = queue_.size();
  return counts;
}

void RedisPublisher::run(const std::stop_token& stop) {
  auto backoff = options_.backoff_min;
  while (!stop.stop_requested()) {
    backoff = connect_and_send(stop) ? options_.backoff_min : std::min(backoff * 2, options_.backoff_max);
    if (!wait(stop, backoff)) return;
  }
}

/// One connection's life. True when Redis took something on it.
bool RedisPublisher::connect_and_send(const std::stop_token& stop) {
  auto connection = policy::RedisConnection::connect(options_.endpoint);
  if (!connection) {
    if (!std::exchange(said_unavailable_, true)) {
      spdlog::warn("redis_unavailable redis={} error=\"{}\"", policy::to_string(options_.endpoint),
                   to_text(connection.error()));
    }
    return false;
  }
  if (options_.announce) {  // again on each connection: the set may have been lost with a node
    const auto said = policy::announce(*connection, options_.stream);
    announced_ = announced_ || said.has_value();
    if (!announced_) {
      if (!std::exchange(said_unavailable_, true))
        spdlog::warn("stream_not_announced stream={} error=\"{}\"", options_.stream, to_text(said.error()));
      return false;
    }
  }
  policy::StreamWriter writer{std::move(*connection), options_.stream_entries_max};
  if (!send_kept(writer)) return false;
  bool useful = false;
  for (;;) {
    {
      std::unique_lock lock{mutex_};
      counts_.connected = true;
      changed_.wait(lock, stop, [this] { return !queue_.empty(); });
      if (queue_.empty()) return useful;  // stop was requested
      changed_.wait_for(lock, stop, kLingerMax, [this] { return queue_.size() >= policy::kBatchEventsMax; });
    }
    if (!send_batch(writer)) break;
    if (std::exchange(said_unavailable_, false) || !useful) {
      spdlog::info("redis_connected redis={} stream={}", policy::to_string(options_.endpoint),
                   options_.stream);
    }
    useful = true;
  }
  const std::lock_guard lock{mutex_};
  counts_.connected = false;
  return useful;
}

/// Appends the oldest events; those acknowledged leave the queue. False: this connection is of no more use.
bool RedisPublisher::send_batch(policy::StreamWriter& writer) {
  std::vector<std::string_view>
      batch;  // elements of a deque stay where they are while others are pushed behind
  {
    const std::lock_guard lock{mutex_};
    const std::size_t count = std::min(queue_.size(), kSendEvents);
    batch.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  const policy::SendReport report = sender_.send(writer, batch);
  if (report.error && !std::exchange(said_unavailable_, true)) {
    spdlog::warn("redis_refused redis={} error=\"{}\"", policy::to_string(options_.endpoint),
                 to_text(*report.error));
  }
  {
    const std::lock_guard lock{mutex_};
    for (std::uint64_t i = 0; i < report.events; ++i) {
      keep(std::move(queue_.front()));
      queue_.pop_front();
    }
    counts_.delivered += report.events;
  }
  if (report.error && report.error->code != ErrorCode::kUnavailable) kept_.clear();  // it lives: it has them
  changed_.notify_all();
  return !report.error && writer.usable();
}

/// Says again, to a Redis that may have lost it, what the one before acknowledged last.
bool RedisPublisher::send_kept(policy::StreamWriter& writer) {
  std::vector<std::string_view> events;
  for (const Kept& one : kept_) events.emplace_back(one.bytes);
  for (std::span<const std::string_view> rest{events}; !rest.empty();) {
    const policy::SendReport report = sender_.send(writer, rest.first(std::min(rest.size(), kSendEvents)));
    if (report.error && report.error->code != ErrorCode::kUnavailable) kept_.clear();
    if (report.error) return false;
    rest = rest.subspan(report.events);
  }
  return true;
}

void RedisPublisher::keep(std::string bytes) {
  const auto now = std::chrono::steady_clock::now();
  while (!kept_.empty() &&
         (kept_.size() >= kKeptEventsMax || now - kept_.front().acknowledged > kKeptSeconds))
    kept_.pop_front();
  kept_.push_back({now, std::move(bytes)});
}

/// False when the thread shall stop.
bool RedisPublisher::wait(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace weir::classifier
