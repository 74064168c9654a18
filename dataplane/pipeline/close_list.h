// SPDX-License-Identifier: Apache-2.0
// Ends of flows that wait for room in the channel: a bounded queue that never allocates after construction.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/channel/messages.h"

namespace weir::dataplane {

struct ClosedFlow {
  channel::FlowRef flow;
  channel::FlowClosed closed;
};

class CloseList {
 public:
  explicit CloseList(std::uint32_t capacity) : ring_(capacity) {}
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t memory_bytes() const { return ring_.size() * sizeof(ClosedFlow); }
  [[nodiscard]] const ClosedFlow& front() const { return ring_[first_]; }
  void pop() {
    first_ = (first_ + 1) % ring_.size();
    --count_;
  }
  /// False when the list is full.
  [[nodiscard]] bool push(const ClosedFlow& flow) {
    if (count_ == ring_.size()) return false;
    ring_[(first_ + count_) % ring_.size()] = flow;
    ++count_;
    return true;
  }

 private:
  std::vector<ClosedFlow> ring_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace weir::dataplane
