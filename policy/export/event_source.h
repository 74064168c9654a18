// SPDX-License-Identifier: Apache-2.0
// The events of this appliance's flow streams for one output, as its own consumer group: what it has not
// acknowledged is given again, and no other reader waits for it.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/bus/stream_reader.h"
#include "policy/export/counters.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/settings.h"

namespace weir::output {

inline constexpr std::uint32_t kReadAtOnceMax = 20;  // entries of one stream, of up to 256 events each
inline constexpr std::size_t kSourcesMax =
    1'024;  // classifiers whose numbers are followed; then all begin anew
inline constexpr std::string_view kGroupPrefix = "weir-export-";

struct EventBatch {
  std::vector<policy::StreamEntry> entries;
  std::vector<event::FlowEvent> events;
};

/// Numbers that were jumped over: events that are not in the stream any more.
class SequenceGaps {
 public:
  /// How many events are missing before this one.
  [[nodiscard]] std::uint64_t note(const event::EventId& id);

 private:
  std::unordered_map<std::string, std::uint64_t> last_;
};

class EventSource {
 public:
  EventSource(const Settings& settings, std::string output, Counters& counters);

  /// Waits up to `block`; connects where it is not.
  [[nodiscard]] Result<EventBatch> read(std::chrono::milliseconds block);
  [[nodiscard]] Result<void> acknowledge(const EventBatch& batch);

 private:
  [[nodiscard]] Result<void> connect();

  policy::RedisEndpoint endpoint_;
  std::vector<std::string> streams_;
  std::string group_;
  Counters& counters_;
  SequenceGaps gaps_;
  std::optional<policy::StreamReader> reader_;
};

/// Removes the groups of outputs that are not in the settings any more: nothing may wait for them. Gives
/// their names.
[[nodiscard]] Result<std::vector<std::string>> remove_old_groups(const Settings& settings);

}  // namespace weir::output
