// SPDX-License-Identifier: Apache-2.0
// The data plane's state as JSON, for the control socket. Every counter goes by the name that
// drop_reason_texts and the exception table give it.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "dataplane/io/port.h"
#include "dataplane/pipeline/counters.h"
#include "dataplane/worker/flow_list.h"
#include "policy/model/settings.h"

namespace weir::dataplane {

/// `counters` by port, over all workers. `ports` may be empty (a replay): then only the counters are told.
[[nodiscard]] nlohmann::json ports_json(const Settings& settings,
                                        std::span<const std::unique_ptr<Port>> ports,
                                        std::span<const PortCounters> counters);
/// `ethertypes` is that of the port's pair.
[[nodiscard]] nlohmann::json port_counters_json(const PortCounters& counters,
                                                const EthertypeTable& ethertypes);
[[nodiscard]] nlohmann::json worker_counters_json(const PipelineCounters& counters);
[[nodiscard]] nlohmann::json flow_json(const FlowRow& row);

}  // namespace weir::dataplane
