// SPDX-License-Identifier: Apache-2.0
// How far a walk over recorded events is: on one line of stderr where that is a terminal, or told to who
// asks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "policy/model/time.h"

namespace weir::ctl {

struct HowFar {
  std::uint64_t done = 0;  // entries that were walked
  std::uint64_t of = 0;    // that are to be walked
  std::uint64_t events = 0;
  double seconds = 0;   // since it began
  TimeNs recorded = 0;  // of the entry that was walked last

  /// From 0 to 1; of nothing: 1.
  [[nodiscard]] double part() const;
  /// At the present rate; nullopt: not known yet.
  [[nodiscard]] std::optional<double> seconds_left() const;
};

class Progress {
 public:
  using Tell = std::function<void(const HowFar&)>;

  /// `entries`: of all streams together. `tell`: hears of it a few times a second, instead of stderr.
  explicit Progress(std::uint64_t entries, Tell tell = {});
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
  Tell tell_;
  bool shown_;
  bool drawn_ = false;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point next_ = begun_ + std::chrono::seconds{1};
};

/// "[#######.............]  35 %  1.2 M events, 480 k/s, 4 s left, back to 2026-11-26T10:00:00Z"
[[nodiscard]] std::string progress_text(const HowFar& far);

}  // namespace weir::ctl
