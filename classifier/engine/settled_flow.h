// SPDX-License-Identifier: Apache-2.0
// A flow that has its final answer, packed: most flows of a box, most of the time. What its end and another
// policy need (facts, decision, what was said) is kept in a few hundred bytes; for either it becomes a
// FlowContext again. The bytes never leave the process: they hold addresses of literals.
//
// Not kept: what a final flow has no more (inspector, nDPI's state, heads for signatures, bytes to skip).
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>

#include "classifier/engine/flow_context.h"

namespace weir::classifier {

class SettledFlow {
 public:
  SettledFlow() = default;

  [[nodiscard]] static SettledFlow pack(FlowContext& flow);
  /// The flow as it was; this one is empty afterwards. Not for an empty one.
  void unpack_into(FlowContext& flow);

  [[nodiscard]] bool empty() const { return bytes_ == nullptr; }
  [[nodiscard]] Bytes bytes() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::uint32_t generation() const { return generation_; }
  void clear() { *this = {}; }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::uint32_t size_ = 0;
  std::uint32_t generation_ = 0;
};

}  // namespace weir::classifier
