// SPDX-License-Identifier: Apache-2.0
// Which events of each source were applied (README.md, "Exactness"), in memory while a transaction lasts:
// read when a source is first met, written at the commit. Its first statement writes, so that from then on
// nobody else changes the source. What the database throws comes through.
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "policy/store/records.h"

namespace soci {
class session;
}

namespace weir::policy {

/// The numbers of one source. Pure.
struct AppliedNumbers {
  std::int64_t high = 0;                      // the highest applied
  std::map<std::int64_t, std::int64_t> gaps;  // first, last of each range below it that was not
  std::int64_t lost = 0;                      // numbers of gaps that were given up

  /// True, once, for each number from 1 on. `changed` is set when gaps changed.
  [[nodiscard]] bool take(std::int64_t sequence, std::size_t gaps_max, bool& changed);
};

class Sources {
 public:
  [[nodiscard]] bool take(soci::session& sql, const EventKey& key, TimeNs now, const StoreLimits& limits);
  /// Writes what changed. Gives how many events were given up.
  [[nodiscard]] std::int64_t write(soci::session& sql) const;
  /// One was met that the database did not know.
  [[nodiscard]] bool added() const { return added_; }

 private:
  struct Source {
    EventKey key;  // its sequence means nothing
    std::int64_t id = 0;
    std::int64_t high_before = 0;
    bool gaps_changed = false;
    AppliedNumbers numbers;
  };
  [[nodiscard]] Source& source_of(soci::session& sql, const EventKey& key, TimeNs now);

  std::deque<Source> sources_;  // few: one a running classifier
  Source* last_ = nullptr;
  bool added_ = false;
};

}  // namespace weir::policy
