// SPDX-License-Identifier: Apache-2.0
// Last stage: survivors leave at the other port of the pair, the rest is freed under its reason.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

class TransmitStage {
 public:
  explicit TransmitStage(Path& path) : path_(path) {}
  void operator()(Batch& batch) noexcept;

 private:
  Path& path_;
};

}  // namespace weir::dataplane
