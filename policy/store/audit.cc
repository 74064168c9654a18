// SPDX-License-Identifier: Apache-2.0
#include "policy/store/audit_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/store/connection.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Integer = long long;

constexpr const char* kColumns =
    "number, at_ns, who, origin, verb, object, reason, result, previous, hash, signature";

AuditHead read_head(soci::session& sql) {
  AuditHead head;
  Integer number = 0;
  Integer first = 1;
  sql << "SELECT number, hash, first, before, signature FROM audit_head WHERE id = 1", into(number),
      into(head.hash), into(first), into(head.before), into(head.signature);
  head.number = number;
  head.first = first;
  return head;
}

}  // namespace

Result<AuditHead> take_audit_head(Batch& batch) {
  return caught("cannot read the audit log", [&] {
    soci::session& sql = batch.work().connection.session;
    sql << "UPDATE audit_head SET number = number WHERE id = 1";  // a change, so that others wait
    return read_head(sql);
  });
}

Result<void> append(Batch& batch, const AuditRow& row) {
  return caught("cannot write the audit log", [&] {
    const Integer number = row.number;
    const Integer at = row.at;
    batch.work().connection.session << fmt::format(
        "INSERT INTO audit ({}) VALUES (:n, :at, :w, :f, :v, :o, :r, :e, :p, :h, :s)", kColumns),
        use(number), use(at), use(row.who), use(row.origin), use(row.verb), use(row.object), use(row.reason),
        use(row.result), use(row.previous), use(row.hash), use(row.signature);
  });
}

Result<void> put(Batch& batch, const AuditHead& head) {
  return caught("cannot write the head of the audit log",
                [&] {
                  const Integer number = head.number;
                  const Integer first = head.first;
                  batch.work().connection.session
                      << "UPDATE audit_head SET number = :n, hash = :h, first = :f, before = :b,"
                         " signature = :s WHERE id = 1",
                      use(number), use(head.hash), use(first), use(head.before), use(head.signature);
                });
}

Result<AuditRow> trim_audit(Batch& batch, TimeNs before) {
  return caught("cannot trim the audit log", [&] {
    soci::session& sql = batch.work().connection.session;
    const Integer at = before;
    AuditRow last;
    Integer number = 0;
    // Clocks step, numbers do not: up to the first entry that is young enough, whatever comes later.
    sql << "SELECT number, hash FROM audit WHERE number < COALESCE((SELECT MIN(number) FROM audit"
           " WHERE at_ns >= :at), (SELECT MAX(number) + 1 FROM audit)) ORDER BY number DESC LIMIT 1",
        use(at), into(number), into(last.hash);
    if (!sql.got_data()) return AuditRow{};
    sql << "DELETE FROM audit WHERE number <= :n", use(number);
    last.number = number;
    return last;
  });
}

Result<AuditHead> audit_head(Store& store) {
  return caught("cannot read the audit log", [&] { return read_head(store.connection().session); });
}

Result<std::vector<AuditRow>> audit_rows(Store& store, std::int64_t first_given, std::uint32_t count) {
  return caught("cannot read the audit log", [&] {
    std::vector<AuditRow> all;
    AuditRow row;
    const Integer first = first_given;
    const Integer limit = std::min<Integer>(count, static_cast<Integer>(kAuditRowsMax));
    Integer number = 0;
    Integer at = 0;
    soci::statement statement =
        (store.connection().session.prepare
             << fmt::format("SELECT {} FROM audit WHERE number >= :f ORDER BY number LIMIT :n", kColumns),
         use(first), use(limit), into(number), into(at), into(row.who), into(row.origin), into(row.verb),
         into(row.object), into(row.reason), into(row.result), into(row.previous), into(row.hash),
         into(row.signature));
    statement.execute();
    while (statement.fetch()) {
      row.number = number;
      row.at = at;
      all.push_back(row);
    }
    return all;
  });
}

}  // namespace weir::policy
