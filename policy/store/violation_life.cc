// SPDX-License-Identifier: Apache-2.0
// What people do with violations, and what they suppress: all that writes it.
#include <algorithm>

#include "policy/store/statement.h"
#include "policy/store/violation_store.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;

/// Where a violation may go from there; empty: nowhere.
std::string_view ways_from(std::string_view state) {
  if (state == "new") return "in_review confirmed justified false_positive";
  if (state == "in_review") return "new confirmed justified false_positive";
  if (state == "closed") return "";
  return "in_review confirmed justified false_positive closed";
}

bool is_decision(std::string_view state) {
  return state == "confirmed" || state == "justified" || state == "false_positive";
}

bool has_word(std::string_view words, std::string_view word) {
  return !word.empty() && word.find(' ') == std::string_view::npos &&
         (" " + std::string{words} + " ").find(" " + std::string{word} + " ") != std::string::npos;
}

/// What of a violation a change looks at.
struct Present {
  std::string state;
  std::string assignee;
  std::string exception;
};

Result<Present> present_of(Batch& batch, std::int64_t id, bool also_closed) {
  Present present;
  const auto found = caught("cannot read a violation", [&] {
    const Integer key = id;
    Batch::Work& work = batch.work();
    write_violations(work);  // it may be of this batch
    work.connection.session << "SELECT state, assignee, exception FROM violations WHERE id = :id", use(key),
        into(present.state), into(present.assignee), into(present.exception);
    return work.connection.session.got_data();
  });
  if (!found) return tl::unexpected(found.error());
  if (!*found) return failure(ErrorCode::kNotFound, fmt::format("there is no violation {}", id));
  if (present.state == "closed" && !also_closed) {
    return failure(ErrorCode::kInvalid, fmt::format("violation {} is closed", id),
                   "what is seen again opens a new one");
  }
  return present;
}

struct Line {
  std::string_view what;
  std::string from;
  std::string to;
};

/// The line of history, and the column that it is about where there is one.
Result<void> change(Batch& batch, std::int64_t id, const Line& line, const Act& act) {
  const auto written = caught("cannot change a violation", [&] {
    Store::Connection& store = batch.work().connection;
    const Integer key = id;
    Integer lines = 0;
    store.session << "SELECT COUNT(*) FROM violation_history WHERE violation = :id", use(key), into(lines);
    if (lines >= static_cast<Integer>(store.limits.history_lines)) return false;
    Statement insert(store);
    insert
        << "INSERT INTO violation_history (violation, at_ns, who, what, from_word, to_word, reason) VALUES ";
    insert.row(
        {key, act.at, storable(act.who), std::string{line.what}, line.from, line.to, storable(act.reason)});
    insert.run();
    if (line.what == "note") return true;
    Statement update(store);
    update << "UPDATE violations SET " << line.what << " = ";
    update.value(line.to);
    if (line.what == "state" && line.to != "closed")
      update << ", resolution = ", update.value(is_decision(line.to) ? line.to : "");
    update << " WHERE id = ";
    update.value(key).run();
    return true;
  });
  if (!written) return tl::unexpected(written.error());
  if (*written) return {};
  return failure(ErrorCode::kLimit,
                 fmt::format("violation {} has a history of {} lines, which is all it keeps", id,
                             batch.work().connection.limits.history_lines));
}

constexpr const char* kAny = "*";

Result<void> check(const Suppression& made) {
  if (made.rule.empty() || made.subject.empty() || made.object.empty() || made.owner.empty() ||
      made.by.empty() || made.reason.empty()) {
    return failure(ErrorCode::kInvalid,
                   "a suppression names a rule, a subject, an object, who answers for it, and why",
                   "* stands for any rule, subject or object");
  }
  if (made.rule == kAny && made.subject == kAny && made.object == kAny) {
    return failure(ErrorCode::kInvalid, "this suppression would take every sighting there is",
                   "name a rule, a subject or an object");
  }
  if (made.ends <= made.made)
    return failure(ErrorCode::kInvalid, "the suppression has ended before it begins");
  if (made.ends - made.made > kSuppressionMax) {
    return failure(ErrorCode::kInvalid,
                   fmt::format("a suppression ends within {} days", kSuppressionMax / kStoreDay),
                   "what is always allowed is written into the policy");
  }
  return {};
}

