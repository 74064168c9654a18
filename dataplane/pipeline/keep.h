// SPDX-License-Identifier: Apache-2.0
// Takes over the decided flows that the process before this one left in its flow file, before the first
// packet. Those of which Weir knew more than a flow entry holds (rates, edited streams, tunnels, verdicts
// that expire) are left out: they are asked about at their next packet, as every flow is that Weir meets in
// the middle.
#pragma once

#include "dataplane/flow/flow_file.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

struct FlowsTaken {
  std::uint32_t taken = 0;
  std::uint32_t left_out = 0;  // were there, and are not taken
};
/// A flow goes on under a new number: the classifier has said the end of the old one.
[[nodiscard]] FlowsTaken take_over(Path& path, const KeptFlows& kept, TimeNs now) noexcept;

}  // namespace weir::dataplane
