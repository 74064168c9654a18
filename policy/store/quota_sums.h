// SPDX-License-Identifier: Apache-2.0
// The rows of quotas and of their minutes that one transaction touches: read when first asked for, changed in
// memory, written at the commit. What the database throws comes through.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "policy/store/records.h"

namespace soci {
class session;
}

namespace weir::policy {

class QuotaSums {
 public:
  /// Made where it is missing; from then on nobody else changes it.
  [[nodiscard]] QuotaRecord get(soci::session& sql, const std::string& rule, const std::string& subject,
                                TimeNs begins, TimeNs ends);
  void put(const QuotaRecord& record);
  /// Adds to a minute, gives the sum.
  [[nodiscard]] std::uint64_t add_to_minute(soci::session& sql, const std::string& rule,
                                            const std::string& subject, std::int64_t minute,
                                            std::uint64_t bytes);
  /// Writes what changed and forgets all: for statements that see the tables, and at the end.
  void write(soci::session& sql);
  [[nodiscard]] bool added() const { return added_; }
  [[nodiscard]] bool minutes_written() const { return minutes_written_; }

 private:
  struct Row {
    QuotaRecord record;
    bool changed = false;
  };
  std::map<std::tuple<std::string, std::string, TimeNs>, Row> rows_;  // rule, subject, begins
  std::map<std::tuple<std::int64_t, std::string, std::string>, std::uint64_t>
      minutes_;  // minute, rule, subject
  bool added_ = false;
  bool minutes_written_ = false;
};

}  // namespace weir::policy
