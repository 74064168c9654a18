// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/export_state.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "policy/model/text_file.h"

namespace weir::ctl {
namespace {
constexpr std::size_t kExportMetricsBytesMax = 1U << 20U;
}

std::optional<ExportState> export_state(const Settings& settings, TimeNs now) {
  const std::string path = export_metrics_file(settings);
  auto text = read_text_file(path, kExportMetricsBytesMax);
  struct stat about {};
  if (!text || stat(path.c_str(), &about) != 0) return std::nullopt;
  ExportState state{std::move(*text), now - about.st_mtim.tv_sec * kSecond < kExportSilentMax, {}};
  for (const OutputSettings& one : settings.outputs) {
    const std::string sample = fmt::format("weir_export_connected{{output=\"{}\",format=\"{}\"}} 1\n",
                                           one.name, to_string(one.format));
    if (state.metrics.find(sample) == std::string::npos) state.disconnected.push_back(one.name);
  }
  return state;
}

}  // namespace weir::ctl
