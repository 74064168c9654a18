// SPDX-License-Identifier: Apache-2.0
#include "policy/store/sources.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <algorithm>

#include "policy/store/connection.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;
using Integer = long long;  // SOCI's name for 64 bits

bool same_source(const EventKey& a, const EventKey& b) {
  return a.boot == b.boot && a.worker == b.worker && a.appliance == b.appliance;
}

}  // namespace

bool AppliedNumbers::take(std::int64_t sequence, std::size_t gaps_max, bool& changed) {
  if (sequence - 1 == high) {  // the usual case
    high = sequence;
    return true;
  }
  if (sequence > high) {  // what was jumped over is a gap
    gaps.emplace(high + 1, sequence - 1);
    high = sequence;
    changed = true;
    if (gaps.size() <= gaps_max) return true;
    const auto oldest = gaps.begin();
    lost += oldest->second - oldest->first + 1;
    gaps.erase(oldest);
    return true;
  }
  auto gap = gaps.upper_bound(sequence);
  if (gap == gaps.begin()) return false;
  --gap;
  const auto [first, last] = *gap;
  if (sequence > last) return false;
  gaps.erase(gap);
  if (first < sequence) gaps.emplace(first, sequence - 1);
  if (sequence < last) gaps.emplace(sequence + 1, last);
  changed = true;
  return true;
}

bool Sources::take(soci::session& sql, const EventKey& key, TimeNs now, const StoreLimits& limits) {
  if (last_ == nullptr || !same_source(last_->key, key)) last_ = &source_of(sql, key, now);
  return last_->numbers.take(static_cast<std::int64_t>(key.sequence), limits.gaps_per_source,
                             last_->gaps_changed);
}

Sources::Source& Sources::source_of(soci::session& sql, const EventKey& key, TimeNs now) {
  const auto known =
      std::ranges::find_if(sources_, [&](const Source& one) { return same_source(one.key, key); });
  if (known != sources_.end()) return *known;
  const std::string boot = fmt::format("{:016x}", key.boot);
  const Integer worker = key.worker;
  const Integer at = now;
  Integer id = 0;
  Integer high = 0;
  sql << "INSERT INTO sources (appliance, boot, worker, high, last_seen_ns) VALUES (:a, :b, :w, 0, :now)"
         " ON CONFLICT (appliance, boot, worker) DO UPDATE SET last_seen_ns = excluded.last_seen_ns"
         " RETURNING id, high",
      use(key.appliance), use(boot), use(worker), use(at), into(id), into(high);
  if (high == 0) added_ = true;
  Source& made = sources_.emplace_back();
  made.key = key;
  made.id = id;
  made.high_before = made.numbers.high = high;
  Integer first = 0;
  Integer last = 0;
  soci::statement gaps = (sql.prepare << "SELECT first, last FROM source_gaps WHERE source = :id", use(id),
                          into(first), into(last));
  gaps.execute();
  while (gaps.fetch()) made.numbers.gaps.emplace(first, last);
  return made;
}

std::int64_t Sources::write(soci::session& sql) const {
  std::int64_t lost = 0;
  for (const Source& one : sources_) {
    const Integer id = one.id;
    const Integer high = one.numbers.high;
    lost += one.numbers.lost;
    if (one.numbers.high != one.high_before)
      sql << "UPDATE sources SET high = :s WHERE id = :id", use(high), use(id);
    if (!one.gaps_changed) continue;
    sql << "DELETE FROM source_gaps WHERE source = :id", use(id);
    Integer first = 0;
    Integer last = 0;
    soci::statement insert =
        (sql.prepare << "INSERT INTO source_gaps (source, first, last) VALUES (:id, :f, :l)", use(id),
         use(first), use(last));
    for (const auto& [from, to] : one.numbers.gaps) {
      first = from;
      last = to;
      insert.execute(true);
    }
  }
  return lost;
}

}  // namespace weir::policy
