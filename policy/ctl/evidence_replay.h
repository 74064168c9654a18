// SPDX-License-Identifier: Apache-2.0
// Plays the packets of a bundle through a data plane and a classifier of this machine, under the policy in
// the bundle, and compares what they say with what was said then.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/evidence/bundle.h"
#include "policy/evidence/verdict.h"
#include "policy/model/error.h"

namespace weir::ctl {

inline constexpr unsigned kReplayWorkersMax = 16;

struct ReplayedFlow {
  std::string id;
  evidence::Verdict recorded;
  evidence::Verdict by_facts;     // of the policy over what was known then
  evidence::Verdict by_packets;   // of the whole pipeline; empty: it saw no such flow
  bool last_event_alone = false;  // earlier ones, and what they say was hit, are not in the bundle
  bool has_packets = false;
  std::vector<std::string> differences;  // between what was known then and what is known now

  [[nodiscard]] bool same_by_facts() const { return covers(by_facts); }
  [[nodiscard]] bool same_by_packets() const { return covers(by_packets); }

 private:
  /// The same word by the same rule; what was hit as well, as far as it was recorded.
  [[nodiscard]] bool covers(const evidence::Verdict& now) const;
};

/// With `workers` data planes side by side, each with its share of the flows, as workers of one share out the
/// clients and nothing else. `beside`: where files are looked for that the bundle leaves out; empty: nowhere.
/// kInvalid: the policy does not compile here, as a file is missing; kSystem: a program broke.
[[nodiscard]] Result<std::vector<ReplayedFlow>> replay_evidence(const evidence::Opened& bundle,
                                                                unsigned workers, const std::string& beside);

}  // namespace weir::ctl
