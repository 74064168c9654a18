// SPDX-License-Identifier: Apache-2.0
// What of this host Weir's speed and safety hang on, as the kernel tells it in /proc, /sys and /run. Looks
// only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/settings.h"

namespace weir::ctl {

enum class HostState : std::uint8_t { kGood, kWrong, kUnknown };
[[nodiscard]] const char* to_string(HostState state);

struct HostCheck {
  std::string about;  // hugepages, iommu, driver, numa, rss, clock; of a port with its device
  HostState state = HostState::kUnknown;
  std::string what;    // as it is
  std::string advice;  // what to do, where it is wrong
};

/// In the order in which one would mend them. `root` is the folder that stands for / (tests).
[[nodiscard]] std::vector<HostCheck> check_host(const Settings& settings, const std::string& root);

/// Memory that the packet buffers need, in bytes.
[[nodiscard]] std::uint64_t packet_memory(const MemorySettings& memory);

}  // namespace weir::ctl
