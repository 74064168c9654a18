// SPDX-License-Identifier: Apache-2.0
#include "policy/store/account_store.h"
#include "policy/store/connection.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Number = long long;

}  // namespace

Result<KeptAnswer> kept_answer(Store& store, const std::string& key) {
  auto found = caught("cannot read the answer of before", [&] {
    KeptAnswer kept;
    Number status = 0, made = 0;
    store.connection().session << "SELECT key, request, status, type, body, tag, made_ns"
                                  " FROM console_answers WHERE key = :k",
        use(key), into(kept.key), into(kept.request), into(status), into(kept.type), into(kept.body),
        into(kept.tag), into(made);
    kept.status = status;
    kept.made = made;
    return kept;
  });
  if (found && found->key.empty()) return failure(ErrorCode::kNotFound, "there is no such answer");
  return found;
}

Result<void> keep(Batch& batch, const KeptAnswer& answer, TimeNs made_before) {
  return caught("cannot keep the answer", [&] {
    soci::session& session = batch.work().connection.session;
    const Number status = answer.status;
    const Number made = answer.made;
    const Number before = made_before;
    const Number kept = kKeptAnswersMax;
    session << "DELETE FROM console_answers WHERE made_ns < :b OR key = :k", use(before), use(answer.key);
    session << "INSERT INTO console_answers (key, request, status, type, body, tag, made_ns)"
               " VALUES (:k, :r, :s, :t, :b, :g, :m)",
        use(answer.key), use(answer.request), use(status), use(answer.type), use(answer.body),
        use(answer.tag), use(made);
    session << "DELETE FROM console_answers WHERE made_ns <="
               " (SELECT made_ns FROM console_answers ORDER BY made_ns DESC LIMIT 1 OFFSET :n)",
        use(kept);
  });
}

}  // namespace weir::policy
