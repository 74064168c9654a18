// SPDX-License-Identifier: Apache-2.0
#include "policy/store/flows.h"

#include <soci/soci.h>

#include <algorithm>

#include "policy/store/connection.h"

namespace weir::policy {

using soci::use;
using Integer = long long;  // SOCI's name for 64 bits

/// What the statement is bound to.
struct FlowWriter::Statement {
  explicit Statement(soci::session& sql)
      : insert((
            sql.prepare
                << "INSERT INTO flows (flow_id, ended_ns, initiator, initiator_port, responder,"
                   " responder_port, protocol, event) VALUES (:id, :ended, :a, :ap, :b, :bp, :proto, :event)",
            use(flow.flow_id), use(ended), use(flow.initiator), use(initiator_port), use(flow.responder),
            use(responder_port), use(protocol), use(flow.event))) {}
  FlowRecord flow;
  Integer ended = 0, initiator_port = 0, responder_port = 0, protocol = 0;
  soci::statement insert;
};

FlowWriter::FlowWriter(soci::session& sql) : statement_(std::make_unique<Statement>(sql)) {}
FlowWriter::~FlowWriter() = default;

void FlowWriter::write(const FlowRecord& flow) {
  Statement& to = *statement_;
  to.flow = flow;
  to.ended = flow.ended;
  to.initiator_port = flow.initiator_port;
  to.responder_port = flow.responder_port;
  to.protocol = flow.protocol;
  to.insert.execute(true);
}

void FlowRows::write(soci::session& sql, FlowWriter& writer, const StoreLimits& limits) const {
  if (flows_.empty()) return;
  // Older ones would go at once.
  const std::size_t skipped = flows_.size() - std::min<std::size_t>(flows_.size(), limits.flows);
  std::for_each(flows_.begin() + static_cast<std::ptrdiff_t>(skipped), flows_.end(),
                [&](const FlowRecord& flow) { writer.write(flow); });
  const Integer kept = limits.flows;
  soci::statement trim =
      (sql.prepare << "DELETE FROM flows WHERE id <= (SELECT MAX(id) FROM flows) - :n", use(kept));
  trim.execute(true);
  const Integer evicted = trim.get_affected_rows() + static_cast<Integer>(skipped);
  if (evicted > 0) count_up(sql, "flows_evicted", evicted);
}

Result<void> Batch::record(FlowRecord flow) {
  work_->flows.add(std::move(flow));
  return {};
}

Result<void> Batch::record(std::vector<FlowRecord>&& flows) {
  for (FlowRecord& flow : flows) work_->flows.add(std::move(flow));
  return {};
}

}  // namespace weir::policy
