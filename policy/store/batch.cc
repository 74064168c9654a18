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

Integer as_integer(std::uint64_t value) { return static_cast<Integer>(value); }

/// Runs a prepared change and gives the number of rows it touched.
Integer run(soci::statement& statement) {
  statement.execute(true);
  return statement.get_affected_rows();
}

Integer add_source(soci::session& sql, const EventKey& key, const std::string& boot, Integer now) {
  Integer id = 0;
  const Integer worker = key.worker;
  sql << "INSERT INTO sources (appliance, boot, worker, high, last_seen_ns) VALUES (:a, :b, :w, 0, :now)"
         " ON CONFLICT (appliance, boot, worker) DO UPDATE SET last_seen_ns = excluded.last_seen_ns "
         "RETURNING id",
      use(key.appliance), use(boot), use(worker), use(now), into(id);
  return id;
}

/// The event is above the mark: moves the mark, and what was jumped over is a gap.
void move_mark(soci::session& sql, Integer source, Integer high, Integer sequence,
               const StoreLimits& limits) {
  sql << "UPDATE sources SET high = :s WHERE id = :id", use(sequence), use(source);
  if (sequence == high + 1) return;
  const Integer first = high + 1;
  const Integer last = sequence - 1;
  sql << "INSERT INTO source_gaps (source, first, last) VALUES (:id, :f, :l)", use(source), use(first),
      use(last);
  Integer gaps = 0;
  sql << "SELECT COUNT(*) FROM source_gaps WHERE source = :id", use(source), into(gaps);
  if (gaps <= static_cast<Integer>(limits.gaps_per_source)) return;
  Integer oldest = 0;
  Integer oldest_last = 0;
  sql << "SELECT first, last FROM source_gaps WHERE source = :id ORDER BY first LIMIT 1", use(source),
      into(oldest), into(oldest_last);
  sql << "DELETE FROM source_gaps WHERE source = :id AND first = :f", use(source), use(oldest);
  const Integer lost = oldest_last - oldest + 1;
  sql << "INSERT INTO engine_state (name, value) VALUES ('events_lost', :n)"
         " ON CONFLICT (name) DO UPDATE SET value = engine_state.value + excluded.value",
      use(lost);
}

/// The event is below the mark: new only if it lies in a gap, which it splits.
bool take_from_gap(soci::session& sql, Integer source, Integer sequence) {
  Integer first = 0;
  Integer last = 0;
  sql << "SELECT first, last FROM source_gaps WHERE source = :id AND first <= :s AND last >= :s2",
      use(source), use(sequence), use(sequence), into(first), into(last);
  if (!sql.got_data()) return false;
  sql << "DELETE FROM source_gaps WHERE source = :id AND first = :f", use(source), use(first);
  const auto keep = [&](Integer from, Integer to) {
    if (from > to) return;
    sql << "INSERT INTO source_gaps (source, first, last) VALUES (:id, :f, :l)", use(source), use(from),
        use(to);
  };
  keep(first, sequence - 1);
  keep(sequence + 1, last);
  return true;
}

}  // namespace

Batch::Batch(std::unique_ptr<Work> work) : work_(std::move(work)) {}
Batch::Batch(Batch&&) noexcept = default;
Batch::~Batch() {
  // soci::transaction rolls back by itself; a failing rollback means that the connection is gone, with the
  // same end.
  static_cast<void>(caught("rollback", [&] { work_.reset(); }));
}

Result<bool> Batch::first_time(const EventKey& key, TimeNs now) {
  return caught("cannot look up an event", [&] {
    soci::session& sql = work_->connection.session;
    const std::string boot = fmt::format("{:016x}", key.boot);
    const Integer worker = key.worker;
    const Integer sequence = as_integer(key.sequence);
    const Integer before = sequence - 1;
    const Integer at = now;
    // The usual case in one statement: the next number of a source that is known.
    soci::statement next =
        (sql.prepare << "UPDATE sources SET high = :s, last_seen_ns = :now WHERE appliance = :a"
                        " AND boot = :b AND worker = :w AND high = :before",
         use(sequence), use(at), use(key.appliance), use(boot), use(worker), use(before));
    if (run(next) == 1) return true;

    work_->sources_written = true;
    const Integer source = add_source(sql, key, boot, at);
    Integer high = 0;
    sql << "SELECT high FROM sources WHERE id = :id", use(source), into(high);
    if (sequence <= high) return take_from_gap(sql, source, sequence);
    move_mark(sql, source, high, sequence, work_->connection.limits);
    return true;
  });
}

