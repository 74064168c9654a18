// SPDX-License-Identifier: Apache-2.0
// How long a flow's responder takes to begin its answers: from the last bytes of a request to the first bytes
// that come back. Only of what the classifier is shown; a flow that is decided is shown no more.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/channel/messages.h"
#include "policy/model/time.h"

namespace weir::classifier {

class ResponseTimes {
 public:
  /// Payload went by.
  void note(channel::Direction direction, TimeNs now) noexcept {
    if (direction == channel::Direction::kFromInitiator) {
      asked_ = now;
      waiting_ = true;
      return;
    }
    if (!waiting_) return;
    waiting_ = false;
    const auto took = static_cast<std::uint64_t>(std::max<TimeNs>(now - asked_, 0) / kMicrosecond);
    ++count_;
    sum_us_ += took;
    max_us_ = std::max(max_us_, took);
  }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t mean_us() const noexcept { return count_ == 0 ? 0 : clamp(sum_us_ / count_); }
  [[nodiscard]] std::uint32_t max_us() const noexcept { return clamp(max_us_); }

 private:
  static std::uint32_t clamp(std::uint64_t us) noexcept {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(us, 0xffff'ffffU));
  }
  TimeNs asked_ = 0;
  std::uint64_t sum_us_ = 0;
  std::uint64_t max_us_ = 0;
  std::uint32_t count_ = 0;
  bool waiting_ = false;
};

}  // namespace weir::classifier
