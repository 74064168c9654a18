// SPDX-License-Identifier: Apache-2.0
// Fifth stage: packets of decided flows get their flow's verdict.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

class EnforceStage {
 public:
  explicit EnforceStage(Path& path) : path_(path) {}
  void operator()(Batch& batch) noexcept;

 private:
  Path& path_;
};

}  // namespace weir::dataplane
