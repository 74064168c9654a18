// SPDX-License-Identifier: Apache-2.0
// Runs a data plane and a classifier of their own over capture files, in a temporary directory, and hands out
// the events. The children and the directory are gone when `replay` returns, whatever happened.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/flow_event.pb.h"

namespace weir::ctl {

inline constexpr std::size_t kReplayEventBytesMax = 1U << 20U;

struct ReplayOptions {
  std::vector<std::string> captures;
  // Instead of captures: a folder with inside.pcap and outside.pcap, which come in at the ports of the first
  // pair of `settings`; what leaves is written there as out-inside.pcap and out-outside.pcap.
  std::string ports;
  std::string settings;
  std::string policy;     // empty: everything is allowed
  std::string catalogue;  // these five: empty, none
  std::string signatures;
  std::string safe_search;
  std::string country_database;
  std::string asn_database;
  std::chrono::milliseconds longest{0};  // then the children are killed; 0: however long it takes
};

/// Index of the capture, the event.
using ReplayVisitor = std::function<void(std::size_t, const event::FlowEvent&)>;

/// kInvalid: the policy or another file has mistakes (the children's words were passed on to standard error);
/// kSystem: a child broke, with the capture in which it did; kLimit: ended by a signal, or not soon enough.
[[nodiscard]] Result<void> replay(const ReplayOptions& options, const ReplayVisitor& visit);

}  // namespace weir::ctl
