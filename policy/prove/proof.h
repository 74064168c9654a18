// SPDX-License-Identifier: Apache-2.0
// Whether canaries met what their rules say: by the classifier's events, and by what left at the other port.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/flow_event.pb.h"
#include "policy/prove/conversation.h"

namespace weir::prove {

/// kTaken: what was recognised of the flow makes another rule speak for it; nothing is wrong, and nothing
/// shown.
enum class Fate : std::uint8_t { kProved, kUnproved, kTaken };

struct Outcome {
  const Played* played = nullptr;
  Fate fate = Fate::kUnproved;
  std::string why;      // empty: proved
  std::string flow_id;  // of the replay; empty: no event named the flow
};

class Proof {
 public:
  /// At most kCanariesMax canaries.
  Proof(const policy::Policy& policy, std::vector<Canary> canaries);

  /// Writes inside.pcap and outside.pcap.
  [[nodiscard]] Result<void> write(const std::string& folder) const;
  void take(const event::FlowEvent& event);
  /// After the last event. Reads out-inside.pcap and out-outside.pcap; an error: they cannot be read.
  [[nodiscard]] Result<std::vector<Outcome>> outcomes(const std::string& folder) const;

 private:
  [[nodiscard]] Outcome judge(const Played& played, const std::string& left) const;

  const policy::Policy& policy_;
  PortFrames frames_;
  std::vector<Played> played_;
  std::map<TimeNs, std::vector<event::FlowEvent>> events_;  // by the stamp of the flow's first frame
};

}  // namespace weir::prove
