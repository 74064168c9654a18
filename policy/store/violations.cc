// SPDX-License-Identifier: Apache-2.0
// Sightings become violations: the queue of a batch, written many rows at a time.
#include <algorithm>
#include <map>
#include <span>

#include "policy/store/statement.h"

namespace weir::policy {
namespace {

using Key = ViolationQueue::Key;
using Merged = ViolationQueue::Merged;
using Entry = std::pair<Key, Merged>;

constexpr std::size_t kRowsAtOnce = 500;  // 15 values each: kStatementValuesMax

/// What the table says of the violation that is open under a key.
struct Known {
  Integer id = 0;
  Integer severity = 0;
};

Statement& rows_of(Statement& statement, std::span<const Key> keys) {
  statement << "(VALUES ";
  for (const auto& [rule, subject, object] : keys) statement.row({rule, subject, object});
  return statement << ") AS k";
}

std::map<Key, Known> open_ones(Store::Connection& store, std::span<const Key> keys) {
  std::map<Key, Known> found;
  if (keys.empty()) return found;
  Statement select(store);
  // CROSS JOIN keeps SQLite from looking at the table first.
  select << "SELECT v.id, v.severity, v.rule, v.subject, v.object FROM ";
  rows_of(select, keys) << " CROSS JOIN violations v WHERE v.rule = k.column1 AND v.subject = k.column2 AND"
                           " v.object = k.column3 AND v.state <> 'closed'";
  Known one;
  Key key;
  select.into(one.id).into(one.severity);
  select.into(std::get<0>(key)).into(std::get<1>(key)).into(std::get<2>(key));
  while (select.fetch()) found[key] = one;
  return found;
}

/// The one that was closed last under each of these keys.
std::map<Key, Integer> closed_ones(Store::Connection& store, std::span<const Key> keys) {
  std::map<Key, Integer> found;
  if (keys.empty()) return found;
  Statement select(store);
  select << "SELECT MAX(v.id), k.column1, k.column2, k.column3 FROM ";
  rows_of(select, keys) << " CROSS JOIN violations v WHERE v.rule = k.column1 AND v.subject = k.column2 AND"
                           " v.object = k.column3 AND v.state = 'closed'"
                           " GROUP BY k.column1, k.column2, k.column3";
  Integer id = 0;
  Key key;
  select.into(id).into(std::get<0>(key)).into(std::get<1>(key)).into(std::get<2>(key));
  while (select.fetch()) found[key] = id;
  return found;
}

/// How many objects each rule and subject has open, counted up to `enough`.
std::map<std::pair<std::string, std::string>, Integer> open_objects(
    Store::Connection& store, const std::map<std::pair<std::string, std::string>, Integer>& asked,
    Integer enough) {
  std::map<std::pair<std::string, std::string>, Integer> found;
  if (asked.empty()) return found;
  Statement select(store);
  select << "SELECT k.column1, k.column2, (SELECT COUNT(*) FROM (SELECT 1 FROM violations v WHERE"
            " v.rule = k.column1 AND v.subject = k.column2 AND v.state <> 'closed' LIMIT "
         << std::to_string(enough) << ") AS counted) FROM (VALUES ";
  for (const auto& [pair, none] : asked) select.row({pair.first, pair.second});
  select << ") AS k";
  std::pair<std::string, std::string> pair;
  Integer count = 0;
  select.into(pair.first).into(pair.second).into(count);
  while (select.fetch()) found[pair] = count;
  return found;
}

/// Of a flow that a violation has as evidence nothing is counted again. What adds nothing to one that was
/// closed leaves `entries`.
void take_out_repeated(Store::Connection& store, std::map<Key, Merged>& entries,
                       const std::map<Key, Known>& known, const std::map<Key, Integer>& closed) {
  Statement select(store);
  select << "SELECT violation, flow_id FROM violation_evidence WHERE violation IN (";
  std::map<Integer, std::map<Key, Merged>::iterator> asked;
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    const auto open = known.find(entry->first);
    const auto before = closed.find(entry->first);
    if (entry->second.once.empty() || (open == known.end() && before == closed.end())) continue;
    const Integer id = open != known.end() ? open->second.id : before->second;
    asked[id] = entry;
    select.next().value(id);
  }
  if (asked.empty()) return;
  select << ")";
  Integer id = 0;
  std::string flow;
  select.into(id).into(flow);
  while (select.fetch()) {
    Merged& merged = asked.at(id)->second;
    merged.count -= static_cast<Integer>(std::erase(merged.once, flow));
  }
  for (const auto& [violation, entry] : asked) {
    if (entry->second.count == 0 && !known.contains(entry->first)) entries.erase(entry);
  }
}

/// What has too many objects is counted under kOtherObjects.
std::map<Key, Merged> within_limit(Store::Connection& store, std::span<Entry> entries,
                                   const std::map<Key, Known>& known) {
  std::map<std::pair<std::string, std::string>, Integer> pairs;
  for (const auto& [key, merged] : entries) {
    if (!known.contains(key)) pairs[{std::get<0>(key), std::get<1>(key)}] = 0;
  }
  const Integer limit = store.limits.objects_per_rule_and_subject;
  pairs = open_objects(store, pairs, limit);
  std::map<Key, Merged> kept;
  for (auto& [key, merged] : entries) {
    Key place = key;
    if (!known.contains(key)) {
      Integer& objects = pairs[{std::get<0>(key), std::get<1>(key)}];
      if (objects >= limit) {
        std::get<2>(place) = kOtherObjects;
      } else {
        ++objects;
      }
    }
    const auto [at, is_new] = kept.try_emplace(place);
    if (is_new) {
      at->second = std::move(merged);
    } else {
      ViolationQueue::merge(at->second, std::move(merged), store.limits.evidence_flows);
    }
    if (std::get<2>(place) == kOtherObjects) at->second.once.clear();  // one flow may have several of them
  }
  return kept;
}

TimeNs due_of(const StoreLimits& limits, const Merged& merged) {
  const TimeNs after = limits.due_after[static_cast<std::size_t>(merged.severity)];
  return after == 0 ? 0 : merged.first + after;
}

constexpr std::string_view kUpsertEnd =
    " ON CONFLICT (rule, subject, object) WHERE state <> 'closed' DO UPDATE SET"
    " seen_count = violations.seen_count + excluded.seen_count,"
    " section = CASE WHEN excluded.last_seen_ns >= violations.last_seen_ns THEN excluded.section"
    " ELSE violations.section END,"
    " action = CASE WHEN excluded.last_seen_ns >= violations.last_seen_ns THEN excluded.action"
    " ELSE violations.action END,"
    " would_block = CASE WHEN excluded.last_seen_ns >= violations.last_seen_ns THEN excluded.would_block"
    " ELSE violations.would_block END,"
    " text = CASE WHEN excluded.text <> '' AND excluded.last_seen_ns >= violations.last_seen_ns"
    " THEN excluded.text ELSE violations.text END,"
    " revision = CASE WHEN excluded.last_seen_ns >= violations.last_seen_ns THEN excluded.revision"
    " ELSE violations.revision END,"
    // From the first sighting on, as long as the highest severity says: both may become known later.
    " due_ns = CASE WHEN excluded.severity > violations.severity THEN CASE WHEN excluded.due_ns = 0 THEN 0"
    " WHEN excluded.first_seen_ns < violations.first_seen_ns THEN excluded.due_ns"
    " ELSE violations.first_seen_ns + excluded.due_ns - excluded.first_seen_ns END"
    " WHEN violations.due_ns > 0 AND excluded.first_seen_ns < violations.first_seen_ns"
    " THEN excluded.first_seen_ns + violations.due_ns - violations.first_seen_ns"
    " ELSE violations.due_ns END,"
    " severity = CASE WHEN excluded.severity > violations.severity THEN excluded.severity"
    " ELSE violations.severity END,"
    " first_seen_ns = CASE WHEN excluded.first_seen_ns < violations.first_seen_ns THEN"
    " excluded.first_seen_ns ELSE violations.first_seen_ns END,"
    " last_seen_ns = CASE WHEN excluded.last_seen_ns > violations.last_seen_ns THEN excluded.last_seen_ns"
    " ELSE violations.last_seen_ns END RETURNING id, rule, subject, object";

/// Gives the number of each.
std::map<Key, Integer> upsert(Store::Connection& store, const std::map<Key, Merged>& entries,
                              const std::map<Key, Integer>& closed) {
  Statement insert(store);
  insert << "INSERT INTO violations (rule, subject, object, section, action, would_block, severity, state,"
            " revision, seen_count, first_seen_ns, last_seen_ns, due_ns, follows, text) VALUES ";
  for (const auto& [key, merged] : entries) {
    const ViolationSighting& newest = merged.newest;
    const auto before = closed.find(key);
    insert.row({std::get<0>(key), std::get<1>(key), std::get<2>(key), newest.section, newest.action,
                Integer{newest.would_block}, static_cast<Integer>(merged.severity), "new",
                Integer{newest.revision}, merged.count, merged.first, merged.last,
                due_of(store.limits, merged), before == closed.end() ? Integer{0} : before->second,
                newest.text});
  }
  insert << kUpsertEnd;
  std::map<Key, Integer> ids;
  Integer id = 0;
  Key key;
  insert.into(id).into(std::get<0>(key)).into(std::get<1>(key)).into(std::get<2>(key));
  while (insert.fetch()) ids[key] = id;
  return ids;
}

void add_evidence(Store::Connection& store, std::map<Key, Merged>& entries, const std::map<Key, Integer>& ids,
                  const std::map<Key, Known>& known) {
  Statement insert(store);
  Statement trim(store);
  insert << "INSERT INTO violation_evidence (violation, flow_id, seen_ns) VALUES ";
  trim << "DELETE FROM violation_evidence WHERE (violation, flow_id) IN (SELECT violation, flow_id FROM"
          " (SELECT violation, flow_id, ROW_NUMBER() OVER (PARTITION BY violation ORDER BY seen_ns DESC,"
          " flow_id DESC) AS place FROM violation_evidence WHERE violation IN (";
  for (auto& [key, merged] : entries) {
    ViolationQueue::keep_newest(merged.flows, store.limits.evidence_flows);
    const Integer id = ids.at(key);
    for (const auto& [at, flow] : merged.flows) insert.row({id, flow, at});
    if (known.contains(key) && !merged.flows.empty()) trim.next().value(id);
  }
  if (insert.values() == 0) return;
  insert << " ON CONFLICT (violation, flow_id) DO UPDATE SET seen_ns = CASE WHEN excluded.seen_ns >"
            " violation_evidence.seen_ns THEN excluded.seen_ns ELSE violation_evidence.seen_ns END";
  insert.run();
  if (trim.values() == 0) return;
  trim << ")) AS placed WHERE place > " << std::to_string(store.limits.evidence_flows) << ")";
  trim.run();
}

void add_history(Store::Connection& store, const std::map<Key, Merged>& entries,
                 const std::map<Key, Integer>& ids, const std::map<Key, Known>& known) {
  Statement insert(store);
  insert << "INSERT INTO violation_history (violation, at_ns, who, what, from_word, to_word, reason) VALUES ";
  for (const auto& [key, merged] : entries) {
    const auto before = known.find(key);
    if (before == known.end() || static_cast<Integer>(merged.severity) <= before->second.severity) continue;
    insert.row({ids.at(key), merged.last, "weir-engine", "severity",
                to_string(static_cast<Severity>(before->second.severity)), to_string(merged.severity),
                "seen with a higher one"});
  }
  if (insert.values() > 0) insert.run();
}

/// Who is told of violations of such severity is owed a word of each that is new.
void owe_new(Batch::Work& work, const std::vector<Key>& fresh, const std::map<Key, Integer>& ids) {
  if (fresh.empty()) return;
  Statement insert(work.connection);
  insert
      << "INSERT INTO notifications (receiver, message, rule, violation, cause) SELECT r.receiver, 0, v.rule,"
         " v.id, 'new' FROM notification_receivers r, violations v WHERE r.severity <= v.severity AND v.id "
         "IN (";
  for (const Key& key : fresh) insert.next().value(ids.at(key));
  insert << ")";
  if (insert.run() > 0) work.notifications_owed = true;
}

/// A violation that became more severe is new to those who are told from that severity on.
void owe_raised(Batch::Work& work, const std::map<Key, Merged>& entries, const std::map<Key, Integer>& ids,
                const std::map<Key, Known>& known) {
  for (const auto& [key, merged] : entries) {
    const auto before = known.find(key);
    const auto severity = static_cast<Integer>(merged.severity);
    if (before == known.end() || severity <= before->second.severity) continue;
    Statement insert(work.connection);
    insert << "INSERT INTO notifications (receiver, message, rule, violation, cause) SELECT r.receiver, 0,"
              " v.rule, v.id, 'new' FROM notification_receivers r, violations v WHERE v.id = ";
    insert.value(ids.at(key)) << " AND r.severity > ";
    insert.value(before->second.severity) << " AND r.severity <= ";
    insert.value(severity);
    if (insert.run() > 0) work.notifications_owed = true;
  }
}

/// Gives how many violations are new.
std::size_t write_some(Batch::Work& work, std::span<Entry> entries) {
  Store::Connection& store = work.connection;
  const auto keys_of = [](const auto& all) {
    std::vector<Key> keys;
    for (const auto& one : all) keys.push_back(one.first);
    return keys;
  };
  const std::map<Key, Known> first_look = open_ones(store, keys_of(entries));
  std::map<Key, Merged> kept = within_limit(store, entries, first_look);
  const std::map<Key, Known> known = open_ones(store, keys_of(kept));
  std::vector<Key> unknown = keys_of(kept);
  std::erase_if(unknown, [&](const Key& key) { return known.contains(key); });
  const std::map<Key, Integer> closed = closed_ones(store, unknown);
  take_out_repeated(store, kept, known, closed);
  if (kept.empty()) return 0;
  std::vector<Key> fresh;
  for (auto& [key, merged] : kept) {
    if (known.contains(key)) continue;
    fresh.push_back(key);
    merged.count = std::max<Integer>(merged.count, 1);  // what goes on was closed, or went, meanwhile
  }
  const std::map<Key, Integer> ids = upsert(store, kept, closed);
  add_evidence(store, kept, ids, known);
  add_history(store, kept, ids, known);
  owe_new(work, fresh, ids);
  owe_raised(work, kept, ids, known);
  return fresh.size();
}

void write_suppressed(Batch::Work& work) {
  soci::session& sql = work.connection.session;
  for (const auto& [suppression, seen] : work.violations.take_suppressed()) {
    const Integer id = suppression;
    const Integer count = seen.first;
    const Integer last = seen.second;
    sql << "UPDATE suppressions SET seen_count = seen_count + :n, last_seen_ns ="
           " CASE WHEN :l > last_seen_ns THEN :l2 ELSE last_seen_ns END WHERE id = :id",
        soci::use(count), soci::use(last), soci::use(last), soci::use(id);
  }
}

void read_suppressions(Batch::Work& work) {
  Store::Connection& store = work.connection;
  SuppressionSet& set = store.suppressions;
  work.suppressions_read = true;
  Integer revision = 0;
  store.session << "SELECT kept FROM row_counts WHERE name = 'suppressions_revision'", soci::into(revision);
  if (revision == set.revision) return;
  set.by_name.clear();
  Statement select(store);
  select << "SELECT id, rule, subject, object, ends_ns FROM suppressions WHERE ended_by = ''";
  Integer id = 0;
  Integer ends = 0;
  std::string rule, subject, object;
  select.into(id).into(rule).into(subject).into(object).into(ends);
  while (select.fetch()) {
    SuppressionSet::One& one = set.by_name[SuppressionSet::name_of(rule, subject, object)];
    if (ends > one.ends) one = {id, ends};
  }
  set.revision = revision;
}

}  // namespace

