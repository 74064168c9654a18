// SPDX-License-Identifier: Apache-2.0
// Everything that writes. `use` binds by reference, so what it is given lives until the statement has run.
#include <fmt/format.h>

#include "policy/store/connection.h"
#include "policy/store/notify_store.h"
#include "policy/store/store.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Integer = long long;  // SOCI's name for 64 bits

void write(soci::session& sql, const SoftwareSum& sum, const StoreLimits& limits) {
  const SoftwareSighting& latest = sum.latest;
  std::string version = latest.version;
  Integer known = 0;
  Integer versions = 0;
  sql << "SELECT COUNT(*) FROM software WHERE client = :c AND product = :p AND version = :v",
      use(latest.client), use(latest.product), use(version), into(known);
  sql << "SELECT COUNT(*) FROM software WHERE client = :c AND product = :p", use(latest.client),
      use(latest.product), into(versions);
  if (known == 0 && versions >= static_cast<Integer>(limits.versions_per_product)) version = kOtherObjects;
  const std::string evidence = storable(latest.evidence);
  const std::string flow_id = storable(latest.flow_id);
  const Integer state = static_cast<Integer>(sum.state.value_or(SoftwareState::kUnknown));
  const Integer judged = sum.state ? 1 : 0;
  const Integer count = static_cast<Integer>(sum.count);
  const Integer first = sum.first_seen;
  const Integer last = latest.at;
  sql << "INSERT INTO software (client, product, version, evidence, flow_id, state, seen_count, "
         "first_seen_ns,"
         " last_seen_ns) VALUES (:c, :p, :v, :e, :f, :s, :n, :first, :last)"
         " ON CONFLICT (client, product, version) DO UPDATE SET"
         " evidence = CASE WHEN excluded.last_seen_ns >= software.last_seen_ns THEN excluded.evidence"
         " ELSE software.evidence END,"
         " flow_id = CASE WHEN excluded.last_seen_ns >= software.last_seen_ns THEN excluded.flow_id"
         " ELSE software.flow_id END,"
         " seen_count = software.seen_count + excluded.seen_count,"
         " state = CASE WHEN :judged = 1 THEN excluded.state ELSE software.state END,"
         " first_seen_ns = CASE WHEN excluded.first_seen_ns < software.first_seen_ns THEN "
         "excluded.first_seen_ns"
         " ELSE software.first_seen_ns END,"
         " last_seen_ns = CASE WHEN excluded.last_seen_ns > software.last_seen_ns THEN excluded.last_seen_ns"
         " ELSE software.last_seen_ns END",
      use(latest.client), use(latest.product), use(version), use(evidence), use(flow_id), use(state),
      use(count), use(first), use(last), use(judged);
}

/// Takes out what a table has too many of; says so in engine_state.
void trim(soci::session& sql, const char* table, const char* oldest_first, Integer kept) {
  Integer rows = 0;
  sql << fmt::format("SELECT COUNT(*) FROM {}", table), into(rows);
  if (rows <= kept) return;
  const Integer surplus = rows - kept;
  const std::string key = std::string_view{table} == "software" ? "(client, product, version)" : "id";
  const std::string columns = key == "id" ? "id" : "client, product, version";
  sql << fmt::format("DELETE FROM {} WHERE {} IN (SELECT {} FROM {} ORDER BY {} LIMIT :n)", table, key,
                     columns, table, oldest_first),
      use(surplus);
  count_up(sql, fmt::format("{}_evicted", table), surplus);
}

}  // namespace

void count_up(soci::session& sql, const std::string& name, Integer more) {
  sql << "INSERT INTO engine_state (name, value) VALUES (:n, :v)"
         " ON CONFLICT (name) DO UPDATE SET value = engine_state.value + excluded.value",
      use(name), use(more);
}

Batch::Batch(std::unique_ptr<Work> work) : work_(std::move(work)) {}
Batch::Batch(Batch&&) noexcept = default;
Batch::~Batch() {
  // The transaction rolls back by itself; a failing rollback means that the connection is gone, with the
  // same end.
  static_cast<void>(caught("rollback", [&] { work_.reset(); }));
}

Result<bool> Batch::first_time(const EventKey& key, TimeNs now) {
  return caught("cannot look up an event", [&] {
    return work_->sources.take(work_->connection.session, key, now, work_->connection.limits);
  });
}

Result<void> Batch::record(const SoftwareSighting& sighting) {
  SoftwareSums sums;
  sums.add(sighting);
  return record(std::move(sums));
}

Result<void> Batch::record(SoftwareSums&& sums) {
  for (SoftwareSum& sum : sums.take()) {
    for (std::string* text : {&sum.latest.client, &sum.latest.product, &sum.latest.version})
      *text = storable(*text);
    work_->software.add(std::move(sum));
  }
  return {};
}

Result<void> Batch::count(const std::string& name, std::int64_t more) {
  return caught("cannot count", [&] { count_up(work_->connection.session, name, more); });
}

Result<void> Batch::set(const std::string& name, std::int64_t value_given) {
  return caught("cannot set a state", [&] {
    const Integer value = value_given;
    work_->connection.session << "INSERT INTO engine_state (name, value) VALUES (:n, :v)"
                                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        use(name), use(value);
  });
}

Result<void> Batch::commit() {
  return caught("cannot commit", [&] {
    Work& work = *work_;
    soci::session& sql = work.connection.session;
    const StoreLimits& limits = work.connection.limits;
    if (const Integer lost = work.sources.write(sql); lost > 0) count_up(sql, "events_lost", lost);
    write_violations(work);
    for (const SoftwareSum& sum : work.software.all()) write(sql, sum, limits);
    work.quotas.write(sql);
    if (!work.connection.flow_writer) work.connection.flow_writer = std::make_unique<FlowWriter>(sql);
    work.flows.write(sql, *work.connection.flow_writer, limits);
    if (const Integer gone = trim_violations(work); gone > 0) count_up(sql, "violations_evicted", gone);
    if (!work.software.all().empty()) trim(sql, "software", "last_seen_ns", limits.software);
    if (work.sources.added()) trim(sql, "sources", "last_seen_ns, id", limits.sources);
    if (work.notifications_owed) trim(sql, "notifications", "id", limits.notifications);
    if (work.quotas.added()) trim(sql, "quotas", "ends_ns, last_used_ns, id", limits.quotas);
    if (work.quotas.minutes_written()) {
      const Integer kept = limits.quota_minutes;
      sql << "DELETE FROM quota_minutes WHERE id <= (SELECT MAX(id) FROM quota_minutes) - :n", use(kept);
    }
    work.transaction.commit();
  });
}

}  // namespace weir::policy
