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

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSendEvents = 16 * policy::kBatchEventsMax;  // of one pipeline
constexpr std::size_t kSpoolGroupEvents = 4'096;
constexpr std::chrono::milliseconds kDiskRetry{1'000};
static_assert(policy::kEventBytesMax <= kSpoolRecordMax);

/// What is to be sent, without a copy.
template <typename Events>
std::vector<std::string_view> views_of(const Events& events) {
  std::vector<std::string_view> views;
  views.reserve(events.size());
  for (const auto& one : events) {
    if constexpr (requires { one.bytes; }) {
      views.emplace_back(one.bytes);
    } else {
      views.emplace_back(one);
    }
  }
  return views;
}

}  // namespace

RedisPublisherOptions publisher_options(const Settings& settings, unsigned worker) {
  RedisPublisherOptions options;
  options.endpoint = policy::endpoint_of(settings.redis, policy::RedisUser::kClassifier);
  options.stream = policy::flow_stream(settings, worker);
  options.announce = policy::is_shared(settings.redis);
  options.stream_entries_max = settings.redis.stream_entries_max;
  options.crowded = settings.classifier.event_queue / 4;
  return options;
}

RedisPublisher::RedisPublisher(RedisPublisherOptions options, EventRing ring, std::unique_ptr<Spool> spool)
    : options_(std::move(options)),
      sender_(options_.stream, options_.stream_entries_max),
      ring_(std::move(ring)),
      spool_(std::move(spool)) {
  counts_.recovered = ring_.left_before();
  disk_thread_ = std::jthread{[this](const std::stop_token& stop) { look_after_disk(stop); }};
  send_thread_ = std::jthread{[this](const std::stop_token& stop) { send(stop); }};
}

RedisPublisher::~RedisPublisher() = default;

void RedisPublisher::accept(const event::FlowEvent& event) {
  const std::size_t size = event.ByteSizeLong();
  std::span<char> room;
  bool wake = false;
  bool hurry = false;
  {
    const std::lock_guard lock{mutex_};
    ++counts_.accepted;
    if (size > policy::kEventBytesMax) {
      ++counts_.lost.too_large;
      return;
    }
    room = ring_.reserve(size, event.hits_size() > 0);
    if (room.empty()) {
      ++counts_.lost.queue_full;
      return;
    }
  }
  event.SerializeWithCachedSizesToArray(static_cast<std::uint8_t*>(static_cast<void*>(room.data())));
  {
    const std::lock_guard lock{mutex_};
    ring_.commit();
    // The sending thread waits for one or for a batch: waking it for each would cost more than the event.
    wake = ring_.waiting_count() == 1 || ring_.waiting_count() == policy::kBatchEventsMax;
    hurry = spool_ && !hurry_ && !disk_refuses_ && ring_.waiting_count() > options_.crowded;
    hurry_ |= hurry;
  }
  if (wake) changed_.notify_all();
  if (hurry) pause_.notify_all();
}

void RedisPublisher::finish() {
  {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, options_.finish_max,
                      [this] { return ring_.waiting_count() == 0 && !(spool_ && spool_->pending()); });
  }
  for (std::jthread* const thread : {&send_thread_, &disk_thread_}) {
    thread->request_stop();
    changed_.notify_all();
    if (thread->joinable()) thread->join();
  }
  // The ring does not outlive the machine, which may be what ends.
  static_cast<void>(spool_until(UINT64_MAX));
  const std::lock_guard lock{mutex_};
  if (ring_.outlives()) return;
  counts_.lost.at_end += ring_.waiting_count();
  ring_.advance(ring_.waiting_count());
}

EventCounts RedisPublisher::counts() const {
  const std::lock_guard lock{mutex_};
  EventCounts counts = counts_;
  counts.waiting = ring_.waiting_count();
  if (!spool_) return counts;
  const SpoolCounts spool = spool_->counts();
  counts.recovered += spool.recovered;
  counts.lost.damaged = spool.lost;
  counts.waiting += spool.waiting;
  counts.spooled = spool.waiting;
  counts.spool_bytes = spool.bytes;
  counts.spool_damaged = spool.damaged;
  return counts;
}

