// SPDX-License-Identifier: Apache-2.0
// What subjects used of the quotas of rules: all that reads and writes it.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "policy/store/connection.h"
#include "policy/store/quota_sums.h"
#include "policy/store/store.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Integer = long long;  // SOCI's name for 64 bits

constexpr const char* kColumns =
    "id, rule, subject, begins_ns, ends_ns, bytes, seconds, flows, messages, percent_said, last_used_ns,"
    " told_ns, fact_owed";

/// A row of quotas as SOCI fills it.
struct QuotaRow {
  Integer id = 0, begins = 0, ends = 0, bytes = 0, seconds = 0, flows = 0, messages = 0, percent_said = 0,
          last_used = 0, told = 0, fact_owed = 0;
  std::string rule, subject;

  [[nodiscard]] QuotaRecord record() const {
    QuotaRecord made;
    made.id = id;
    made.rule = rule;
    made.subject = subject;
    made.begins = begins;
    made.ends = ends;
    made.used = {static_cast<std::uint64_t>(bytes), static_cast<std::uint64_t>(seconds),
                 static_cast<std::uint64_t>(flows), static_cast<std::uint64_t>(messages)};
    made.percent_said = static_cast<std::uint32_t>(percent_said);
    made.last_used = last_used;
    made.told = told;
    made.fact_owed = fact_owed != 0;
    return made;
  }
};

#define WEIR_INTO_QUOTA(r)                                                                                 \
  into((r).id), into((r).rule), into((r).subject), into((r).begins), into((r).ends), into((r).bytes),      \
      into((r).seconds), into((r).flows), into((r).messages), into((r).percent_said), into((r).last_used), \
      into((r).told), into((r).fact_owed)

/// What an amount has to reach; one without a limit never does.
Integer threshold(std::uint64_t amount) {
  return amount == 0 ? std::numeric_limits<Integer>::max() : static_cast<Integer>(amount);
}

void write_quota(soci::session& sql, const QuotaRecord& quota) {
  const Integer bytes = static_cast<Integer>(quota.used.bytes);
  const Integer seconds = static_cast<Integer>(quota.used.seconds);
  const Integer flows = static_cast<Integer>(quota.used.flows);
  const Integer messages = static_cast<Integer>(quota.used.messages);
  const Integer percent_said = quota.percent_said;
  const Integer last_used = quota.last_used;
  const Integer told = quota.told;
  const Integer fact_owed = quota.fact_owed ? 1 : 0;
  const Integer id = quota.id;
  sql << "UPDATE quotas SET bytes = :b, seconds = :s, flows = :f, messages = :m, percent_said = :p,"
         " last_used_ns = :l, told_ns = :t, fact_owed = :o WHERE id = :id",
      use(bytes), use(seconds), use(flows), use(messages), use(percent_said), use(last_used), use(told),
      use(fact_owed), use(id);
}

}  // namespace

Result<std::vector<QuotaRecord>> Store::quotas(const QuotaFilter& filter, std::uint32_t count) {
  return caught("cannot read the quotas", [&] {
    std::vector<QuotaRecord> all;
    QuotaRow r;
    const Integer after = filter.after;
    const Integer limit = count;
    soci::statement statement =
        (connection_->session.prepare
             << fmt::format("SELECT {} FROM quotas WHERE ends_ns > :after AND (:r0 = '' OR rule = :r)"
                            " AND (:s0 = '' OR subject = :s) ORDER BY rule, subject, begins_ns DESC LIMIT :n",
                            kColumns),
         use(after), use(filter.rule), use(filter.rule), use(filter.subject), use(filter.subject), use(limit),
         WEIR_INTO_QUOTA(r));
    statement.execute();
    while (statement.fetch()) all.push_back(r.record());
    return all;
  });
}

Result<bool> Store::owes_facts() {
  return caught("cannot look for owed facts",
                [&] {
                  Integer owed = 0;
                  connection_->session
                      << "SELECT COUNT(*) FROM (SELECT id FROM quotas WHERE fact_owed <> 0 LIMIT 1) AS one",
                      into(owed);
                  return owed > 0;
                });
}

QuotaRecord QuotaSums::get(soci::session& sql, const std::string& rule, const std::string& subject,
                           TimeNs begins_given, TimeNs ends_given) {
  const auto [place, first] = rows_.try_emplace({rule, subject, begins_given});
  Row& row = place->second;
  if (!first) return row.record;
  const Integer begins = begins_given;
  const Integer ends = ends_given;
  QuotaRow r;
  sql << fmt::format(
      "INSERT INTO quotas (rule, subject, begins_ns, ends_ns, bytes, seconds, flows, messages,"
      " percent_said, last_used_ns, told_ns, fact_owed) VALUES (:r, :s, :b, :e, 0, 0, 0, 0, 0, 0, 0, 0)"
      " ON CONFLICT (rule, subject, begins_ns) DO UPDATE SET ends_ns = excluded.ends_ns RETURNING {}",
      kColumns),
      use(rule), use(subject), use(begins), use(ends), WEIR_INTO_QUOTA(r);
  if (r.last_used == 0) added_ = true;  // counting a full table with every event would be dear
  return row.record = r.record();
}

void QuotaSums::put(const QuotaRecord& record) {
  Row& row = rows_[{record.rule, record.subject, record.begins}];
  row.record = record;
  row.changed = true;
}

