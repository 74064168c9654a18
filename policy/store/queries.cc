// SPDX-License-Identifier: Apache-2.0
// Everything that reads for people.
#include <algorithm>
#include <optional>

#include "policy/store/connection.h"
#include "policy/store/software_store.h"
#include "policy/store/store.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Integer = long long;

struct FlowRow {
  FlowRecord row;
  Integer ended = 0, initiator_port = 0, responder_port = 0, protocol = 0;

  [[nodiscard]] FlowRecord flow() const {
    FlowRecord made = row;
    made.ended = ended;
    made.initiator_port = static_cast<std::uint16_t>(initiator_port);
    made.responder_port = static_cast<std::uint16_t>(responder_port);
    made.protocol = static_cast<std::uint8_t>(protocol);
    return made;
  }
};

constexpr const char* kFlowColumns =
    "flow_id, ended_ns, initiator, initiator_port, responder, responder_port, protocol, event";

#define WEIR_INTO_FLOW(r)                                                                    \
  into((r).row.flow_id), into((r).ended), into((r).row.initiator), into((r).initiator_port), \
      into((r).row.responder), into((r).responder_port), into((r).protocol), into((r).row.event)

template <typename T>
Result<T> flattened(Result<std::optional<T>> found, const std::string& what) {
  if (!found) return tl::unexpected(found.error());
  if (!*found) return failure(ErrorCode::kNotFound, what);
  return std::move(**found);
}

}  // namespace

Result<std::vector<Software>> Store::software(const std::string& client, std::uint32_t count) {
  return software_page(*this, client, {}, count);
}

Result<std::vector<Software>> software_page(Store& store, const std::string& client, const SoftwareKey& after,
                                            std::uint32_t count) {
  return caught("cannot read the software inventory", [&] {
    std::vector<Software> all;
    Software row;
    Integer state = 0, seen = 0, first_seen = 0, last_seen = 0;
    const Integer limit = count;
    soci::statement statement =
        (store.connection().session.prepare
             << "SELECT client, product, version, evidence, flow_id, state, seen_count, first_seen_ns, "
                "last_seen_ns"
                " FROM software WHERE (:all = '' OR client = :c)"
                " AND (client, product, version) > (:ac, :ap, :av)"
                " ORDER BY client, product, version LIMIT :n",
         use(client), use(client), use(after.client), use(after.product), use(after.version), use(limit),
         into(row.client), into(row.product), into(row.version), into(row.evidence), into(row.flow_id),
         into(state), into(seen), into(first_seen), into(last_seen));
    statement.execute();
    while (statement.fetch()) {
      row.state = static_cast<SoftwareState>(std::clamp<Integer>(state, 0, 2));
      row.count = static_cast<std::uint64_t>(seen);
      row.first_seen = first_seen;
      row.last_seen = last_seen;
      all.push_back(row);
    }
    return all;
  });
}

Result<FlowRecord> Store::flow(const std::string& flow_id) {
  auto found = caught("cannot read a flow", [&]() -> std::optional<FlowRecord> {
    soci::session& sql = connection_->session;
    FlowRow r;
    sql << fmt::format("SELECT {} FROM flows WHERE flow_id = :id ORDER BY id DESC LIMIT 1", kFlowColumns),
        use(flow_id), WEIR_INTO_FLOW(r);
    if (!sql.got_data()) return std::nullopt;
    return r.flow();
  });
  return flattened(std::move(found), fmt::format("flow {} is not kept", flow_id));
}

Result<FlowRecord> Store::flow(const FiveTuple& tuple) {
  auto found = caught("cannot read a flow", [&]() -> std::optional<FlowRecord> {
    soci::session& sql = connection_->session;
    const std::string a = tuple.initiator.to_string();
    const std::string b = tuple.responder.to_string();
    const Integer a_port = tuple.initiator_port;
    const Integer b_port = tuple.responder_port;
    const Integer protocol = tuple.protocol;
    FlowRow r;
    sql << fmt::format(
        "SELECT {} FROM flows WHERE protocol = :p AND ((initiator = :a AND initiator_port = :ap AND"
        " responder = :b AND responder_port = :bp) OR (initiator = :b2 AND initiator_port = :bp2 AND"
        " responder = :a2 AND responder_port = :ap2)) ORDER BY ended_ns DESC, id DESC LIMIT 1",
        kFlowColumns),
        use(protocol), use(a), use(a_port), use(b), use(b_port), use(b), use(b_port), use(a), use(a_port),
        WEIR_INTO_FLOW(r);
    if (!sql.got_data()) return std::nullopt;
    return r.flow();
  });
  return flattened(std::move(found), "no flow between these ends is kept");
}

Result<EngineState> Store::engine_state() {
  return caught("cannot read the engine's state", [&] {
    EngineState all;
    std::string name;
    Integer value = 0;
    soci::statement statement =
        (connection_->session.prepare << "SELECT name, value FROM engine_state", into(name), into(value));
    statement.execute();
    while (statement.fetch()) all[name] = value;
    return all;
  });
}

Result<std::int64_t> Store::missing_events() {
  return caught("cannot read the gaps", [&]() -> std::int64_t {
    double missing = 0;  // a forged sequence can make the sum larger than 64 bits hold
    soci::indicator any = soci::i_null;
    connection_->session << "SELECT SUM(1.0 * (last - first + 1)) FROM source_gaps", into(missing, any);
    return any == soci::i_ok ? static_cast<std::int64_t>(std::min(missing, 9.0e18)) : 0;
  });
}

}  // namespace weir::policy
