// SPDX-License-Identifier: Apache-2.0
#include "policy/report/traffic_part.h"

#include "policy/engine/event_codec.h"
#include "policy/engine/kept_event.h"
#include "policy/report/violation_part.h"
#include "policy/store/report_store.h"

namespace weir::report {

TrafficPart::TrafficPart(const Request& request) : request_(request), bars_(bars_of(request.period)) {}

void TrafficPart::add(const policy::FlowRecord& flow) {
  const auto event = policy::kept_event(flow.event);
  if (!event) return;
  if (!request_.group.empty() && event->group() != request_.group) return;
  const std::uint64_t bytes =
      event->counters().bytes_from_initiator() + event->counters().bytes_from_responder();
  std::string application = event->app().empty() ? event->master() : event->app();
  if (application.empty() || application == "Unknown") application = word(Word::kUnknown);
  for (Sum* const sum : {&all_, &applications_.at(application), &groups_.at(event->group()),
                         &clients_.at(policy::client_of(*event))}) {
    ++sum->flows;
    sum->bytes += bytes;
  }
  bars_.at(bar_at(request_, flow.ended)) += static_cast<std::int64_t>(bytes);
}

Result<Tally<TrafficPart::Sum>> TrafficPart::sums_by(policy::Store& store, const char* dimension) const {
  const policy::SumsSpan span{request_.period.begin, request_.period.end};
  const auto rows = policy::usage_by(store, dimension, span, kNamesMax, request_.now);
  if (!rows) return tl::unexpected(rows.error());
  Tally<Sum> sums;
  for (const policy::NamedUsage& one : *rows) {
    Sum& sum = sums.at(one.name);
    sum.flows += one.sum.flows;
    sum.bytes += one.sum.bytes_up + one.sum.bytes_down;
  }
  return sums;
}

Result<void> TrafficPart::take_sums(policy::Store& store, const Period& previous) {
  if (!request_.group.empty()) return {};
  const auto length =
      std::max(policy::kSumHour, policy::length_for({}, {previous.begin, request_.period.end}, request_.now));
  Sum all;
  std::vector<std::int64_t> bars(bars_.size());
  const auto read = policy::each_usage(
      store, previous.begin, request_.period.end, length, [&](const policy::UsagePoint& one) {
        const std::uint64_t bytes = one.sum.bytes_up + one.sum.bytes_down;
        const TimeNs middle =
            one.begins + length / 2;  // of a day of UTC: that local day for most of the world
        if (middle < request_.period.begin) {
          bytes_before_ += bytes;
          return;
        }
        all.flows += one.sum.flows;
        all.bytes += bytes;
        bars.at(bar_at(request_, middle)) += static_cast<std::int64_t>(bytes);
      });
  if (!read) return read;
  summed_ = all.flows > 0;
  if (!summed_) return {};
  all_ = all;
  bars_ = std::move(bars);
  for (const auto& [dimension, into] :
       {std::pair{policy::kByApplication, &applications_}, std::pair{policy::kByClient, &clients_},
        std::pair{policy::kByCategory, &categories_}}) {
    auto sums = sums_by(store, dimension);
    if (!sums) return tl::unexpected(sums.error());
    *into = std::move(*sums);
  }
  return {};
}

Table TrafficPart::table(const char* key, Word title, Word about, Word first, const Tally<Sum>& sums) const {
  Table table{key, word(title), word(about), {}, {}, 0};
  table.columns = {{"name", word(first), false, 4},
                   {"flows", word(Word::kFlows), true},
                   {"bytes", word(Word::kBytes), true, 1.5},
                   {"share_percent", word(Word::kShare), true}};
  std::uint64_t whole = 0;  // what groups are known of may be less than all
  for (const auto& [name, sum] : sums.all()) whole += sum.bytes;
  if (&sums == &categories_) whole = all_.bytes;  // a flow is in none, or in several
  put_rows(table, sums.sorted([](const Sum& sum) { return sum.bytes * 2 + (sum.flows > 0 ? 1 : 0); }),
           [&](const auto& row) -> std::vector<Cell> {
             return {Cell::of(row.first.empty() ? word(Word::kNoGroup) : row.first),
                     Cell::count(row.second.flows), Cell::bytes(row.second.bytes),
                     Cell::share(row.second.bytes, whole)};
           });
  return table;
}

void TrafficPart::put(Report& report) const {
  report.figures.push_back({"traffic", word(Word::kTraffic), Cell::bytes(all_.bytes),
                            summed_ ? Cell::change(bytes_before_, all_.bytes) : Cell{}});
  report.charts.push_back(
      {"traffic", word(Word::kTrafficOverTime), true, bar_labels(request_), {{word(Word::kTraffic), bars_}}});
  const Word about = summed_ ? Word::kAboutSums : Word::kAboutTraffic;
  report.tables.push_back(
      table("traffic-by-application", Word::kTrafficByApplication, about, Word::kApplication, applications_));
  if (report.group.empty()) {
    report.tables.push_back(table("traffic-by-category", Word::kTrafficByCategory, Word::kAboutCategories,
                                  Word::kCategory, categories_));
    report.tables.push_back(
        table("traffic-by-group", Word::kTrafficByGroup, Word::kAboutTraffic, Word::kGroup, groups_));
  }
  report.tables.push_back(table("traffic-by-client", Word::kTrafficByClient, about, Word::kClient, clients_));
}

}  // namespace weir::report
