// SPDX-License-Identifier: Apache-2.0
// Facts and a decision become a FlowEvent (policy/model/flow_event.proto). Hostile strings go through
// clean_text, lists are cut to the limit below. What facts become is in event_facts.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/channel/messages.h"
#include "policy/model/decision.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kEventListMax = 64;  // entries of one repeated field

struct EventOrigin {
  std::string appliance;
  std::uint64_t boot = 0;  // random, chosen at the start of this process
  std::uint32_t worker = 0;
};

/// What an event says of a flow besides its facts and decision.
struct FlowStory {
  const FlowFacts& facts;
  const Decision& decision;
  std::uint64_t number = 0;  // of the flow at its worker
  std::uint16_t pair = 0;
  std::uint16_t icmp_type = 0;  // of the first packet, for the Community ID
  std::uint16_t icmp_code = 0;
  std::uint32_t exceptions = 0;         // bit n: ExceptionCause n
  std::span<const RuleHit> new_hits{};  // not yet said by an earlier event
  std::span<const DecisionStep> path{};
};

class EventBuilder {
 public:
  /// `pair_names` by index; a pair without a name is called by its index.
  EventBuilder(EventOrigin origin, std::vector<std::string> pair_names);

  /// Each call takes the next sequence number. The event stays as it is until the next call: one object
  /// serves all, so that its strings and parts keep their memory.
  [[nodiscard]] event::FlowEvent& build(event::Kind kind, TimeNs time, const FlowStory& story);
  /// FINAL only: counters and how it ended.
  static void add_end(event::FlowEvent& event, const channel::FlowClosed& closed);

  /// Flows have their numbers from the data plane that began as `boot`; 0: they go with this process. With a
  /// data plane's, a flow keeps its name when the next classifier takes it over.
  void number_flows_by(std::uint64_t boot) { flows_boot_ = boot != 0 ? boot : origin_.boot; }
  /// What names a flow everywhere, by its number at this worker.
  [[nodiscard]] std::string flow_id(std::uint64_t number) const;
  [[nodiscard]] const EventOrigin& origin() const { return origin_; }

 private:
  EventOrigin origin_;
  std::vector<std::string> pair_names_;
  std::uint64_t flows_boot_;
  std::uint64_t sequence_ = 0;
  event::FlowEvent event_;
};

}  // namespace weir::classifier
