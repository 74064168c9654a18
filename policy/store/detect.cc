// SPDX-License-Identifier: Apache-2.0
// What detectors remember: all that reads and writes it. A change comes first and an insertion only where it
// found no row: the usual case is one statement, and row numbers count rows.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "policy/store/connection.h"
#include "policy/store/detect_store.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Integer = long long;  // SOCI's name for 64 bits

/// Rows are counted after so many insertions: counting with each would be dear.
constexpr Integer kTrimShare = 64;  // of the limit

/// Whole items of at most `bytes_max`.
std::string cut_items(const std::string& items, std::size_t bytes_max) {
  if (items.size() <= bytes_max) return items;
  const std::size_t last = items.rfind(' ', bytes_max - 1);
  return last == std::string::npos ? std::string{} : items.substr(0, last + 1);
}

constexpr const char* kWindowValues = "id, n, a, b, c, most, first_ns, items, flows, said";
constexpr const char* kKnownValues = "id, first_ns, last_ns, days, mark, said";

/// A key and what is added, as SOCI reads them.
struct WindowGiven {
  std::string detector, subject, object, items, flows;
  Integer width = 0, begins = 0, n = 0, a = 0, b = 0, c = 0, most = 0, first = 0;
};

struct WindowFound {
  Integer id = 0, n = 0, a = 0, b = 0, c = 0, most = 0, first = 0, said = 0;
  std::string items, flows;
};

struct KnownGiven {
  std::string detector, subject, object;
  Integer at = 0;
};

struct KnownFound {
  Integer id = 0, first = 0, last = 0, days = 0, mark = 0, said = 0;

  [[nodiscard]] DetectKnown known() const { return {id, first, last, days, mark, said}; }
};

#define WEIR_INTO_WINDOW(r)                                                                          \
  into((r).id), into((r).n), into((r).a), into((r).b), into((r).c), into((r).most), into((r).first), \
      into((r).items), into((r).flows), into((r).said)

#define WEIR_INTO_KNOWN(r) \
  into((r).id), into((r).first), into((r).last), into((r).days), into((r).mark), into((r).said)

}  // namespace

void add_item(std::string& items, std::string_view item, std::size_t bytes_max) {
  if (items.size() + item.size() + 1 > bytes_max) return;  // with or without it: before it is looked for
  for (std::size_t at = items.find(item); at != std::string::npos; at = items.find(item, at + 1)) {
    const bool begins = at == 0 || items[at - 1] == ' ';
    if (begins && at + item.size() < items.size() && items[at + item.size()] == ' ') return;
  }
  items.append(item).push_back(' ');
}

