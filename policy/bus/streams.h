// SPDX-License-Identifier: Apache-2.0
// Names of what lives in Redis; docs/events.md describes them, images/overlay/etc/weir/redis/users.acl guards
// them.
#pragma once

#include <string>
#include <string_view>

namespace weir::policy {

inline constexpr std::string_view kFlowStreamPrefix = "weir:flows:";  // + worker, decimal
inline constexpr std::string_view kStreamRegistry = "weir:streams";   // set: names of the flow streams
inline constexpr std::string_view kDeadStream = "weir:dead";          // entries that no engine could read
inline constexpr std::string_view kFactsStream = "weir:facts";        // what the engine tells classifiers
inline constexpr std::string_view kEngineGroup = "weir-engine";       // consumer group of every flow stream
inline constexpr std::string_view kPayloadField = "e";                // the serialised message of an entry

[[nodiscard]] inline std::string flow_stream(unsigned worker) {
  return std::string{kFlowStreamPrefix} + std::to_string(worker);
}

/// Where several appliances share a Redis: weir:flows:{north:0}. The braces make one slot of whatever else
/// belongs to this stream.
[[nodiscard]] inline std::string flow_stream(std::string_view appliance, unsigned worker) {
  return std::string{kFlowStreamPrefix} + "{" + std::string{appliance} + ":" + std::to_string(worker) + "}";
}

}  // namespace weir::policy
