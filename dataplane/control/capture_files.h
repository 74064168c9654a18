// SPDX-License-Identifier: Apache-2.0
// The folder of captures: names new files, and removes the oldest so that neither their number nor their
// bytes go beyond what the settings allow. It touches only files that are named as it names them.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "policy/model/error.h"
#include "policy/model/settings.h"
#include "policy/model/time.h"

namespace weir::dataplane {

inline constexpr std::uint64_t kCaptureFileBytesMax = 16U << 20U;

class CaptureFiles {
 public:
  explicit CaptureFiles(const CaptureSettings& settings) : settings_(settings) {}

  /// The path of a new file; there is room for it. `in_use`: paths that are being written and stay.
  [[nodiscard]] Result<std::string> next(TimeNs now, std::string_view what,
                                         const std::set<std::string>& in_use);
  /// Of one file: so small that all that are written at the same time fit.
  [[nodiscard]] std::uint64_t file_bytes_max() const;

 private:
  const CaptureSettings& settings_;
  std::uint64_t made_ = 0;
};

}  // namespace weir::dataplane
