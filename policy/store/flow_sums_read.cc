// SPDX-License-Identifier: Apache-2.0
// Sums of flows, for people and detectors.
#include <algorithm>
#include <map>

#include "policy/store/flow_sums.h"
#include "policy/store/statement.h"

namespace weir::policy {
namespace {

constexpr TimeNs kMinutesRead = 6 * kSumHour;  // at most by minutes
constexpr TimeNs kHoursRead = 31 * kSumDay;    // and by hours

void add_span(Statement& select, TimeNs length, const SumsSpan& span) {
  select << " WHERE length_s = " << std::to_string(length / kSecond) << " AND begins_ns > ";
  select.value(Integer{span.from - length}) << " AND begins_ns < ";
  select.value(Integer{span.until});
}

double retransmitted_share(const ServerSum& sum) {
  return sum.packets == 0 ? 0 : static_cast<double>(sum.retransmitted) / static_cast<double>(sum.packets);
}

bool slower(const LogHistogram& now, const LogHistogram& before, const SlowerThan& than) {
  if (now.count() < than.measures || before.count() < than.measures) return false;
  const auto present = static_cast<double>(now.percentile(0.9));
  const auto past = static_cast<double>(before.percentile(0.9));
  return present >= past * than.factor && present - past >= static_cast<double>(than.least_us);
}

}  // namespace

TimeNs length_for(const StoreLimits& limits, const SumsSpan& span, TimeNs now) {
  const TimeNs width = span.until - span.from;
  if (width <= kMinutesRead && span.from >= now - limits.keep_minutes) return kSumMinute;
  if (width <= kHoursRead && span.from >= now - limits.keep_hours) return kSumHour;
  return kSumDay;
}

SumsSpan past_of(Store& store, const SumsSpan& span, TimeNs lasting, TimeNs now) {
  SumsSpan past{std::max<TimeNs>(span.from - lasting, 0), span.from};
  past.until -= past.until % length_for(store.connection().limits, past, now);
  return past;
}

Result<std::vector<NamedUsage>> usage_by(Store& store, const std::string& dimension, const SumsSpan& span,
                                         std::uint32_t count, TimeNs now) {
  return caught("cannot read the sums of flows", [&] {
    std::vector<NamedUsage> all;
    NamedUsage one;
    Integer flows = 0, up = 0, down = 0;
    Statement select(store.connection());
    select << "SELECT name, CAST(SUM(flows) AS BIGINT), CAST(SUM(bytes_up) AS BIGINT),"
              " CAST(SUM(bytes_down) AS BIGINT) FROM usage_sums";
    add_span(select, length_for(store.connection().limits, span, now), span);
    select << " AND dimension = ";
    select.value(dimension) << " GROUP BY name ORDER BY SUM(bytes_up + bytes_down) DESC, name LIMIT "
                            << std::to_string(count);
    select.into(one.name).into(flows).into(up).into(down);
    while (select.fetch()) {
      one.sum = {static_cast<std::uint64_t>(flows), static_cast<std::uint64_t>(up),
                 static_cast<std::uint64_t>(down)};
      all.push_back(one);
    }
    return all;
  });
}

Result<std::vector<UsagePoint>> usage_of(Store& store, const std::string& dimension, const std::string& name,
                                         const SumsSpan& span, TimeNs length) {
  return caught("cannot read the sums of flows", [&] {
    std::vector<UsagePoint> all;
    Integer begins = 0, flows = 0, up = 0, down = 0;
    Statement select(store.connection());
    select << (name.empty() ? "SELECT begins_ns, CAST(SUM(flows) AS BIGINT), CAST(SUM(bytes_up) AS BIGINT),"
                              " CAST(SUM(bytes_down) AS BIGINT) FROM usage_sums"
                            : "SELECT begins_ns, flows, bytes_up, bytes_down FROM usage_sums");
    add_span(select, length, span);
    select << " AND dimension = ";
    select.value(dimension);
    if (name.empty()) {
      select << " GROUP BY begins_ns";
    } else {
      select << " AND name = ";
      select.value(name);
    }
    select << " ORDER BY begins_ns";
    select.into(begins).into(flows).into(up).into(down);
    while (select.fetch()) {
      all.push_back({begins,
                     {static_cast<std::uint64_t>(flows), static_cast<std::uint64_t>(up),
                      static_cast<std::uint64_t>(down)}});
    }
    return all;
  });
}

Result<std::vector<NamedServer>> servers_by(Store& store, const std::string& kind, const SumsSpan& span,
                                            std::uint32_t count, TimeNs now) {
  return caught("cannot read the sums of flows", [&] {
    std::map<std::pair<std::string, std::string>, ServerSum> sums;
    const Dialect& dialect = *store.connection().dialect;
    std::string server, service, round_trips, responses;
    Integer flows = 0, bytes = 0, packets = 0, retransmitted = 0;
    Statement select(store.connection());
    select << "SELECT server, service, flows, bytes, packets, retransmitted, "
           << blob_column(dialect, "round_trips") << ", " << blob_column(dialect, "responses")
           << " FROM server_sums";
    add_span(select, length_for(store.connection().limits, span, now), span);
    select << " AND kind = ";
    select.value(kind);
    select.into(server).into(service).into(flows).into(bytes).into(packets).into(retransmitted);
    select.into(round_trips).into(responses);
    while (select.fetch()) {
      sums[{server, service}].add(
          {static_cast<std::uint64_t>(flows), static_cast<std::uint64_t>(bytes),
           static_cast<std::uint64_t>(packets), static_cast<std::uint64_t>(retransmitted),
           LogHistogram::from_bytes(bytes_of(round_trips)), LogHistogram::from_bytes(bytes_of(responses))});
    }
    std::vector<NamedServer> all;
    for (auto& [name, sum] : sums) all.push_back({kind, name.first, name.second, std::move(sum)});
    std::stable_sort(all.begin(), all.end(),
                     [](const NamedServer& a, const NamedServer& b) { return a.sum.flows > b.sum.flows; });
    if (all.size() > count) all.resize(count);
    return all;
  });
}

std::vector<SlowServer> became_slower(const std::vector<NamedServer>& now,
                                      const std::vector<NamedServer>& before, const SlowerThan& than) {
  std::vector<SlowServer> found;
  for (const NamedServer& one : now) {
    const auto past = std::find_if(before.begin(), before.end(), [&](const NamedServer& other) {
      return other.kind == one.kind && other.server == one.server && other.service == one.service;
    });
    if (past == before.end()) continue;
    const auto add = [&](const char* what) { found.push_back({one, past->sum, what}); };
    if (slower(one.sum.round_trips, past->sum.round_trips, than)) add("round trip");
    if (slower(one.sum.responses, past->sum.responses, than)) add("response");
    if (one.sum.flows >= than.measures && past->sum.flows >= than.measures &&
        retransmitted_share(one.sum) - retransmitted_share(past->sum) >= than.retransmitted) {
      add("retransmissions");
    }
  }
  return found;
}

}  // namespace weir::policy
