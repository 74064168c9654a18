// SPDX-License-Identifier: Apache-2.0
// Everything that writes. `use` binds by reference, so what it is given lives until the statement has run.
#include <fmt/format.h>

#include "policy/store/connection.h"
#include "policy/store/store.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Integer = long long;  // SOCI's name for 64 bits

/// One row of violations and its evidence.
void write(soci::session& sql, const ViolationSum& sum, const StoreLimits& limits) {
  const ViolationSighting& latest = sum.latest;
  std::string object = latest.object;
  Integer known = 0;
  sql << "SELECT COUNT(*) FROM violations WHERE rule = :r AND subject = :s AND object = :o AND state <> "
         "'closed'",
      use(latest.rule), use(latest.subject), use(object), into(known);
  if (known == 0) {
    Integer objects = 0;
    sql << "SELECT COUNT(*) FROM violations WHERE rule = :r AND subject = :s AND state <> 'closed'",
        use(latest.rule), use(latest.subject), into(objects);
    if (objects >= static_cast<Integer>(limits.objects_per_rule_and_subject)) object = kOtherObjects;
  }
  const Integer would_block = latest.would_block ? 1 : 0;
  const Integer severity = static_cast<Integer>(sum.highest);
  const Integer revision = latest.revision;
  const Integer count = static_cast<Integer>(sum.count);
  const Integer first = sum.first_seen;
  const Integer last = latest.at;
  Integer id = 0;
  sql << "INSERT INTO violations (rule, section, action, would_block, severity, subject, object, state, "
         "revision,"
         " seen_count, first_seen_ns, last_seen_ns)"
         " VALUES (:rule, :section, :action, :would, :severity, :subject, :object, 'new', :revision, :count,"
         " :first, :last)"
         " ON CONFLICT (rule, subject, object) WHERE state <> 'closed' DO UPDATE SET"
         " seen_count = violations.seen_count + excluded.seen_count,"
         " revision = CASE WHEN excluded.last_seen_ns >= violations.last_seen_ns THEN excluded.revision"
         " ELSE violations.revision END,"
         " action = CASE WHEN excluded.last_seen_ns >= violations.last_seen_ns THEN excluded.action"
         " ELSE violations.action END,"
         " would_block = CASE WHEN excluded.last_seen_ns >= violations.last_seen_ns THEN excluded.would_block"
         " ELSE violations.would_block END,"
         " section = CASE WHEN excluded.last_seen_ns >= violations.last_seen_ns THEN excluded.section"
         " ELSE violations.section END,"
         " severity = CASE WHEN excluded.severity > violations.severity THEN excluded.severity"
         " ELSE violations.severity END,"
         " first_seen_ns = CASE WHEN excluded.first_seen_ns < violations.first_seen_ns THEN "
         "excluded.first_seen_ns"
         " ELSE violations.first_seen_ns END,"
         " last_seen_ns = CASE WHEN excluded.last_seen_ns > violations.last_seen_ns THEN "
         "excluded.last_seen_ns"
         " ELSE violations.last_seen_ns END RETURNING id",
      use(latest.rule), use(latest.section), use(latest.action), use(would_block), use(severity),
      use(latest.subject), use(object), use(revision), use(count), use(first), use(last), into(id);
  if (sum.flows.empty()) return;
  for (const auto& [flow_id, at] : sum.newest_flows(limits.evidence_flows)) {
    const Integer seen = at;
    sql << "INSERT INTO violation_evidence (violation, flow_id, seen_ns) VALUES (:v, :f, :at)"
           " ON CONFLICT (violation, flow_id) DO UPDATE SET seen_ns = CASE WHEN excluded.seen_ns >"
           " violation_evidence.seen_ns THEN excluded.seen_ns ELSE violation_evidence.seen_ns END",
        use(id), use(flow_id), use(seen);
  }
  const Integer kept = limits.evidence_flows;
  sql << "DELETE FROM violation_evidence WHERE violation = :v AND flow_id NOT IN (SELECT flow_id FROM"
         " violation_evidence WHERE violation = :v2 ORDER BY seen_ns DESC, flow_id DESC LIMIT :n)",
      use(id), use(id), use(kept);
}

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
  // soci::transaction rolls back by itself; a failing rollback means that the connection is gone, with the
  // same end.
  static_cast<void>(caught("rollback", [&] { work_.reset(); }));
}

Result<bool> Batch::first_time(const EventKey& key, TimeNs now) {
  return caught("cannot look up an event", [&] {
    return work_->sources.take(work_->connection.session, key, now, work_->connection.limits);
  });
}

Result<void> Batch::record(const ViolationSighting& given) {
  ViolationSighting sighting = given;
  sighting.rule = storable(given.rule);
  sighting.subject = storable(given.subject);
  sighting.object = storable(given.object);
  sighting.flow_id = storable(given.flow_id);
  work_->violations.of(sighting.rule + '\0' + sighting.subject + '\0' + sighting.object).add(sighting);
  return {};
}

Result<void> Batch::record(const SoftwareSighting& given) {
  SoftwareSighting sighting = given;
  sighting.client = storable(given.client);
  sighting.product = storable(given.product);
  sighting.version = storable(given.version);
  work_->software.of(sighting.client + '\0' + sighting.product + '\0' + sighting.version).add(sighting);
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
    for (const ViolationSum& sum : work.violations.all()) write(sql, sum, limits);
    for (const SoftwareSum& sum : work.software.all()) write(sql, sum, limits);
    work.quotas.write(sql);
    if (!work.connection.flow_writer) work.connection.flow_writer = std::make_unique<FlowWriter>(sql);
    work.flows.write(sql, *work.connection.flow_writer, limits);
    if (!work.violations.all().empty())
      trim(sql, "violations", "CASE WHEN state = 'closed' THEN 0 ELSE 1 END, last_seen_ns, id",
           limits.violations);
    if (!work.software.all().empty()) trim(sql, "software", "last_seen_ns", limits.software);
    if (work.sources.added()) trim(sql, "sources", "last_seen_ns, id", limits.sources);
    if (work.quotas.added()) trim(sql, "quotas", "ends_ns, last_used_ns, id", limits.quotas);
    if (work.quotas.minutes_written()) {
      const Integer kept = limits.quota_minutes;
      sql << "DELETE FROM quota_minutes WHERE id <= (SELECT MAX(id) FROM quota_minutes) - :n", use(kept);
    }
    work.transaction.commit();
  });
}

}  // namespace weir::policy
