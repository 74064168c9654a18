// SPDX-License-Identifier: Apache-2.0
// Where the settings put what the processes share: sockets, files and folders.
#include <fmt/format.h>

#include "policy/model/settings.h"

namespace weir {

std::string flow_file(const Settings& settings, unsigned worker) {
  return fmt::format("{}/flows-{}", settings.run_directory, worker);
}

std::string notify_directory(const Settings& settings) { return settings.state_directory + "/notify"; }

std::string control_socket(const Settings& settings) { return settings.run_directory + "/dataplane.sock"; }

std::string channel_socket(const Settings& settings, unsigned worker) {
  return fmt::format("{}/channel-{}.sock", settings.run_directory, worker);
}

std::string classifier_socket(const Settings& settings, unsigned worker) {
  return fmt::format("{}/classifier-{}.sock", settings.run_directory, worker);
}

std::string export_metrics_file(const Settings& settings) {
  return settings.run_directory + "/export/metrics";
}

std::string event_ring(const Settings& settings, unsigned worker) {
  return settings.run_directory + "/events-" + std::to_string(worker);
}

std::string spool_folder(const Settings& settings, unsigned worker) {
  return settings.state_directory + "/spool/" + std::to_string(worker);
}

}  // namespace weir
