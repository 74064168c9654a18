// SPDX-License-Identifier: Apache-2.0
// The packets of a flow, or the files with an address, among the data plane's capture files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/evidence/pcapng.h"
#include "policy/model/flow_event.pb.h"

namespace weir::evidence {

inline constexpr std::size_t kCaptureFileBytesMax = 64U << 20U;
inline constexpr std::size_t kFlowPacketsMax = 100'000;

/// What a flow's id says (docs/events.md).
struct FlowNumber {
  std::uint32_t worker = 0;
  std::uint64_t number = 0;
};
[[nodiscard]] std::optional<FlowNumber> number_in(std::string_view flow_id);

/// The packets that Weir has of it, in their order, without those that are there twice. Those are meant that
/// lie between its start and its end, carry its number and have its addresses: numbers begin anew after a
/// restart.
[[nodiscard]] std::vector<Packet> packets_of(const std::string& directory, const event::FlowEvent& flow);

/// Files with a packet of this address (of an address; nothing else is in packets for sure), also within a
/// tunnel.
[[nodiscard]] std::vector<std::string> captures_of(const std::string& directory, const std::string& subject);
/// kSystem: one could not be removed.
[[nodiscard]] Result<void> remove_captures(const std::vector<std::string>& files);

}  // namespace weir::evidence
