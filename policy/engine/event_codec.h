// SPDX-License-Identifier: Apache-2.0
// Bytes of an event, from and to. What `decode_event` lets through can be relied on: an id that counts, a
// known kind, a flow id, addresses that parse, ports and protocol in range, texts in UTF-8. Unknown fields
// are kept.
#pragma once

#include <string>
#include <string_view>

#include "policy/bus/event_batch.h"
#include "policy/model/error.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/flow_facts.h"

namespace weir::policy {

inline constexpr std::size_t kFlowIdBytesMax = 64;
inline constexpr std::size_t kApplianceBytesMax = 32;
inline constexpr int kRepeatedMax = 256;  // hits, steps, software, recipients ... of one event

/// One event (of event_batch.h). kCorrupt with the reason in words.
[[nodiscard]] Result<event::FlowEvent> decode_event(std::string_view payload);
/// The same into an event whose memory is used again; after an Error its fields mean nothing.
[[nodiscard]] Result<void> decode_event(std::string_view payload, event::FlowEvent& event);

/// Reads one event after the other into the same memory, without their paths: half of most events, which an
/// engine has no use for.
class EventReader {
 public:
  /// As decode_event, but that steps of the path are counted only. Holds until the next one is read.
  [[nodiscard]] Result<const event::FlowEvent*> read(std::string_view payload);

 private:
  event::FlowEvent event_;
  std::string without_path_;
};

/// One line of JSON with the field names of the schema; only fields that are set.
[[nodiscard]] Result<std::string> event_to_json(const event::FlowEvent& event);
[[nodiscard]] Result<event::FlowEvent> event_from_json(const std::string& json);

/// The flow's ends as an address type; only for an event that was decoded here.
[[nodiscard]] FiveTuple tuple_of(const event::FlowEvent& event);
/// The inside end.
[[nodiscard]] const std::string& client_of(const event::FlowEvent& event);
[[nodiscard]] const std::string& peer_of(const event::FlowEvent& event);

}  // namespace weir::policy
