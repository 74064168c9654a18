// SPDX-License-Identifier: Apache-2.0
#include "policy/store/people.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "policy/store/connection.h"
#include "policy/store/dialect.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Integer = long long;

constexpr TimeNs kDay = 86'400 * kSecond;

struct NamingColumn {
  const char* table;
  const char* column;
};
/// Every column that names a subject. A table that is not here keeps nothing about people.
constexpr std::array kNaming{
    NamingColumn{"violations", "subject"},     NamingColumn{"violations", "object"},
    NamingColumn{"quotas", "subject"},         NamingColumn{"quota_minutes", "subject"},
    NamingColumn{"software", "client"},        NamingColumn{"flows", "initiator"},
    NamingColumn{"flows", "responder"},        NamingColumn{"suppressions", "subject"},
    NamingColumn{"suppressions", "object"},    NamingColumn{"usage_sums", "name"},
    NamingColumn{"detect_windows", "subject"}, NamingColumn{"detect_windows", "object"},
    NamingColumn{"detect_known", "subject"},   NamingColumn{"detect_known", "object"},
    NamingColumn{"server_sums", "server"},
};

/// Every column that says to which violation a row belongs.
constexpr std::array kOfViolation{NamingColumn{"violations", "id"},
                                  NamingColumn{"violation_evidence", "violation"},
                                  NamingColumn{"violation_history", "violation"}};

/// Flows whose event names the subject as a text of its own: a user, a host, an address of mail.
std::vector<Integer> flows_naming(soci::session& sql, const std::string& subject,
                                  const EventText& text_of_event) {
  std::vector<Integer> ids;
  const std::string quoted = '"' + subject + '"';
  Integer id = 0;
  std::string event;
  soci::statement statement = (sql.prepare << "SELECT id, event FROM flows", into(id), into(event));
  statement.execute();
  while (statement.fetch())
    if (text_of_event(event).find(quoted) != std::string::npos) ids.push_back(id);
  return ids;
}

std::string text_of(const soci::row& row, std::size_t column) {
  if (row.get_indicator(column) == soci::i_null) return {};
  switch (row.get_properties(column).get_data_type()) {
    case soci::dt_string:
      return row.get<std::string>(column);
    case soci::dt_integer:
      return std::to_string(row.get<int>(column));
    case soci::dt_long_long:
      return std::to_string(row.get<long long>(column));
    case soci::dt_unsigned_long_long:
      return std::to_string(row.get<unsigned long long>(column));
    case soci::dt_double:
      return fmt::format("{}", row.get<double>(column));
    default:
      return "(not text)";
  }
}

template <typename Value>
void gather(soci::session& sql, const std::string& table, const std::string& where, const Value& value,
            std::vector<TextRow>& rows) {
  const Integer limit = kRowsAboutMax;
  const soci::rowset<soci::row> found =
      (sql.prepare << fmt::format("SELECT * FROM {} WHERE {} LIMIT :n", table, where), use(value),
       use(limit));
  for (const soci::row& one : found) {
    TextRow row;
    for (std::size_t i = 0; i < one.size(); ++i)
      row.emplace_back(one.get_properties(i).get_name(), text_of(one, i));
    rows.push_back(std::move(row));
  }
}

/// Those are counted beside their table.
void count_down_violations(Batch::Work& work, const std::map<std::string, std::uint64_t>& gone) {
  const auto violations = gone.find("violations");
  if (violations != gone.end())
    count_rows(work, "violations", -static_cast<std::int64_t>(violations->second));
}

Integer affected(soci::statement& statement) {
  statement.execute(true);
  return statement.get_affected_rows();
}

}  // namespace

Result<std::vector<std::string>> subjects_known(Store& store) {
  return caught("cannot look for subjects", [&] {
    std::set<std::string> all;
    for (const NamingColumn& one : kNaming) {
      const soci::rowset<std::string> found = (store.connection().session.prepare << fmt::format(
                                                   "SELECT DISTINCT {} FROM {}", one.column, one.table));
      all.insert(found.begin(), found.end());
    }
    return std::vector<std::string>(all.begin(), all.end());
  });
}

Result<void> each_event(Store& store, const std::function<bool(const std::string&)>& visit) {
  return caught("cannot read the flows", [&] {
    std::string event;
    soci::statement statement =
        (store.connection().session.prepare << "SELECT event FROM flows ORDER BY id DESC", into(event));
    statement.execute();
    while (statement.fetch() && visit(event)) continue;
  });
}

Result<void> overwrite_erased(Store& store) {
  return caught("cannot overwrite what was erased", [&] { rewrite_files(store.connection().session); });
}

Result<std::map<std::string, std::vector<TextRow>>> rows_about(Store& store, const std::string& subject,
                                                               const EventText& text_of_event) {
  return caught("cannot read what is kept", [&] {
    std::map<std::string, std::vector<TextRow>> all;
    soci::session& sql = store.connection().session;
    for (const NamingColumn& one : kNaming)
      gather(sql, one.table, fmt::format("{} = :s", one.column), subject, all[one.table]);
    for (const Integer id : flows_naming(sql, subject, text_of_event))
      gather(sql, "flows", "id = :s", id, all["flows"]);
    for (auto& [table, rows] : all) {  // a row can name somebody twice
      std::ranges::sort(rows);
      rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    }
    std::erase_if(all, [](const auto& one) { return one.second.empty(); });
    return all;
  });
}

Result<std::map<std::string, std::vector<TextRow>>> rows_of_violation(Store& store, std::int64_t id) {
  return caught("cannot read the violation", [&] {
    std::map<std::string, std::vector<TextRow>> all;
    const Integer key = id;
    for (const NamingColumn& one : kOfViolation)
      gather(store.connection().session, one.table, fmt::format("{} = :s", one.column), key, all[one.table]);
    return all;
  });
}

