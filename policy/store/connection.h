// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share: the SOCI session, a transaction, and the one place that catches what
// SOCI throws.
#pragma once

#include <fmt/format.h>
#include <soci/soci.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "policy/store/dialect.h"
#include "policy/store/flows.h"
#include "policy/store/quota_sums.h"
#include "policy/store/sources.h"
#include "policy/store/store.h"
#include "policy/store/sums.h"
#include "policy/store/violation_queue.h"

namespace weir::policy {

/// Rolled back unless committed. One that writes keeps every other writer out from its beginning on; it waits
/// for another one some seconds, then throws.
class Transaction {
 public:
  Transaction(soci::session& session, const Dialect& dialect, bool writes) : session_(session) {
    session_ << (writes ? dialect.begin : dialect.snapshot);
    open_ = true;
    if (!writes || dialect.lock.empty()) return;
    try {
      session_ << dialect.lock;
    } catch (...) {
      roll_back();
      throw;
    }
  }
  ~Transaction() { roll_back(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit() {
    session_.commit();
    open_ = false;
  }

 private:
  void roll_back() noexcept {
    if (!std::exchange(open_, false)) return;
    try {
      session_.rollback();
    } catch (const std::exception&) {
      // The connection is gone, with the same end; or SQLite rolled back by itself.
    }
  }
  soci::session& session_;
  bool open_ = false;
};

struct Store::Connection {
  soci::session session;
  const Dialect* dialect = nullptr;
  std::string where;
  StoreLimits limits;
  bool may_write = false;
  std::unique_ptr<FlowWriter> flow_writer;  // made with the first flow
  SuppressionSet suppressions;              // as they were read last
  TimeNs sums_looked_through = 0;  // when sums of flows that were kept long enough were taken out last
};

struct Batch::Work {
  explicit Work(Store::Connection& store)
      : connection(store), transaction(store.session, *store.dialect, store.may_write) {}
  ~Work() {
    if (suppressions_changed) connection.suppressions.revision = -1;  // whether it was committed or not
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  Store::Connection& connection;
  Transaction transaction;
  // What becomes rows at the commit.
  Sources sources;
  ViolationQueue violations;
  SoftwareSums software;
  QuotaSums quotas;
  FlowRows flows;
  std::size_t violations_added = 0;
  bool suppressions_read = false;
  bool suppressions_changed = false;
  bool notifications_owed = false;
};

inline constexpr std::size_t kViolationsAtOnce = 2'000;  // different ones that a batch holds before it writes

/// Writes what the queue of the batch holds. Throws soci_error, as the two below.
void write_violations(Batch::Work& work);
/// What goes beyond the limit goes; gives how many.
std::int64_t trim_violations(Batch::Work& work);
/// Adds to a number of row_counts, which is how many rows a large table has; gives it.
std::int64_t count_rows(Batch::Work& work, const std::string& table, std::int64_t more);

/// Runs `action`; what it throws becomes an Error that begins with `what`. The values of a statement that
/// failed, which SOCI would add, stay out: they may be about people.
template <typename Action>
auto caught(std::string_view what, Action&& action) -> Result<std::invoke_result_t<Action>> {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Action>>) {
      std::forward<Action>(action)();
      return {};
    } else {
      return std::forward<Action>(action)();
    }
  } catch (const soci::soci_error& error) {
    std::string why = error.get_error_message();
    while (!why.empty() && why.back() == '\n') why.pop_back();
    std::replace(why.begin(), why.end(), '\n', ' ');
    return failure(ErrorCode::kUnavailable, fmt::format("{}: {}", what, why));
  } catch (const std::exception& error) {
    return failure(ErrorCode::kUnavailable, fmt::format("{}: {}", what, error.what()));
  }
}

/// Adds to a counter of engine_state.
void count_up(soci::session& sql, const std::string& name, long long more);

/// At most `bytes_max` bytes, cut at a character, in UTF-8, without NUL and other control bytes: databases
/// refuse some.
[[nodiscard]] std::string storable(const std::string& text, std::size_t bytes_max = kStoreTextBytesMax);

}  // namespace weir::policy
