// SPDX-License-Identifier: Apache-2.0
// What detectors remember: sums over windows of the events' time, and what they have seen before. Part of the
// transaction of the events it comes from, so that it counts each event once, whatever crashes and however
// many engines there are. It knows nothing of what is counted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"
#include "policy/store/store.h"

namespace weir::policy {

/// Further items or flows of one window are left out.
inline constexpr std::size_t kWindowItemsBytesMax = 8'192;
inline constexpr std::size_t kWindowFlowsBytesMax = 512;

/// What is counted about: by one detector of one subject and object.
struct DetectKey {
  std::string detector;
  std::string subject;
  std::string object;  // may be empty
  auto operator<=>(const DetectKey&) const = default;
};

/// Adds `item` with its blank behind it, where it is not among the items and there is room for it.
void add_item(std::string& items, std::string_view item, std::size_t bytes_max);

/// Calls visit(item) for each.
template <typename Visit>
void each_item(std::string_view items, Visit visit) {
  while (!items.empty()) {
    const std::size_t blank = std::min(items.find(' '), items.size());
    if (blank > 0) visit(items.substr(0, blank));
    items.remove_prefix(std::min(blank + 1, items.size()));
  }
}

/// Sums, whose meaning is the detector's.
struct DetectSums {
  std::int64_t n = 0;
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::int64_t c = 0;
  std::int64_t most = 0;  // the greatest of what was added
  TimeNs first = 0;       // the earliest of what was added
  std::string items{};    // each with a blank behind it; the same one may stand there twice
  std::string flows{};    // ids, likewise, different ones: the first
};

struct DetectWindow {
  std::int64_t id = 0;
  TimeNs begins = 0;
  TimeNs width = 0;
  DetectSums sums;
  bool said = false;  // it was a violation
};

struct DetectKnown {
  std::int64_t id = 0;
  TimeNs first = 0;
  TimeNs last = 0;
  std::int64_t days = 0;  // days of UTC on which it was noted, as far as they came in order
  std::int64_t mark = 0;  // the detector's own, as is `said`; 0 in a new row
  std::int64_t said = 0;
};

/// Use it within one batch, and let it go before the commit.
class DetectStore {
 public:
  explicit DetectStore(Batch& batch);
  DetectStore(const DetectStore&) = delete;
  DetectStore& operator=(const DetectStore&) = delete;
  ~DetectStore();

  /// Adds to a window, which is made where it is missing; gives its sums.
  [[nodiscard]] Result<DetectWindow> add(const DetectKey& key, TimeNs begins, TimeNs width,
                                         const DetectSums& more);
  [[nodiscard]] Result<void> set_said(const DetectWindow& window);
  /// Of the same width, those that begin at `until` or before, the newest first, at most `count`; without
  /// items and flows.
  [[nodiscard]] Result<std::vector<DetectWindow>> past(const DetectKey& key, TimeNs until, TimeNs width,
                                                       std::uint32_t count);
  /// Notes that it was there at that time; gives what is known, with this.
  [[nodiscard]] Result<DetectKnown> note(const DetectKey& key, TimeNs at);
  /// Changes `mark` and `said`.
  [[nodiscard]] Result<void> put(const DetectKnown& known);
  struct Stale {
    std::string object;
    DetectKnown known;
  };
  /// Objects of the subject with `said` 0 and a mark of at most `mark`, by name; at most `count`.
  [[nodiscard]] Result<std::vector<Stale>> stale(const std::string& detector, const std::string& subject,
                                                 std::int64_t mark, std::uint32_t count);
  struct Trimmed {
    std::int64_t rows = 0;             // that went
    std::vector<std::string> crowded;  // detectors of which windows went that were not over
  };
  /// Keeps the tables within their limits, each detector's rows for themselves.
  [[nodiscard]] Result<Trimmed> trim();

 private:
  struct Statements;
  Statements& statements();  // prepared with the first use
  Batch::Work& work_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace weir::policy