Result<std::uint64_t> open_cases(Store& store, const std::string& subject) {
  return caught("cannot look for open cases",
                [&] {
                  Integer count = 0;
                  store.connection().session
                      << "SELECT COUNT(*) FROM violations WHERE subject = :s AND state NOT IN ('new',"
                         " 'closed')",
                      use(subject), into(count);
                  return static_cast<std::uint64_t>(count);
                });
}

Result<std::map<std::string, std::uint64_t>> erase_rows_about(Batch& batch, const std::string& subject,
                                                              const EventText& text_of_event) {
  return caught("cannot erase", [&] {
    std::map<std::string, std::uint64_t> rows;
    soci::session& sql = batch.work().connection.session;
    const auto erase = [&](const char* table, const std::string& where, const auto& value) {
      soci::statement statement =
          (sql.prepare << fmt::format("DELETE FROM {} WHERE {}", table, where), use(value));
      if (const Integer gone = affected(statement); gone > 0) rows[table] += static_cast<std::uint64_t>(gone);
    };
    for (const NamingColumn& one : kNaming) erase(one.table, fmt::format("{} = :s", one.column), subject);
    for (const Integer id : flows_naming(sql, subject, text_of_event)) erase("flows", "id = :s", id);
    count_down_violations(batch.work(), rows);
    return rows;
  });
}

Result<std::map<std::string, std::uint64_t>> trim_by_age(Batch& batch, const RetentionSettings& keep,
                                                         TimeNs now, std::uint32_t count) {
  return caught("cannot trim by age", [&] {
    std::map<std::string, std::uint64_t> rows;
    soci::session& sql = batch.work().connection.session;
    const Integer limit = count;
    const auto trim = [&](const char* name, const char* table, const char* key, const char* time,
                          std::uint32_t days) {
      if (days == 0) return;
      const Integer before = now - days * kDay;
      const bool several = std::string_view{key}.find(',') != std::string_view::npos;
      soci::statement statement =
          (sql.prepare << fmt::format("DELETE FROM {} WHERE {} IN (SELECT {} FROM {} WHERE {} < :t LIMIT :n)",
                                      table, several ? fmt::format("({})", key) : key, key, table, time),
           use(before), use(limit));
      if (const Integer gone = affected(statement); gone > 0) rows[name] += static_cast<std::uint64_t>(gone);
    };
    trim("flows", "flows", "id", "ended_ns", keep.flows_days);
    trim("violations", "violations", "id", "last_seen_ns", keep.violations_days);
    trim("software", "software", "client, product, version", "last_seen_ns", keep.software_days);
    trim("identities", "quotas", "id", "ends_ns", keep.identities_days);
    count_down_violations(batch.work(), rows);
    return rows;
  });
}

Result<std::int64_t> ask_to_reveal(Batch& batch, const RevealRequest& request) {
  return caught("cannot keep the request", [&]() -> std::int64_t {
    const Integer asked = request.asked;
    Integer id = 0;
    batch.work().connection.session << "INSERT INTO reveal_requests (pseudonym, reason, asked_by, asked_ns, "
                                       "approved_by, approved_ns, used_ns)"
                                       " VALUES (:p, :r, :b, :at, '', 0, 0) RETURNING id",
        use(request.pseudonym), use(request.reason), use(request.asked_by), use(asked), into(id);
    return id;
  });
}

namespace {

constexpr const char* kRequestColumns =
    "id, pseudonym, reason, asked_by, asked_ns, approved_by, approved_ns, used_ns";

struct RequestRow {
  RevealRequest row;
  Integer id = 0, asked = 0, approved = 0, used = 0;
  [[nodiscard]] RevealRequest request() const {
    RevealRequest made = row;
    made.id = id;
    made.asked = asked;
    made.approved = approved;
    made.used = used;
    return made;
  }
};

#define WEIR_INTO_REQUEST(r)                                                                            \
  into((r).id), into((r).row.pseudonym), into((r).row.reason), into((r).row.asked_by), into((r).asked), \
      into((r).row.approved_by), into((r).approved), into((r).used)

}  // namespace

Result<RevealRequest> reveal_request(Batch& batch, std::int64_t id_given) {
  auto found = caught("cannot read the request", [&] {
    RequestRow r;
    const Integer id = id_given;
    batch.work().connection.session << fmt::format(
        "SELECT {} FROM reveal_requests WHERE id = :id AND used_ns = 0", kRequestColumns),
        use(id), WEIR_INTO_REQUEST(r);
    return r.request();
  });
  if (found && found->id == 0)
    return failure(ErrorCode::kNotFound, fmt::format("no request {} waits", id_given));
  return found;
}

Result<void> put(Batch& batch, const RevealRequest& request) {
  return caught(
      "cannot keep the request", [&] {
        const Integer id = request.id;
        const Integer approved = request.approved;
        const Integer used = request.used;
        batch.work().connection.session
            << "UPDATE reveal_requests SET approved_by = :b, approved_ns = :at, used_ns = :u WHERE id = :id",
            use(request.approved_by), use(approved), use(used), use(id);
      });
}

Result<std::vector<RevealRequest>> reveal_requests(Store& store, std::uint32_t count) {
  return caught("cannot read the requests", [&] {
    std::vector<RevealRequest> all;
    RequestRow r;
    const Integer limit = count;
    soci::statement statement =
        (store.connection().session.prepare
             << fmt::format("SELECT {} FROM reveal_requests ORDER BY id DESC LIMIT :n", kRequestColumns),
         use(limit), WEIR_INTO_REQUEST(r));
    statement.execute();
    while (statement.fetch()) all.push_back(r.request());
    return all;
  });
}

}  // namespace weir::policy
