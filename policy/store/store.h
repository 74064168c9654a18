// SPDX-License-Identifier: Apache-2.0
// What the engine remembers: violations, software, quotas, the last flows, and which events were applied. One
// Store is one connection to an SQLite file or a PostgreSQL database, with one owner; several processes may
// have the same one open. Writing goes through a Batch: all of it becomes true at commit, or nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/flow_facts.h"
#include "policy/model/settings.h"
#include "policy/store/records.h"

namespace weir::policy {

class Batch;
class SoftwareSums;  // policy/store/sums.h

enum class StoreAccess : std::uint8_t { kRead, kWrite, kChange };

class Store {
 public:
  struct Connection;  // policy/store/connection.h, for the files of that folder

  /// `where` is the path of an SQLite file or a postgresql:// URL. kWrite creates the file where missing and
  /// brings the schema to the newest version. kRead changes nothing. kChange writes into a store that is
  /// there. kUnavailable: no such file or server, or no access; kInvalid: written by a newer Weir, not a
  /// store, or a URL that holds a password.
  [[nodiscard]] static Result<Store> open(const std::string& where, StoreAccess access,
                                          StoreLimits limits = {}, const std::string& password = {});
  /// The store of these settings, with the password and the times that they say.
  [[nodiscard]] static Result<Store> open(const EngineSettings& engine, StoreAccess access);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// Waits some seconds for another Batch of the same store to end.
  [[nodiscard]] Result<Batch> begin();
  [[nodiscard]] Connection& connection() { return *connection_; }

  /// With its evidence. kNotFound: no such id.
  [[nodiscard]] Result<Violation> violation(std::int64_t id);
  /// By client, product, version; at most `count`. An empty client means all.
  [[nodiscard]] Result<std::vector<Software>> software(const std::string& client, std::uint32_t count);
  [[nodiscard]] Result<FlowRecord> flow(const std::string& flow_id);
  /// The newest flow between these ends, whichever began. kNotFound: none is kept.
  [[nodiscard]] Result<FlowRecord> flow(const FiveTuple& tuple);
  /// By rule, subject, period, the newest first; at most `count`.
  [[nodiscard]] Result<std::vector<QuotaRecord>> quotas(const QuotaFilter& filter, std::uint32_t count);
  /// Some quota has a fact that is owed.
  [[nodiscard]] Result<bool> owes_facts();
  [[nodiscard]] Result<EngineState> engine_state();
  /// Events that were published (a later one of their source arrived) and have not been seen.
  [[nodiscard]] Result<std::int64_t> missing_events();

 private:
  friend class Batch;
  explicit Store(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

/// One transaction, and from `begin` to its end the only one that writes into the store, whichever the
/// database. Rolled back unless `commit` succeeded. After an error only destruction makes sense.
class Batch {
 public:
  struct Work;  // policy/store/connection.h, for the files of that folder
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) = delete;
  ~Batch();

  /// True, once, for each event: whoever gets false must leave the event's effects out.
  [[nodiscard]] Result<bool> first_time(const EventKey& key, TimeNs now);
  [[nodiscard]] Result<void> record(const ViolationSighting& sighting);
  [[nodiscard]] Result<void> record(const SoftwareSighting& sighting);
  [[nodiscard]] Result<void> record(SoftwareSums&& sums);
  [[nodiscard]] Result<void> record(FlowRecord flow);
  [[nodiscard]] Result<void> record(std::vector<FlowRecord>&& flows);

  /// What a subject used in the period from `begins` on; made where it is missing. Until the batch ends
  /// nobody else changes it.
  [[nodiscard]] Result<QuotaRecord> quota(const std::string& rule, const std::string& subject, TimeNs begins,
                                          TimeNs ends);
  /// A record of `quota`, changed.
  [[nodiscard]] Result<void> put(const QuotaRecord& quota);
  /// Adds to what passed in that minute of the Unix epoch; gives the sum.
  [[nodiscard]] Result<std::uint64_t> add_to_minute(const std::string& rule, const std::string& subject,
                                                    std::int64_t minute, std::uint64_t bytes);
  /// From now on a fact is owed about each subject of the rule whose period has not ended by `now` and of
  /// which one was told, or who used at least one of these amounts; an amount of 0 is none.
  [[nodiscard]] Result<void> owe_facts(const std::string& rule, const QuotaUse& at_least, TimeNs now);
  /// Those about whom a fact is owed, at most `count`; owed no more once the batch is committed. No other
  /// batch writes until this one ends, so that facts are told in order.
  [[nodiscard]] Result<std::vector<QuotaRecord>> take_owed(std::uint32_t count, TimeNs now);
  /// Sets the use of a period that runs at `now` to nothing and owes the fact; gives how it stood before.
  /// kNotFound: there is no such use.
  [[nodiscard]] Result<QuotaRecord> forgive(const std::string& rule, const std::string& subject, TimeNs now);

  /// Adds to a counter of engine_state.
  [[nodiscard]] Result<void> count(const std::string& name, std::int64_t more);
  /// Sets a value of engine_state.
  [[nodiscard]] Result<void> set(const std::string& name, std::int64_t value);
  /// Trims every table to its limit, then makes all of it true.
  [[nodiscard]] Result<void> commit();
  [[nodiscard]] Work& work() { return *work_; }

 private:
  friend class Store;
  friend class DetectStore;
  explicit Batch(std::unique_ptr<Work> work);
  std::unique_ptr<Work> work_;
};

}  // namespace weir::policy
