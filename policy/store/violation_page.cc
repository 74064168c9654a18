// SPDX-License-Identifier: Apache-2.0
// The queue of violations, page by page, and what people read about one.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "policy/store/statement.h"
#include "policy/store/violation_store.h"

namespace weir::policy {
namespace {

/// More hits than this, and it is faster to look at the queue in its order until a page is full.
constexpr Integer kHitsMax = 5'000;

/// The row behind which a page begins: the key of the order, and the number.
struct Place {
  Integer key = 0;
  Integer id = 0;
};

char letter_of(ViolationOrder order) { return order == ViolationOrder::kDue ? 'd' : 's'; }

/// "s1732790000000000000.123"; nullopt: it is none of this order.
std::optional<Place> parse_cursor(const std::string& cursor, ViolationOrder order) {
  Place place;
  const std::size_t dot = cursor.find('.');
  if (cursor.empty() || cursor.front() != letter_of(order) || dot == std::string::npos) return std::nullopt;
  const char* const end = cursor.data() + cursor.size();
  const auto key = std::from_chars(cursor.data() + 1, cursor.data() + dot, place.key);
  const auto id = std::from_chars(cursor.data() + dot + 1, end, place.id);
  const bool whole =
      key.ec == std::errc{} && key.ptr == cursor.data() + dot && id.ec == std::errc{} && id.ptr == end;
  return whole ? std::optional{place} : std::nullopt;
}

/// As LIKE wants it between two %.
std::string escaped(const std::string& part) {
  std::string pattern;
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

void add_list(Statement& select, std::string_view column, const std::vector<Statement::Value>& values) {
  select << " AND " << column << " IN ";
  select.begin_row();
  for (const Statement::Value& one : values) select.next().value(one);
  select.end_row();
}

void add_states(Statement& select, const std::vector<std::string>& states) {
  // The conditions of partial indexes have to stand there word by word.
  const auto asked = [&](const char* state) {
    return std::find(states.begin(), states.end(), state) != states.end();
  };
  if (!asked("closed")) select << " AND state <> 'closed'";
  if (states.empty()) return;
  if (!asked("new")) select << " AND state <> 'new'";
  if (states.size() == kViolationStates.size()) return;
  add_list(select, "state", {states.begin(), states.end()});
}

/// By the index of parts of texts, where the part is in few enough objects; else by looking at each.
void add_object_part(Statement& select, Store::Connection& store, const std::string& part) {
  if (part.empty()) return;
  if (store.dialect->trigram_table) {
    std::string query = "\"";
    for (const char c : part) query += c == '"' ? std::string{"\"\""} : std::string{c};
    query += '"';
    Integer hits = 0;
    Statement probe(store);
    probe << "SELECT COUNT(*) FROM (SELECT rowid FROM violation_objects WHERE violation_objects MATCH ";
    probe.value(query) << " LIMIT " << std::to_string(kHitsMax + 1) << ") AS hits";
    probe.into(hits).fetch();
    if (hits <= kHitsMax) {
      select << " AND id IN (SELECT rowid FROM violation_objects WHERE violation_objects MATCH ";
      select.value(std::move(query)) << ")";
      return;
    }
  }
  select << " AND object " << store.dialect->like << " ";
  select.value("%" + escaped(part) + "%") << " ESCAPE '\\'";
}

void add_filter(Statement& select, Store::Connection& store, const ViolationFilter& filter) {
  add_states(select, filter.states);
  if (!filter.severities.empty()) {
    std::vector<Statement::Value> severities;
    for (const Severity one : filter.severities) severities.emplace_back(static_cast<Integer>(one));
    add_list(select, "severity", severities);
  }
  const auto equal = [&](std::string_view column, const std::string& text) {
    if (!text.empty()) (select << " AND " << column << " = ").value(text);
  };
  equal("rule", filter.rule);
  equal("subject", filter.subject);
  equal("assignee", filter.assignee);
  if (!filter.assignee.empty()) select << " AND assignee <> ''";  // of its index
  if (filter.unassigned) select << " AND assignee = ''";
  add_object_part(select, store, filter.object_part);
  if (filter.seen_from > 0) (select << " AND last_seen_ns >= ").value(filter.seen_from);
  if (filter.seen_before > 0) (select << " AND last_seen_ns < ").value(filter.seen_before);
  if (filter.overdue_at > 0) {
    (select << " AND state <> 'closed' AND due_ns > 0 AND due_ns < ").value(filter.overdue_at);
  }
}

constexpr const char* kColumns =
    "id, rule, section, action, would_block, severity, subject, object, state, resolution, assignee, "
    "exception,"
    " follows, due_ns, revision, seen_count, first_seen_ns, last_seen_ns, text";

/// A row of violations as SOCI fills it.
struct Row {
  Violation made;
  Integer id = 0, would_block = 0, severity = 0, follows = 0, due = 0, revision = 0, count = 0,
          first_seen = 0, last_seen = 0;

  void into(Statement& select) {
    select.into(id).into(made.rule).into(made.section).into(made.action).into(would_block).into(severity);
    select.into(made.subject).into(made.object).into(made.state).into(made.resolution).into(made.assignee);
    select.into(made.exception).into(follows).into(due).into(revision).into(count).into(first_seen);
    select.into(last_seen).into(made.text);
  }
  [[nodiscard]] const Violation& violation() {
    made.id = id;
    made.would_block = would_block != 0;
    made.severity =
        static_cast<Severity>(std::clamp<Integer>(severity, 0, static_cast<Integer>(Severity::kCritical)));
    made.follows = follows;
    made.due = due;
    made.revision = static_cast<std::uint32_t>(revision);
    made.count = static_cast<std::uint64_t>(count);
    made.first_seen = first_seen;
    made.last_seen = last_seen;
    return made;
  }
};

std::vector<Violation> rows_of(Statement& select) {
  std::vector<Violation> all;
  Row row;
  row.into(select);
  while (select.fetch()) all.push_back(row.violation());
  return all;
}

void add_evidence(Store::Connection& store, std::vector<Violation>& rows) {
  if (rows.empty()) return;
  std::map<std::int64_t, Violation*> by_id;
  Statement select(store);
  select << "SELECT violation, flow_id FROM violation_evidence WHERE violation IN ";
  select.begin_row();
  for (Violation& one : rows) {
    by_id[one.id] = &one;
    select.next().value(Integer{one.id});
  }
  select.end_row() << " ORDER BY violation, seen_ns DESC, flow_id DESC";
  Integer id = 0;
  std::string flow_id;
  select.into(id).into(flow_id);
  while (select.fetch()) by_id.at(id)->evidence.push_back(flow_id);
}

ViolationPage read_page(Store::Connection& store, const ViolationFilter& filter,
                        const std::optional<Place>& behind, std::uint32_t count) {
  const bool by_due = filter.order == ViolationOrder::kDue;
  const std::string_view key = by_due ? "due_ns" : "last_seen_ns";
  Statement select(store);
  select << "SELECT " << kColumns << " FROM violations WHERE 1 = 1";
  if (by_due) select << " AND due_ns > 0";
  add_filter(select, store, filter);
  if (behind) {
    select << " AND (" << key << ", id) " << (by_due ? ">" : "<") << " (";
    select.value(behind->key) << ", ";
    select.value(behind->id) << ")";
  }
  select << " ORDER BY " << key << (by_due ? ", id" : " DESC, id DESC") << " LIMIT ";
  select.value(Integer{count} + 1);
  ViolationPage page{rows_of(select), {}};
  if (page.rows.size() > count) {
    page.rows.resize(count);
    const Violation& last = page.rows.back();
    page.next = fmt::format("{}{}.{}", letter_of(filter.order), by_due ? last.due : last.last_seen, last.id);
  }
  add_evidence(store, page.rows);
  return page;
}

}  // namespace

Result<ViolationPage> violation_page(Store& store, const ViolationFilter& filter, const std::string& cursor,
                                     std::uint32_t count) {
  std::optional<Place> behind;
  if (!cursor.empty()) {
    behind = parse_cursor(cursor, filter.order);
    if (!behind) return failure(ErrorCode::kInvalid, fmt::format("'{}' is no place of this queue", cursor));
  }
  const std::string& part = filter.object_part;
  const auto characters = std::count_if(
      part.begin(), part.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  if (!part.empty() && (characters < kSearchCharactersMin || part.size() > kSearchBytesMax)) {
    return failure(ErrorCode::kInvalid, fmt::format("a part of an object has {} characters to {} bytes",
                                                    kSearchCharactersMin, kSearchBytesMax));
  }
  return caught("cannot read the violations", [&] {
    return read_page(store.connection(), filter, behind, std::clamp(count, 1U, kViolationPageMax));
  });
}

Result<Violation> Store::violation(std::int64_t id) {
  auto found = caught("cannot read a violation", [&] {
    Statement select(*connection_);
    select << "SELECT " << kColumns << " FROM violations WHERE id = ";
    select.value(Integer{id});
    auto rows = rows_of(select);
    add_evidence(*connection_, rows);
    return rows;
  });
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return failure(ErrorCode::kNotFound, fmt::format("there is no violation {}", id));
  return std::move(found->front());
}

Result<QueueState> queue_state(Store& store) {
  return caught("cannot count the violations", [&] {
    QueueState state;
    soci::session& session = store.connection().session;
    Integer newest = 0, last_seen = 0, severity = 0, count = 0;
    session << "SELECT COALESCE(MAX(id), 0) FROM violations", soci::into(newest);
    session << "SELECT COALESCE(MAX(last_seen_ns), 0) FROM violations WHERE state <> 'closed'",
        soci::into(last_seen);
    soci::statement counts =
        (session.prepare
             << "SELECT severity, COUNT(*) FROM violations WHERE state <> 'closed' GROUP BY severity",
         soci::into(severity), soci::into(count));
    counts.execute();
    while (counts.fetch()) {
      if (severity >= 0 && severity < static_cast<Integer>(kSeverities))
        state.open[static_cast<std::size_t>(severity)] = static_cast<std::uint64_t>(count);
    }
    state.newest = newest;
    state.last_seen = last_seen;
    return state;
  });
}

Result<std::vector<ViolationChange>> violation_history(Store& store, std::int64_t id) {
  return caught("cannot read the history of a violation", [&] {
    std::vector<ViolationChange> all;
    ViolationChange one;
    Integer at = 0;
    Statement select(store.connection());
    select << "SELECT at_ns, who, what, from_word, to_word, reason FROM violation_history WHERE violation = ";
    select.value(Integer{id}) << " ORDER BY id";
    select.into(at).into(one.who).into(one.what).into(one.from).into(one.to).into(one.reason);
    while (select.fetch()) {
      one.at = at;
      all.push_back(one);
    }
    return all;
  });
}

Result<std::vector<Suppression>> suppressions(Store& store, TimeNs at, bool ended) {
  return caught("cannot read the suppressions", [&] {
    std::vector<Suppression> all;
    Suppression one;
    Integer id = 0, made = 0, ends = 0, count = 0, last_seen = 0;
    Statement select(store.connection());
    select
        << "SELECT id, rule, subject, object, owner, made_by, reason, made_ns, ends_ns, ended_by, end_reason,"
           " seen_count, last_seen_ns FROM suppressions WHERE ends_ns > ";
    select.value(ended ? Integer{0} : Integer{at}) << " ORDER BY ends_ns, id";
    select.into(id).into(one.rule).into(one.subject).into(one.object).into(one.owner).into(one.by);
    select.into(one.reason).into(made).into(ends).into(one.ended_by).into(one.end_reason).into(count);
    select.into(last_seen);
    while (select.fetch()) {
      one.id = id;
      one.made = made;
      one.ends = ends;
      one.count = static_cast<std::uint64_t>(count);
      one.last_seen = last_seen;
      all.push_back(one);
    }
    return all;
  });
}

}  // namespace weir::policy
