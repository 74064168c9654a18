// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "policy/store/report_store.h"
#include "policy/store/statement.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;

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
                " seen_count, first_seen_ns, last_seen_ns, resolution FROM violations WHERE first_seen_ns < "
                ":e"
                " AND (last_seen_ns >= :b OR state <> 'closed') ORDER BY id",
         use(end), use(begin), into(id), into(row.rule), into(row.section), into(row.action),
         into(would_block), into(severity), into(row.subject), into(row.object), into(row.state),
         into(revision), into(count), into(first_seen), into(last_seen), into(row.resolution));
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

Result<void> each_closing(Store& store, TimeNs begin_given, TimeNs end_given,
                          const std::function<void(const ViolationClosing&)>& take) {
  return caught("cannot read what was closed", [&] {
    ViolationClosing row;
    Integer at = 0;
    const Integer begin = begin_given;
    const Integer end = end_given;
    soci::statement statement =
        (store.connection().session.prepare
             << "SELECT v.rule, v.subject, h.at_ns FROM violation_history h JOIN violations v"
                " ON v.id = h.violation WHERE h.what = 'state' AND h.to_word = 'closed'"
                " AND h.at_ns >= :b AND h.at_ns < :e ORDER BY h.id",
         use(begin), use(end), into(row.rule), into(row.subject), into(at));
    statement.execute();
    while (statement.fetch()) {
      row.at = at;
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

Result<void> each_usage(Store& store, TimeNs begin, TimeNs end, TimeNs length,
                        const std::function<void(const UsagePoint&)>& take) {
  return caught("cannot read the sums of flows", [&] {
    Statement select(store.connection());
    select << "SELECT begins_ns, CAST(SUM(flows) AS BIGINT), CAST(SUM(bytes_up) AS BIGINT),"
              " CAST(SUM(bytes_down) AS BIGINT) FROM usage_sums WHERE dimension = ";
    select.value(kByClient) << " AND length_s = ";
    select.value(Integer{length / kSecond}) << " AND begins_ns >= ";
    select.value(Integer{begin}) << " AND begins_ns < ";
    select.value(Integer{end}) << " GROUP BY begins_ns ORDER BY begins_ns";
    Integer begins = 0, flows = 0, up = 0, down = 0;
    select.into(begins).into(flows).into(up).into(down);
    while (select.fetch()) {
      take({begins,
            {static_cast<std::uint64_t>(flows), static_cast<std::uint64_t>(up),
             static_cast<std::uint64_t>(down)}});
    }
  });
}

}  // namespace weir::policy