Result<void> Batch::record(const ViolationSighting& sighting) {
  return caught("cannot record a violation", [&] {
    soci::session& sql = work_->connection.session;
    const StoreLimits& limits = work_->connection.limits;
    const std::string rule = storable(sighting.rule);
    const std::string subject = storable(sighting.subject);
    std::string object = storable(sighting.object);
    Integer known = 0;
    sql << "SELECT COUNT(*) FROM violations WHERE rule = :r AND subject = :s AND object = :o AND state <> "
           "'closed'",
        use(rule), use(subject), use(object), into(known);
    if (known == 0) {
      Integer objects = 0;
      sql << "SELECT COUNT(*) FROM violations WHERE rule = :r AND subject = :s AND state <> 'closed'",
          use(rule), use(subject), into(objects);
      if (objects >= static_cast<Integer>(limits.objects_per_rule_and_subject)) object = kOtherObjects;
    }
    const Integer would_block = sighting.would_block ? 1 : 0;
    const Integer severity = static_cast<Integer>(sighting.severity);
    const Integer revision = sighting.revision;
    const Integer at = sighting.at;
    const Integer more = sighting.goes_on ? 0 : 1;
    const std::string text = storable(sighting.text);
    Integer id = 0;
    sql << "INSERT INTO violations (rule, section, action, would_block, severity, subject, object, state, "
           "revision,"
           " seen_count, first_seen_ns, last_seen_ns, text)"
           " VALUES (:rule, :section, :action, :would, :severity, :subject, :object, 'new', :revision, 1, "
           ":at, :at2, :text)"
           " ON CONFLICT (rule, subject, object) WHERE state <> 'closed' DO UPDATE SET"
           " seen_count = violations.seen_count + :more,"
           " text = CASE WHEN excluded.text <> '' AND excluded.last_seen_ns >= violations.last_seen_ns"
           " THEN excluded.text ELSE violations.text END,"
           " revision = excluded.revision, action = excluded.action,"
           " would_block = excluded.would_block, section = excluded.section,"
           " severity = CASE WHEN excluded.severity > violations.severity THEN excluded.severity"
           " ELSE violations.severity END,"
           " first_seen_ns = CASE WHEN excluded.first_seen_ns < violations.first_seen_ns THEN "
           "excluded.first_seen_ns"
           " ELSE violations.first_seen_ns END,"
           " last_seen_ns = CASE WHEN excluded.last_seen_ns > violations.last_seen_ns THEN "
           "excluded.last_seen_ns"
           " ELSE violations.last_seen_ns END RETURNING id",
        use(rule), use(sighting.section), use(sighting.action), use(would_block), use(severity), use(subject),
        use(object), use(revision), use(at), use(at), use(text), use(more), into(id);
    work_->violations_written = true;
    if (sighting.flow_id.empty()) return;
    const std::string flow_id = storable(sighting.flow_id);
    sql << "INSERT INTO violation_evidence (violation, flow_id, seen_ns) VALUES (:v, :f, :at)"
           " ON CONFLICT (violation, flow_id) DO UPDATE SET seen_ns = excluded.seen_ns",
        use(id), use(flow_id), use(at);
    const Integer kept = limits.evidence_flows;
    sql << "DELETE FROM violation_evidence WHERE violation = :v AND flow_id NOT IN (SELECT flow_id FROM"
           " violation_evidence WHERE violation = :v2 ORDER BY seen_ns DESC, flow_id DESC LIMIT :n)",
        use(id), use(id), use(kept);
  });
}

