// SPDX-License-Identifier: Apache-2.0
// How telling the receivers of notifications goes, in Prometheus' text format.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "policy/notify/spool.h"

namespace weir::ctl {

struct ReceiverState {
  std::string name;
  std::optional<std::uint64_t> owed{};  // violations to tell; nullopt: the store does not say
  std::size_t waiting = 0;              // messages in the spool
  notify::Progress progress{};
};

[[nodiscard]] std::string notify_metrics(std::span<const ReceiverState> receivers);

}  // namespace weir::ctl
