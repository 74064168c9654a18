// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "policy/store/connection.h"
#include "policy/store/report_store.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Integer = long long;  // SOCI's name for 64 bits

}  // namespace

Result<void> each_violation(Store& store, TimeNs begin_given, TimeNs end_given,
                            const std::function<void(const Violation&)>& take) {
  return caught("cannot read the violations", [&] {
    Violation row;
    Integer id = 0, would_block = 0, severity = 0, revision = 0, count = 0, first_seen = 0, last_seen = 0;
    const Integer begin = begin_given;
    const Integer end = end_given;
    soci::statement statement =
        (store.connection().session.prepare
             << "SELECT id, rule, section, action, would_block, severity, subject, object, state, revision,"
                " seen_count, first_seen_ns, last_seen_ns FROM violations WHERE first_seen_ns < :e"
                " AND (last_seen_ns >= :b OR state <> 'closed') ORDER BY id",
         use(end), use(begin), into(id), into(row.rule), into(row.section), into(row.action),
         into(would_block), into(severity), into(row.subject), into(row.object), into(row.state),
         into(revision), into(count), into(first_seen), into(last_seen));
    statement.execute();
    while (statement.fetch()) {
      row.id = id;
      row.would_block = would_block != 0;
      row.severity =
          static_cast<Severity>(std::clamp<Integer>(severity, 0, static_cast<Integer>(Severity::kCritical)));
      row.revision = static_cast<std::uint32_t>(revision);
      row.count = static_cast<std::uint64_t>(count);
      row.first_seen = first_seen;
      row.last_seen = last_seen;
      take(row);
    }
  });
}

Result<void> each_software(Store& store, const std::function<void(const Software&)>& take) {
  return caught("cannot read the software inventory", [&] {
    Software row;
    Integer state = 0, count = 0, first_seen = 0, last_seen = 0;
    soci::statement statement =
        (store.connection().session.prepare
             << "SELECT client, product, version, state, seen_count, first_seen_ns, last_seen_ns"
                " FROM software ORDER BY client, product, version",
         into(row.client), into(row.product), into(row.version), into(state), into(count), into(first_seen),
         into(last_seen));
    statement.execute();
    while (statement.fetch()) {
      row.state = static_cast<SoftwareState>(std::clamp<Integer>(state, 0, 2));
      row.count = static_cast<std::uint64_t>(count);
      row.first_seen = first_seen;
      row.last_seen = last_seen;
      take(row);
    }
  });
}

Result<void> each_flow(Store& store, TimeNs begin_given, TimeNs end_given,
                       const std::function<void(const FlowRecord&)>& take) {
  return caught("cannot read the flows", [&] {
    FlowRecord row;
    Integer ended = 0;
    const Integer begin = begin_given;
    const Integer end = end_given;
    soci::statement statement =
        (store.connection().session.prepare << "SELECT flow_id, ended_ns, initiator, responder, event FROM"
                                               " flows WHERE ended_ns >= :b AND ended_ns < :e ORDER BY id",
         use(begin), use(end), into(row.flow_id), into(ended), into(row.initiator), into(row.responder),
         into(row.event));
    statement.execute();
    while (statement.fetch()) {
      row.ended = ended;
      take(row);
    }
  });
}

}  // namespace weir::policy