/// Every engine reads them again at its next batch.
void suppressions_changed(Batch::Work& work) {
  work.suppressions_changed = true;
  count_rows(work, "suppressions_revision", 1);
}

/// Those that ended longest ago make room; false: all are in force.
bool make_room(Store::Connection& store, TimeNs now) {
  Integer rows = 0;
  const Integer at = now;
  store.session << "SELECT COUNT(*) FROM suppressions", into(rows);
  if (rows < static_cast<Integer>(store.limits.suppressions)) return true;
  soci::statement trim =
      (store.session.prepare << "DELETE FROM suppressions WHERE id IN (SELECT id FROM suppressions WHERE"
                                " ends_ns <= :at ORDER BY ends_ns, id LIMIT 1)",
       use(at));
  trim.execute(true);
  return trim.get_affected_rows() > 0;
}

}  // namespace

Result<void> move_violation(Batch& batch, std::int64_t id, const std::string& state, const Act& act) {
  const auto present = present_of(batch, id, false);
  if (!present) return tl::unexpected(present.error());
  if (!has_word(ways_from(present->state), state)) {
    return failure(
        ErrorCode::kInvalid,
        fmt::format("violation {} is {} and cannot become {}", id, present->state, state),
        state == "closed" ? "say first whether it is confirmed, justified or a false positive" : "");
  }
  return change(batch, id, {"state", present->state, state}, act);
}

Result<void> assign_violation(Batch& batch, std::int64_t id, const std::string& assignee, const Act& act) {
  const auto present = present_of(batch, id, false);
  if (!present) return tl::unexpected(present.error());
  return change(batch, id, {"assignee", present->assignee, storable(assignee)}, act);
}

Result<void> link_exception(Batch& batch, std::int64_t id, const std::string& exception, const Act& act) {
  const auto present = present_of(batch, id, false);
  if (!present) return tl::unexpected(present.error());
  return change(batch, id, {"exception", present->exception, storable(exception)}, act);
}

Result<void> note_violation(Batch& batch, std::int64_t id, const Act& act) {
  const auto present = present_of(batch, id, true);
  if (!present) return tl::unexpected(present.error());
  return change(batch, id, {"note", "", ""}, act);
}

Result<std::int64_t> suppress(Batch& batch, const Suppression& given) {
  Suppression made = given;
  for (std::string* text : {&made.rule, &made.subject, &made.object, &made.owner, &made.by, &made.reason})
    *text = storable(*text);
  if (auto checked = check(made); !checked) return tl::unexpected(checked.error());
  const auto id = caught("cannot suppress", [&]() -> Integer {
    Store::Connection& store = batch.work().connection;
    if (!make_room(store, made.made)) return 0;
    Statement insert(store);
    insert << "INSERT INTO suppressions (rule, subject, object, owner, made_by, reason, made_ns, ends_ns,"
              " ended_by, end_reason, seen_count, last_seen_ns) VALUES ";
    insert.row({made.rule, made.subject, made.object, made.owner, made.by, made.reason, made.made, made.ends,
                "", "", Integer{0}, Integer{0}});
    insert << " RETURNING id";
    Integer key = 0;
    insert.into(key).fetch();
    suppressions_changed(batch.work());
    return key;
  });
  if (!id) return tl::unexpected(id.error());
  if (*id != 0) return *id;
  return failure(ErrorCode::kLimit,
                 fmt::format("{} suppressions are in force, which is all there may be",
                             batch.work().connection.limits.suppressions),
                 "end those that are not needed");
}

Result<void> end_suppression(Batch& batch, std::int64_t id, const Act& act) {
  const auto ended = caught("cannot end a suppression", [&] {
    Statement update(batch.work().connection);
    update << "UPDATE suppressions SET ends_ns = ";
    update.value(act.at) << ", ended_by = ";
    update.value(storable(act.who)) << ", end_reason = ";
    update.value(storable(act.reason)) << " WHERE ended_by = '' AND ends_ns > ";
    update.value(act.at) << " AND id = ";
    const Integer changed = update.value(Integer{id}).run();
    suppressions_changed(batch.work());
    return changed;
  });
  if (!ended) return tl::unexpected(ended.error());
  if (*ended > 0) return {};
  return failure(ErrorCode::kNotFound, fmt::format("no suppression {} is in force", id));
}

}  // namespace weir::policy
