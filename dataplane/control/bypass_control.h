// SPDX-License-Identifier: Apache-2.0
// The bypass by hand while the data plane lives: its workers forward every frame of a pair without asking
// anybody, until somebody turns it off or its time is over. It outlives a restart (bypass/manual.h). Every
// second of it, and every second in which no data plane ran, is in the audit log.
//
// Threads: the control thread.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "dataplane/bypass/manual.h"
#include "dataplane/control/pair_bypasses.h"
#include "dataplane/pipeline/counters.h"

namespace weir::dataplane {

struct Moment {
  TimeNs monotonic = 0;
  TimeNs wall = 0;
};

class BypassControl {
 public:
  /// Bit n: pair n. Handed to every worker.
  using SetPairs = std::function<void(std::uint32_t)>;
  BypassControl(const Settings& settings, PairBypasses& bypasses, SetPairs set_pairs)
      : settings_(settings), bypasses_(bypasses), set_pairs_(std::move(set_pairs)) {}

  /// Before the workers run: takes up what is in the state file, records the time without a data plane.
  void begin(Moment now);
  /// {"op":"bypass", "do":"on"|"off", "pair":..., "for_s":..., "reason":...}; without a pair: all of them.
  [[nodiscard]] nlohmann::json request(std::string_view line, std::uint32_t uid, Moment now);
  /// Ends what is over, counts, says that Weir lives. Several times a second.
  void look(Moment now);

  /// `ports` over all workers. Of each pair: what happens when Weir dies, and its bypass by hand.
  [[nodiscard]] nlohmann::json pairs_json(std::span<const PortCounters> ports) const;

 private:
  struct Active {
    ManualBypass manual;
    TimeNs ends = 0;  // monotonic
  };
  struct Wish {
    bool on = false;
    std::vector<std::size_t> pairs;
    ManualBypass manual;
  };
  [[nodiscard]] Result<Wish> understand(std::string_view line, std::uint32_t uid, Moment now) const;
  void end(std::size_t pair, const std::string& why, TimeNs ended);
  [[nodiscard]] Result<void> keep() const;
  void tell_workers() const;
  void audit(const AuditLine& line) const;
  void stamp_alive() const;

  const Settings& settings_;
  PairBypasses& bypasses_;
  SetPairs set_pairs_;
  std::map<std::size_t, Active> active_;    // by pair
  std::map<std::size_t, TimeNs> bypassed_;  // time in bypass so far, by pair
  TimeNs looked_ = 0;
  TimeNs stamped_ = 0;
};

}  // namespace weir::dataplane