Result<void> Batch::record(const SoftwareSighting& sighting) {
  return caught("cannot record software", [&] {
    soci::session& sql = work_->connection.session;
    const std::string client = storable(sighting.client);
    const std::string product = storable(sighting.product);
    std::string version = storable(sighting.version);
    Integer known = 0;
    Integer versions = 0;
    sql << "SELECT COUNT(*) FROM software WHERE client = :c AND product = :p AND version = :v", use(client),
        use(product), use(version), into(known);
    sql << "SELECT COUNT(*) FROM software WHERE client = :c AND product = :p", use(client), use(product),
        into(versions);
    const auto versions_max = static_cast<Integer>(work_->connection.limits.versions_per_product);
    if (known == 0 && versions >= versions_max) version = kOtherObjects;
    const std::string evidence = storable(sighting.evidence);
    const std::string flow_id = storable(sighting.flow_id);
    const Integer state = static_cast<Integer>(sighting.state.value_or(SoftwareState::kUnknown));
    const Integer judged = sighting.state ? 1 : 0;
    const Integer at = sighting.at;
    sql << "INSERT INTO software (client, product, version, evidence, flow_id, state, seen_count, "
           "first_seen_ns,"
           " last_seen_ns) VALUES (:c, :p, :v, :e, :f, :s, 1, :at, :at2)"
           " ON CONFLICT (client, product, version) DO UPDATE SET evidence = excluded.evidence,"
           " flow_id = excluded.flow_id, seen_count = software.seen_count + 1,"
           " state = CASE WHEN :judged = 1 THEN excluded.state ELSE software.state END,"
           " first_seen_ns = CASE WHEN excluded.first_seen_ns < software.first_seen_ns THEN "
           "excluded.first_seen_ns"
           " ELSE software.first_seen_ns END,"
           " last_seen_ns = CASE WHEN excluded.last_seen_ns > software.last_seen_ns THEN "
           "excluded.last_seen_ns"
           " ELSE software.last_seen_ns END",
        use(client), use(product), use(version), use(evidence), use(flow_id), use(state), use(at), use(at),
        use(judged);
    work_->software_written = true;
  });
}

Result<void> Batch::record(const FlowRecord& flow) {
  return caught("cannot record a flow", [&] {
    const Integer ended = flow.ended;
    const Integer initiator_port = flow.initiator_port;
    const Integer responder_port = flow.responder_port;
    const Integer protocol = flow.protocol;
    work_->connection.session
        << "INSERT INTO flows (flow_id, ended_ns, initiator, initiator_port, responder, responder_port, "
           "protocol,"
           " event) VALUES (:id, :ended, :a, :ap, :b, :bp, :proto, :event) ON CONFLICT (flow_id) DO NOTHING",
        use(flow.flow_id), use(ended), use(flow.initiator), use(initiator_port), use(flow.responder),
        use(responder_port), use(protocol), use(flow.event);
    work_->flows_written = true;
  });
}

Result<void> Batch::count(const std::string& name, std::int64_t more) {
  return caught("cannot count",
                [&] {
                  const Integer value = more;
                  work_->connection.session
                      << "INSERT INTO engine_state (name, value) VALUES (:n, :v)"
                         " ON CONFLICT (name) DO UPDATE SET value = engine_state.value + excluded.value",
                      use(name), use(value);
                });
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
    soci::session& sql = work_->connection.session;
    const StoreLimits& limits = work_->connection.limits;
    const auto trim = [&](bool written, const char* table, const char* oldest_first, Integer kept) {
      if (!written) return;
      Integer rows = 0;
      sql << fmt::format("SELECT COUNT(*) FROM {}", table), into(rows);
      if (rows <= kept) return;
      const Integer surplus = rows - kept;
      const std::string key = std::string_view{table} == "software" ? "(client, product, version)" : "id";
      const std::string columns = key == "id" ? "id" : "client, product, version";
      sql << fmt::format("DELETE FROM {} WHERE {} IN (SELECT {} FROM {} ORDER BY {} LIMIT :n)", table, key,
                         columns, table, oldest_first),
          use(surplus);
      const std::string name = fmt::format("{}_evicted", table);
      sql << "INSERT INTO engine_state (name, value) VALUES (:n, :v)"
             " ON CONFLICT (name) DO UPDATE SET value = engine_state.value + excluded.value",
          use(name), use(surplus);
    };
    trim(work_->flows_written, "flows", "id", limits.flows);
    trim(work_->violations_written, "violations",
         "CASE WHEN state = 'closed' THEN 0 ELSE 1 END, last_seen_ns, id", limits.violations);
    trim(work_->software_written, "software", "last_seen_ns", limits.software);
    trim(work_->sources_written, "sources", "last_seen_ns, id", limits.sources);
    trim(work_->quotas_added, "quotas", "ends_ns, last_used_ns, id", limits.quotas);
    if (work_->quota_minutes_written) {
      const Integer kept = limits.quota_minutes;
      sql << "DELETE FROM quota_minutes WHERE id <= (SELECT MAX(id) FROM quota_minutes) - :n", use(kept);
    }
    work_->transaction.commit();
  });
}

}  // namespace weir::policy