/// Prepared once a round; they read and fill the structs beside them.
struct DetectStore::Statements {
  explicit Statements(soci::session& sql)
      : add((sql.prepare << fmt::format(
                 "UPDATE detect_windows SET n = n + :n, a = a + :a, b = b + :b, c = c + :c,"
                 " most = CASE WHEN most < :most THEN :most2 ELSE most END,"
                 " first_ns = CASE WHEN first_ns > :first THEN :first2 ELSE first_ns END,"
                 " items = CASE WHEN LENGTH(items) + LENGTH(:items) <= {} THEN items || :items2 ELSE items"
                 " END"
                 " WHERE detector = :d AND subject = :s AND object = :o AND width_ns = :w AND begins_ns = :g"
                 " RETURNING {}",
                 kWindowItemsBytesMax, kWindowValues),
             use(window.n), use(window.a), use(window.b), use(window.c), use(window.most), use(window.most),
             use(window.first), use(window.first), use(window.items), use(window.items), use(window.detector),
             use(window.subject), use(window.object), use(window.width), use(window.begins),
             WEIR_INTO_WINDOW(found))),
        add_new((sql.prepare << fmt::format(
                     "INSERT INTO detect_windows (detector, subject, object, width_ns, begins_ns, n, a, b, "
                     "c, most,"
                     " first_ns, items, flows, said)"
                     " VALUES (:d, :s, :o, :w, :g, :n, :a, :b, :c, :most, :first, :items, :flows, 0)"
                     " ON CONFLICT DO NOTHING RETURNING {}",
                     kWindowValues),
                 use(window.detector), use(window.subject), use(window.object), use(window.width),
                 use(window.begins), use(window.n), use(window.a), use(window.b), use(window.c),
                 use(window.most), use(window.first), use(window.items), use(window.flows),
                 WEIR_INTO_WINDOW(found))),
        note((
            sql.prepare << fmt::format("UPDATE detect_known SET"
                                       " days = days + CASE WHEN :at / {0} > last_ns / {0} THEN 1 ELSE 0 END,"
                                       " first_ns = CASE WHEN :at2 < first_ns THEN :at3 ELSE first_ns END,"
                                       " last_ns = CASE WHEN :at4 > last_ns THEN :at5 ELSE last_ns END"
                                       " WHERE detector = :d AND subject = :s AND object = :o RETURNING {1}",
                                       86'400 * kSecond, kKnownValues),
            use(known.at), use(known.at), use(known.at), use(known.at), use(known.at), use(known.detector),
            use(known.subject), use(known.object), WEIR_INTO_KNOWN(known_found))),
        note_new(
            (sql.prepare << fmt::format(
                 "INSERT INTO detect_known (detector, subject, object, first_ns, last_ns, days, mark, said)"
                 " VALUES (:d, :s, :o, :at, :at2, 1, 0, 0) ON CONFLICT DO NOTHING RETURNING {}",
                 kKnownValues),
             use(known.detector), use(known.subject), use(known.object), use(known.at), use(known.at),
             WEIR_INTO_KNOWN(known_found))),
        set_flows((sql.prepare << "UPDATE detect_windows SET flows = :f WHERE id = :id", use(found.flows),
                   use(found.id))),
        set_said((sql.prepare << "UPDATE detect_windows SET said = 1 WHERE id = :id", use(row))),
        put((sql.prepare << "UPDATE detect_known SET mark = :m, said = :s WHERE id = :id",
             use(known_found.mark), use(known_found.said), use(known_found.id))),
        past((sql.prepare
                  << "SELECT id, begins_ns, n, a, b, c, most, said FROM detect_windows WHERE detector = :d"
                     " AND subject = :s AND object = :o AND width_ns = :w AND begins_ns <= :until"
                     " ORDER BY begins_ns DESC LIMIT :count",
              use(window.detector), use(window.subject), use(window.object), use(window.width),
              use(window.begins), use(row), into(found.id), into(begins), into(found.n), into(found.a),
              into(found.b), into(found.c), into(found.most), into(found.said))) {}

  /// Which flows are kept does not depend on how many came at once.
  void add_flows(std::string_view more) {
    const std::size_t before = found.flows.size();
    each_item(more, [&](std::string_view flow) { add_item(found.flows, flow, kWindowFlowsBytesMax); });
    if (found.flows.size() != before) set_flows.execute(true);
  }

  WindowGiven window;
  WindowFound found;
  KnownGiven known;
  KnownFound known_found;
  Integer row = 0;  // its id, or how many there are to be
  Integer begins = 0;
  std::map<std::string, Integer> windows_added;  // by detector
  std::map<std::string, Integer> known_added;
  soci::statement add;
  soci::statement add_new;
  soci::statement note;
  soci::statement note_new;
  soci::statement set_flows;
  soci::statement set_said;
  soci::statement put;
  soci::statement past;
};

DetectStore::DetectStore(Batch& batch) : work_(*batch.work_) {}
DetectStore::Statements& DetectStore::statements() {
  if (!statements_) statements_ = std::make_unique<Statements>(work_.connection.session);
  return *statements_;
}
DetectStore::~DetectStore() {
  static_cast<void>(caught("ending statements", [&] { statements_.reset(); }));
}

Result<DetectWindow> DetectStore::add(const DetectKey& key, TimeNs begins, TimeNs width,
                                      const DetectSums& more) {
  return caught("cannot add to a detector's window", [&] {
    Statements& sql = statements();
    WindowGiven& given = sql.window;
    WindowFound& found = sql.found;
    given = {storable(key.detector),
             storable(key.subject),
             storable(key.object),
             cut_items(more.items, kWindowItemsBytesMax),
             cut_items(more.flows, kWindowFlowsBytesMax),
             width,
             begins,
             more.n,
             more.a,
             more.b,
             more.c,
             more.most,
             more.first};
    if (sql.add.execute(true)) {
      sql.add_flows(more.flows);
    } else {
      if (!sql.add_new.execute(true)) sql.add.execute(true);  // another engine was first
      ++sql.windows_added[given.detector];
    }
    return DetectWindow{
        found.id,
        begins,
        width,
        {found.n, found.a, found.b, found.c, found.most, found.first, found.items, found.flows},
        found.said != 0};
  });
}

Result<void> DetectStore::set_said(const DetectWindow& window) {
  return caught("cannot mark a detector's window", [&] {
    statements().row = window.id;
    statements().set_said.execute(true);
  });
}

Result<std::vector<DetectWindow>> DetectStore::past(const DetectKey& key, TimeNs until, TimeNs width,
                                                    std::uint32_t count) {
  return caught("cannot read a detector's windows", [&] {
    std::vector<DetectWindow> all;
    Statements& sql = statements();
    sql.window.detector = key.detector;
    sql.window.subject = storable(key.subject);
    sql.window.object = storable(key.object);
    sql.window.width = width;
    sql.window.begins = until;
    sql.row = count;
    sql.past.execute(false);
    const WindowFound& r = sql.found;
    while (sql.past.fetch())
      all.push_back({r.id, sql.begins, width, {r.n, r.a, r.b, r.c, r.most, 0, {}, {}}, r.said != 0});
    return all;
  });
}

Result<DetectKnown> DetectStore::note(const DetectKey& key, TimeNs at) {
  return caught("cannot note what a detector saw", [&] {
    Statements& sql = statements();
    sql.known = {storable(key.detector), storable(key.subject), storable(key.object), at};
    if (!sql.note.execute(true)) {
      if (!sql.note_new.execute(true)) sql.note.execute(true);  // another engine was first
      ++sql.known_added[sql.known.detector];
    }
    return sql.known_found.known();
  });
}

Result<void> DetectStore::put(const DetectKnown& known) {
  return caught("cannot change what a detector knows", [&] {
    Statements& sql = statements();
    sql.known_found = {known.id, known.first, known.last, known.days, known.mark, known.said};
    sql.put.execute(true);
  });
}

Result<std::vector<DetectStore::Stale>> DetectStore::stale(const std::string& detector,
                                                           const std::string& subject_given,
                                                           std::int64_t mark_given, std::uint32_t count) {
  return caught("cannot read what a detector knows", [&] {
    std::vector<Stale> all;
    const std::string subject = storable(subject_given);
    const Integer mark = mark_given;
    const Integer limit = count;
    std::string object;
    KnownFound r;
    soci::statement statement =
        (work_.connection.session.prepare
             << fmt::format("SELECT object, {} FROM detect_known WHERE detector = :d AND subject = :s"
                            " AND object <> '' AND said = 0 AND mark <= :m ORDER BY object LIMIT :n",
                            kKnownValues),
         use(detector), use(subject), use(mark), use(limit), into(object), WEIR_INTO_KNOWN(r));
    statement.execute();
    while (statement.fetch()) all.push_back({object, r.known()});
    return all;
  });
}

namespace {

/// A table's rows of one detector.
struct Kept {
  const char* table;
  const char* oldest_first;
  const std::string& detector;
  Integer limit;
};

/// Gives how many rows went.
Integer trim_rows(soci::session& sql, const Kept& kept, Integer added) {
  Integer newest = 0;
  sql << fmt::format("SELECT MAX(id) FROM {} WHERE detector = :d", kept.table), use(kept.detector),
      into(newest);
  const Integer step = std::max<Integer>(kept.limit / kTrimShare, 1);
  if (newest / step == (newest - added) / step) return 0;
  Integer rows = 0;
  sql << fmt::format("SELECT COUNT(*) FROM {} WHERE detector = :d", kept.table), use(kept.detector),
      into(rows);
  if (rows <= kept.limit) return 0;
  const Integer surplus = rows - kept.limit;
  sql << fmt::format(
      "DELETE FROM {0} WHERE id IN (SELECT id FROM {0} WHERE detector = :d ORDER BY {1} LIMIT :n)",
      kept.table, kept.oldest_first),
      use(kept.detector), use(surplus);
  return surplus;
}

/// All windows of it that are kept may still be added to.
bool is_crowded(soci::session& sql, const std::string& detector) {
  Integer oldest_ends = 0;
  Integer newest_begins = 0;
  sql << "SELECT begins_ns + width_ns FROM detect_windows WHERE detector = :d ORDER BY id LIMIT 1",
      use(detector), into(oldest_ends);
  sql << "SELECT begins_ns FROM detect_windows WHERE detector = :d ORDER BY id DESC LIMIT 1", use(detector),
      into(newest_begins);
  return oldest_ends > newest_begins;
}

}  // namespace

Result<DetectStore::Trimmed> DetectStore::trim() {
  return caught("cannot trim what detectors remember", [&] {
    Trimmed trimmed;
    if (!statements_) return trimmed;
    soci::session& sql = work_.connection.session;
    const StoreLimits& limits = work_.connection.limits;
    for (const auto& [detector, added] : statements_->windows_added) {
      const Integer gone = trim_rows(sql, {"detect_windows", "id", detector, limits.detect_windows}, added);
      trimmed.rows += gone;
      if (gone > 0 && is_crowded(sql, detector)) trimmed.crowded.push_back(detector);
    }
    for (const auto& [detector, added] : statements_->known_added)
      trimmed.rows += trim_rows(sql, {"detect_known", "last_ns, id", detector, limits.detect_known}, added);
    return trimmed;
  });
}

}  // namespace weir::policy
