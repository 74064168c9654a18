// SPDX-License-Identifier: Apache-2.0
// Two policies over the events that streams hold, walked from the newest backwards: a flow's final event
// comes first.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/bus/stream_browser.h"
#include "policy/ctl/progress.h"
#include "policy/ctl/what_if.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/flow_facts.h"
#include "policy/model/time.h"

namespace weir::policy {
class Policy;
}

namespace weir::ctl {

class RecordedWhatIf {
 public:
  using FlowVisitor = std::function<void(const JudgedFlow&)>;

  /// `visit` is given each flow once, judged by both over all its events.
  RecordedWhatIf(std::shared_ptr<const policy::Policy> running,
                 std::shared_ptr<const policy::Policy> candidate, TimeNs since, FlowVisitor visit)
      : running_(std::move(running)),
        candidate_(std::move(candidate)),
        since_(since),
        visit_(std::move(visit)) {}

  /// False: it was recorded before `since`.
  bool add(const event::FlowEvent& event, TimeNs recorded);
  /// Gives those that were opened before what was walked, or went on without being opened.
  void finish();

  [[nodiscard]] TimeNs oldest() const { return oldest_; }  // INT64_MAX: nothing was added
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  std::shared_ptr<const policy::Policy> running_;
  std::shared_ptr<const policy::Policy> candidate_;
  TimeNs since_;
  FlowVisitor visit_;
  std::unordered_map<std::string, JudgedFlow> flows_;  // by id; those whose opening was not walked yet
  TimeNs oldest_ = INT64_MAX;
  std::uint64_t events_ = 0;
};

/// Gives `recorded` all events of these streams back to its beginning, while `goes_on` (empty: always).
/// `tell` as of Progress.
[[nodiscard]] Result<void> walk_recorded(policy::StreamBrowser& streams,
                                         const std::vector<std::string>& names, RecordedWhatIf& recorded,
                                         const Progress::Tell& tell = {},
                                         const std::function<bool()>& goes_on = {});

/// Who, what and how much, as the event knows it.
void describe(JudgedFlow& flow, const event::FlowEvent& event);

}  // namespace weir::ctl