void write_violations(Batch::Work& work) {
  write_suppressed(work);
  auto merged = work.violations.take();
  std::vector<Entry> entries(std::make_move_iterator(merged.begin()), std::make_move_iterator(merged.end()));
  for (std::size_t at = 0; at < entries.size(); at += kRowsAtOnce) {
    const std::size_t count = std::min(kRowsAtOnce, entries.size() - at);
    work.violations_added += write_some(work, std::span{entries}.subspan(at, count));
  }
}

std::int64_t count_rows(Batch::Work& work, const std::string& table, std::int64_t more) {
  const Integer change = more;
  Integer kept = 0;
  work.connection.session << "UPDATE row_counts SET kept = kept + :n WHERE name = :t RETURNING kept",
      soci::use(change), soci::use(table), soci::into(kept);
  return kept;
}

std::int64_t trim_violations(Batch::Work& work) {
  if (work.violations_added == 0) return 0;
  const Integer kept = count_rows(work, "violations", static_cast<Integer>(work.violations_added));
  Integer surplus = kept - static_cast<Integer>(work.connection.limits.violations);
  if (surplus <= 0) return 0;
  Integer gone = 0;
  for (const std::string_view which : {"state = 'closed'", "state <> 'closed'"}) {  // the closed ones first
    if (surplus == gone) break;
    Statement trim(work.connection);
    trim << "DELETE FROM violations WHERE id IN (SELECT id FROM violations WHERE " << which
         << " ORDER BY last_seen_ns, id LIMIT ";
    trim.value(surplus - gone) << ")";
    gone += trim.run();
  }
  count_rows(work, "violations", -gone);
  return gone;
}

Result<void> Batch::record(const ViolationSighting& sighting) {
  return caught("cannot record a violation", [&] {
    ViolationSighting kept = sighting;
    for (std::string* text :
         {&kept.rule, &kept.section, &kept.action, &kept.subject, &kept.object, &kept.flow_id, &kept.text}) {
      *text = storable(*text);
    }
    if (!work_->suppressions_read) read_suppressions(*work_);
    if (const auto taker = work_->connection.suppressions.taker(kept); taker != 0) {
      if (!kept.goes_on) work_->violations.add_suppressed(taker, kept.at);
      return;
    }
    work_->violations.add(std::move(kept), work_->connection.limits.evidence_flows);
    if (work_->violations.size() >= kViolationsAtOnce) write_violations(*work_);
  });
}

}  // namespace weir::policy