std::uint64_t QuotaSums::add_to_minute(soci::session& sql, const std::string& rule,
                                       const std::string& subject, std::int64_t minute_given,
                                       std::uint64_t bytes) {
  const auto [place, first] = minutes_.try_emplace({minute_given, rule, subject});
  if (first) {
    const Integer minute = minute_given;
    Integer before = 0;
    sql << "SELECT bytes FROM quota_minutes WHERE minute = :m AND rule = :r AND subject = :s", use(minute),
        use(rule), use(subject), into(before);
    place->second = sql.got_data() ? static_cast<std::uint64_t>(before) : 0;
  }
  return place->second += bytes;
}

void QuotaSums::write(soci::session& sql) {
  for (const auto& [key, row] : rows_) {
    if (row.changed) write_quota(sql, row.record);
  }
  for (const auto& [key, sum] : minutes_) {
    const auto& [minute_given, rule, subject] = key;
    const Integer minute = minute_given;
    const Integer bytes = static_cast<Integer>(sum);
    // No ON CONFLICT: PostgreSQL would use up a number of `id` each time, by which the table is trimmed.
    soci::statement update = (sql.prepare << "UPDATE quota_minutes SET bytes = :b WHERE minute = :m"
                                             " AND rule = :r AND subject = :s",
                              use(bytes), use(minute), use(rule), use(subject));
    update.execute(true);
    if (update.get_affected_rows() > 0) continue;
    sql << "INSERT INTO quota_minutes (minute, rule, subject, bytes) VALUES (:m, :r, :s, :b)", use(minute),
        use(rule), use(subject), use(bytes);
  }
  minutes_written_ = minutes_written_ || !minutes_.empty();
  rows_.clear();
  minutes_.clear();
}

Result<QuotaRecord> Batch::quota(const std::string& rule, const std::string& subject, TimeNs begins,
                                 TimeNs ends) {
  return caught("cannot look up a quota", [&] {
    return work_->quotas.get(work_->connection.session, storable(rule), storable(subject), begins, ends);
  });
}

Result<void> Batch::put(const QuotaRecord& quota) {
  work_->quotas.put(quota);
  return {};
}

Result<std::uint64_t> Batch::add_to_minute(const std::string& rule, const std::string& subject,
                                           std::int64_t minute, std::uint64_t bytes) {
  return caught("cannot count a minute", [&] {
    return work_->quotas.add_to_minute(work_->connection.session, storable(rule), storable(subject), minute,
                                       bytes);
  });
}

Result<void> Batch::owe_facts(const std::string& rule, const QuotaUse& at_least, TimeNs now) {
  return caught("cannot owe facts", [&] {
    const Integer after = now;
    const Integer bytes = threshold(at_least.bytes);
    const Integer seconds = threshold(at_least.seconds);
    const Integer flows = threshold(at_least.flows);
    const Integer messages = threshold(at_least.messages);
    work_->quotas.write(work_->connection.session);
    work_->connection.session
        << "UPDATE quotas SET fact_owed = 1 WHERE rule = :r AND ends_ns > :after AND (told_ns > 0"
           " OR bytes >= :b OR seconds >= :s OR flows >= :f OR messages >= :m)",
        use(rule), use(after), use(bytes), use(seconds), use(flows), use(messages);
  });
}

Result<std::vector<QuotaRecord>> Batch::take_owed(std::uint32_t count, TimeNs now) {
  return caught("cannot take owed facts", [&] {
    std::vector<QuotaRecord> all;
    QuotaRow r;
    work_->quotas.write(work_->connection.session);
    const Integer told = now;
    const Integer limit = count;
    soci::statement statement =
        (work_->connection.session.prepare
             << fmt::format("UPDATE quotas SET fact_owed = 0, told_ns = :t WHERE id IN (SELECT id FROM quotas"
                            " WHERE fact_owed <> 0 ORDER BY id LIMIT :n) RETURNING {}",
                            kColumns),
         use(told), use(limit), WEIR_INTO_QUOTA(r));
    statement.execute();
    while (statement.fetch()) all.push_back(r.record());
    return all;
  });
}

Result<QuotaRecord> Batch::forgive(const std::string& rule, const std::string& subject, TimeNs now) {
  auto found = caught("cannot forgive a quota", [&]() -> std::optional<QuotaRecord> {
    soci::session& sql = work_->connection.session;
    work_->quotas.write(sql);
    const Integer at = now;
    // A change first: nobody else may write between the look and the change.
    sql << "UPDATE quotas SET fact_owed = 1 WHERE rule = :r AND subject = :s AND begins_ns <= :at"
           " AND ends_ns > :at2",
        use(rule), use(subject), use(at), use(at);
    QuotaRow r;
    sql << fmt::format(
        "SELECT {} FROM quotas WHERE rule = :r AND subject = :s AND begins_ns <= :at AND ends_ns > :at2"
        " ORDER BY last_used_ns DESC LIMIT 1",
        kColumns),
        use(rule), use(subject), use(at), use(at), WEIR_INTO_QUOTA(r);
    if (!sql.got_data()) return std::nullopt;
    sql << "UPDATE quotas SET bytes = 0, seconds = 0, flows = 0, messages = 0, percent_said = 0"
           " WHERE rule = :r AND subject = :s AND begins_ns <= :at AND ends_ns > :at2",
        use(rule), use(subject), use(at), use(at);
    return r.record();
  });
  if (!found) return tl::unexpected(found.error());
  if (!*found)
    return failure(ErrorCode::kNotFound,
                   fmt::format("{} has used nothing of the quota of rule {}", subject, rule));
  return std::move(**found);
}

}  // namespace weir::policy
