// SPDX-License-Identifier: Apache-2.0
// The main thread's loop: control clients, classifiers that come and go, and the signal to stop. Operations,
// one JSON object a line:
//   {"op":"status"}  ports with counters, workers, flows, parked packets, channels, policy revision
//   {"op":"metrics"} "text": every counter in Prometheus' text format
//   {"op":"flows"}   live flows; optional "limit", "address", "port", "state": "decided" | "undecided",
//                    "inspected": ["l4", ...],
//                    "by": "bytes" | "packets": the busiest where there are more than the limit
//   {"op":"capture"} packets into files (capture_desk.h)
//   {"op":"bypass"}  a pair's frames pass unjudged for a time (bypass_control.h)
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/control/bypass_control.h"
#include "dataplane/control/capture_desk.h"
#include "dataplane/control/channel_host.h"
#include "dataplane/control/line_server.h"
#include "dataplane/control/overload_log.h"
#include "dataplane/control/service_manager.h"
#include "dataplane/control/watchdog.h"
#include "dataplane/worker/worker.h"
#include "policy/model/settings.h"

namespace weir::dataplane {

class ControlServer {
 public:
  struct Plant {
    const Settings& settings;
    std::span<const std::unique_ptr<Port>> ports;
    std::span<const std::unique_ptr<Worker>> workers;
    PairBypasses& bypasses;
  };
  [[nodiscard]] static Result<std::unique_ptr<ControlServer>> start(const Plant& plant);

  /// Serves until `stop_fd` is readable.
  void run(int stop_fd);
  /// One wait of at most `timeout_ms`; false when `stop_fd` is readable.
  [[nodiscard]] bool step(int stop_fd, int timeout_ms);

 private:
  explicit ControlServer(const Plant& plant);
  [[nodiscard]] std::string answer(std::string_view line);
  [[nodiscard]] std::string status() const;
  [[nodiscard]] std::string metrics() const;
  [[nodiscard]] std::string flows(std::string_view line);
  void look_after_workers();

  Plant plant_;
  TimeNs started_;
  Watchdog watchdog_;
  OverloadLog overload_log_;
  ServiceManager service_manager_;
  BypassControl bypass_;
  std::unique_ptr<CaptureDesk> captures_;  // nullptr: nothing is remembered
  std::unique_ptr<LineServer> clients_;
  std::vector<std::unique_ptr<ChannelHost>> hosts_;
  std::vector<std::unique_ptr<FlowListRequest>> lists_;  // one a worker, used again
};

}  // namespace weir::dataplane
