// SPDX-License-Identifier: Apache-2.0
// How far a walk over recorded events is, on one line of stderr where that is a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "policy/model/time.h"

namespace weir::ctl {

class Progress {
 public:
  /// `entries`: of all streams together.
  explicit Progress(std::uint64_t entries);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// An entry was walked; so many events up to now, the last one recorded at `recorded`.
  void step(std::uint64_t events, TimeNs recorded);
  /// So many entries will not be walked.
  void skip(std::uint64_t entries);
  [[nodiscard]] std::uint64_t done() const { return done_; }

 private:
  using Clock = std::chrono::steady_clock;

  std::uint64_t entries_;
  std::uint64_t done_ = 0;
  bool shown_;
  bool drawn_ = false;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point next_ = begun_ + std::chrono::seconds{1};
};

/// "[#######.............]  35 %  1.2 M events, 480 k/s, 4 s left, back to 2026-11-26T10:00:00Z"
[[nodiscard]] std::string progress_text(std::uint64_t done, std::uint64_t of, std::uint64_t events,
                                        double seconds, TimeNs recorded);

}  // namespace weir::ctl