void RedisPublisher::send(const std::stop_token& stop) {
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
  if (!announce(*connection)) return false;
  policy::StreamWriter writer{std::move(*connection), options_.stream_entries_max};
  if (std::exchange(lost_connection_, false) && spool_) spool_->rewind();
  if (!send_kept(writer)) return false;
  bool useful = false;
  for (;;) {
    bool from_disk = false;
    {
      std::unique_lock lock{mutex_};
      counts_.connected = true;
      changed_.wait(lock, stop, [&] {
        from_disk = spool_ && spool_->pending();
        return from_disk || (ring_.waiting_count() > 0 && !spooling_);
      });
      if (stop.stop_requested()) return useful;
      if (!from_disk) {
        changed_.wait_for(lock, stop, kLingerMax,
                          [this] { return ring_.waiting_count() >= policy::kBatchEventsMax || spooling_; });
        if (spooling_) continue;
      }
    }
    if (!(from_disk ? send_spooled(writer) : send_waiting(writer))) break;
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

/// Again on each connection: the set may have been lost with a node.
bool RedisPublisher::announce(policy::RedisConnection& connection) {
  if (!options_.announce) return true;
  const auto said = policy::announce(connection, options_.stream);
  announced_ = announced_ || said.has_value();
  if (!announced_ && !std::exchange(said_unavailable_, true))
    spdlog::warn("stream_not_announced stream={} error=\"{}\"", options_.stream, to_text(said.error()));
  return announced_;
}

/// Appends the oldest events of the disk. False: this connection is of no more use.
bool RedisPublisher::send_spooled(policy::StreamWriter& writer) {
  const std::vector<std::string> batch = spool_->next(kSendEvents);
  const policy::SendReport report = sender_.send(writer, views_of(batch));
  say(report);
  const std::uint64_t delivered = spool_->acknowledge(report.events, Clock::now());
  {
    const std::lock_guard lock{mutex_};
    counts_.delivered += delivered;
  }
  changed_.notify_all();
  return !report.error && writer.usable();
}

/// Appends the oldest events of the ring; those acknowledged leave it. False: this connection is of no more
/// use.
bool RedisPublisher::send_waiting(policy::StreamWriter& writer) {
  std::uint64_t first = 0;
  std::vector<RingEvent> batch;
  {
    const std::lock_guard lock{mutex_};
    first = ring_.first_waiting();
    batch = ring_.waiting(kSendEvents);
    ring_.pin(first);
  }
  const policy::SendReport report = sender_.send(writer, views_of(batch));
  say(report);
  {
    const std::lock_guard lock{mutex_};
    ring_.unpin();
    // They took too long and went to the disk meanwhile, from where they are said again.
    const bool moved = spooling_ || ring_.first_waiting() != first;
    if (!moved) {
      ring_.advance(report.events);
      counts_.delivered += report.events;
      kept_.push_back({Clock::now(), ring_.first_waiting()});
    }
    // It lives: it has them.
    if (report.error && report.error->code != ErrorCode::kUnavailable) ring_.let_go(ring_.first_waiting());
  }
  changed_.notify_all();
  return !report.error && report.events > 0 && writer.usable();
}

/// Says again, to a Redis that may have lost it, what the one before acknowledged last.
bool RedisPublisher::send_kept(policy::StreamWriter& writer) {
  for (std::uint64_t from = 0;;) {
    std::vector<RingEvent> batch;
    {
      const std::lock_guard lock{mutex_};
      from = std::max(from, ring_.first_kept());
      batch = ring_.kept(from, kSendEvents);
      ring_.pin(from);
    }
    const policy::SendReport report = sender_.send(writer, views_of(batch));
    say(report);
    const std::lock_guard lock{mutex_};
    ring_.unpin();
    if (report.error && report.error->code != ErrorCode::kUnavailable) ring_.let_go(ring_.first_waiting());
    if (report.error) return false;
    if (batch.empty()) {
      for (Kept& kept : kept_) kept.acknowledged = Clock::now();  // by this one
      return true;
    }
    from += report.events;
  }
}

void RedisPublisher::say(const policy::SendReport& report) {
  lost_connection_ |= report.error && report.error->code == ErrorCode::kUnavailable;
  if (report.error && !std::exchange(said_unavailable_, true)) {
    spdlog::warn("redis_refused redis={} error=\"{}\"", policy::to_string(options_.endpoint),
                 to_text(*report.error));
  }
}

void RedisPublisher::look_after_disk(const std::stop_token& stop) {
  std::uint64_t waited = 0;  // number behind the events that were there at the last look
  Clock::time_point retry{};
  while (true) {
    bool connected = false;
    {
      std::unique_lock lock{mutex_};
      pause_.wait_for(lock, stop, kSpoolLook, [this] { return hurry_; });
      if (stop.stop_requested()) return;
      if (std::exchange(hurry_, false)) waited = ring_.first_waiting() + ring_.waiting_count();
      connected = counts_.connected;
      if (connected) let_go_of_kept(Clock::now());
    }
    const auto now = Clock::now();
    const bool refused = now < retry || !spool_until(waited);
    if (refused && now >= retry) retry = now + kDiskRetry;
    // While Redis is away nobody knows what it has kept.
    if (connected && spool_) spool_->tidy(now);
    const std::lock_guard lock{mutex_};
    disk_refuses_ = refused;
    waited = ring_.first_waiting() + ring_.waiting_count();
  }
}

/// Moves events with a lower number to the disk. False: it did not take all of them.
bool RedisPublisher::spool_until(std::uint64_t number) {
  while (spool_) {
    std::uint64_t first = 0;
    std::vector<RingEvent> batch;
    {
      const std::lock_guard lock{mutex_};
      first = ring_.first_waiting();
      if (number > first) batch = ring_.waiting(std::min<std::uint64_t>(number - first, kSpoolGroupEvents));
      spooling_ = !batch.empty();
    }
    if (batch.empty()) return true;
    const Spool::Appended appended = spool_->append(batch);
    {
      const std::lock_guard lock{mutex_};
      ring_.advance(appended.done);
      counts_.lost.spool_full += appended.refused;
      counts_.spool_errors += appended.error ? 1U : 0U;
      spooling_ = false;
    }
    changed_.notify_all();
    if (appended.error && !std::exchange(said_disk_, true)) {
      spdlog::error("spool_refused error=\"{}\" effect=\"events wait in memory\"", to_text(*appended.error));
    }
    if (appended.error) return false;
    if (std::exchange(said_disk_, false)) spdlog::info("spool_takes_events");
  }
  return true;
}

void RedisPublisher::let_go_of_kept(Clock::time_point now) {
  for (; !kept_.empty() && now - kept_.front().acknowledged > kKeptTime; kept_.pop_front())
    ring_.let_go(kept_.front().before);
}

/// False when the thread shall stop.
bool RedisPublisher::wait(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  stopping_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace weir::classifier
