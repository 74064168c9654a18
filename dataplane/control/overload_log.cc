// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/overload_log.h"

#include <spdlog/spdlog.h>

namespace weir::dataplane {

bool OverloadLog::look(std::size_t worker, InspectedLevel level, TimeNs now) {
  Said& said = said_[worker];
  if (level == said.level || now - said.at < kOverloadLogInterval) return false;
  if (level > said.level) {
    spdlog::warn("overload worker={} level={} was={}", worker, to_string(level), to_string(said.level));
  } else {
    spdlog::info("overload worker={} level={} was={}", worker, to_string(level), to_string(said.level));
  }
  said = {.level = level, .at = now};
  return true;
}

}  // namespace weir::dataplane
