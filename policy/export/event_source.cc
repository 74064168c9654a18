// SPDX-License-Identifier: Apache-2.0
#include "policy/export/event_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/bus/event_batch.h"
#include "policy/bus/stream_groups.h"
#include "policy/bus/stream_registry.h"
#include "policy/engine/event_codec.h"

namespace weir::output {
namespace {

/// The events of one entry; those that are none are counted.
void decode(const policy::StreamEntry& entry, std::vector<event::FlowEvent>& events, Counters& counters) {
  const auto opened = policy::open_batch(entry.payload);
  if (!opened) return counters.lose(Loss::kUnreadable);
  for (const std::string_view bytes : opened->events) {
    auto event = policy::decode_event(bytes);
    if (event) {
      events.push_back(std::move(*event));
    } else {
      counters.lose(Loss::kUnreadable);
    }
  }
}

}  // namespace

std::uint64_t SequenceGaps::note(const event::EventId& id) {
  if (last_.size() >= kSourcesMax) last_.clear();
  const std::string source = fmt::format("{}/{:x}/{}", id.appliance(), id.boot(), id.worker());
  const auto [known, first] = last_.try_emplace(source, id.sequence());
  if (first || id.sequence() <= known->second) return 0;
  const std::uint64_t missing = id.sequence() - known->second - 1;
  known->second = id.sequence();
  return missing;
}

EventSource::EventSource(const Settings& settings, std::string output, Counters& counters)
    : endpoint_(policy::endpoint_of(settings.redis, policy::RedisUser::kExport)),
      streams_(policy::flow_streams(settings)),
      group_(std::string{kGroupPrefix} + std::move(output)),
      counters_(counters) {}

Result<void> EventSource::connect() {
  auto connection = policy::RedisConnection::connect(endpoint_);
  if (!connection) return tl::unexpected(connection.error());
  reader_.emplace(std::move(*connection), group_, "weir-export", streams_);
  auto created = reader_->create_group();
  if (!created) reader_.reset();
  return created;
}

Result<EventBatch> EventSource::read(std::chrono::milliseconds block) {
  if (!reader_) {
    if (auto connected = connect(); !connected) return tl::unexpected(connected.error());
  }
  auto entries = reader_->read(kReadAtOnceMax, block);
  if (!entries) {
    reader_.reset();
    return tl::unexpected(entries.error());
  }
  EventBatch batch{std::move(*entries), {}};
  for (const policy::StreamEntry& entry : batch.entries) {
    if (entry.gone) {
      counters_.lose(Loss::kTrimmed);
    } else {
      decode(entry, batch.events, counters_);
    }
  }
  for (const event::FlowEvent& event : batch.events) counters_.lose(Loss::kTrimmed, gaps_.note(event.id()));
  return batch;
}

Result<void> EventSource::acknowledge(const EventBatch& batch) {
  if (!reader_) return failure(ErrorCode::kUnavailable, "Redis is not connected");
  auto done = reader_->acknowledge(batch.entries);
  if (done) return {};
  reader_.reset();
  return tl::unexpected(done.error());
}

Result<std::vector<std::string>> remove_old_groups(const Settings& settings) {
  auto connection =
      policy::RedisConnection::connect(policy::endpoint_of(settings.redis, policy::RedisUser::kExport));
  if (!connection) return tl::unexpected(connection.error());
  std::vector<std::string> removed;
  for (const std::string& stream : policy::flow_streams(settings)) {
    const auto groups = policy::groups_of(*connection, stream);
    if (!groups) return tl::unexpected(groups.error());
    for (const std::string& group : *groups) {
      const bool used = std::ranges::any_of(settings.outputs, [&](const OutputSettings& one) {
        return group == std::string{kGroupPrefix} + one.name;
      });
      if (!group.starts_with(kGroupPrefix) || used) continue;
      if (auto gone = policy::remove_group(*connection, stream, group); !gone)
        return tl::unexpected(gone.error());
      if (std::ranges::find(removed, group) == removed.end()) removed.push_back(group);
    }
  }
  return removed;
}

}  // namespace weir::output
