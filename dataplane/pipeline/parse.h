// SPDX-License-Identifier: Apache-2.0
// First stage: bytes -> PacketMeta, or a named drop. What is not IP goes by the pair's ethertype table; what
// is a fragment is counted for the next stage.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

class ParseStage {
 public:
  explicit ParseStage(Path& path) : path_(path) {}
  void operator()(Batch& batch) noexcept;

 private:
  void settle_fragment(Batch& batch, std::size_t i) noexcept;
  /// What is not IP gets its fate here; the counter that is its.
  [[nodiscard]] std::uint64_t& bridge(Batch& batch, std::size_t i) noexcept;
  Path& path_;
};

}  // namespace weir::dataplane
