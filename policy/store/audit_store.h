// SPDX-License-Identifier: Apache-2.0
// The rows of the audit log, as they are: what makes a chain of them is policy/audit/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/time.h"
#include "policy/store/store.h"

namespace weir::policy {

inline constexpr std::size_t kAuditRowsMax = 1'000'000;  // that one query gives

struct AuditRow {
  std::int64_t number = 0;  // counts from 1 without a gap
  TimeNs at = 0;
  std::string who;
  std::string origin;  // where they sat
  std::string verb;
  std::string object;
  std::string reason;
  std::string result;
  std::string previous;   // hash of the entry before, 64 hex digits; empty: this is the first
  std::string hash;       // 64 hex digits
  std::string signature;  // of the hash, 128 hex digits
};

/// What is known of the chain without reading it.
struct AuditHead {
  std::int64_t number = 0;  // of the last entry; 0: there is none
  std::string hash;         // likewise
  std::int64_t first = 1;   // of the first entry that is kept
  std::string before;       // hash of the entry before that one
  std::string signature;    // of the four above
};

/// First thing in a batch: until its end nobody else writes into the log.
[[nodiscard]] Result<AuditHead> take_audit_head(Batch& batch);
[[nodiscard]] Result<void> append(Batch& batch, const AuditRow& row);
[[nodiscard]] Result<void> put(Batch& batch, const AuditHead& head);
/// The hash of the last entry that is older than `before` with all those before it, which are gone; number 0:
/// there is none.
[[nodiscard]] Result<AuditRow> trim_audit(Batch& batch, TimeNs before);

[[nodiscard]] Result<AuditHead> audit_head(Store& store);
/// From `first` on, by number, at most `count`.
[[nodiscard]] Result<std::vector<AuditRow>> audit_rows(Store& store, std::int64_t first, std::uint32_t count);

}  // namespace weir::policy
