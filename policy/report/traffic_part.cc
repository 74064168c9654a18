// SPDX-License-Identifier: Apache-2.0
#include "policy/report/traffic_part.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "policy/report/violation_part.h"

namespace weir::report {
namespace {

using Json = nlohmann::json;

std::string string_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// Numbers of 64 bits are texts in the JSON of protobuf.
std::uint64_t number_at(const Json& json, const char* key) {
  const std::string digits = string_at(json, key);
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool true_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

TrafficPart::TrafficPart(const Request& request) : request_(request), bars_(bars_of(request.period)) {}

void TrafficPart::add(const policy::FlowRecord& flow) {
  const Json event = Json::parse(flow.event, nullptr, false);
  if (!event.is_object()) return;
  const std::string group = string_at(event, "group");
  if (!request_.group.empty() && group != request_.group) return;
  std::uint64_t bytes = 0;
  if (const auto counters = event.find("counters"); counters != event.end() && counters->is_object())
    bytes = number_at(*counters, "bytes_from_initiator") + number_at(*counters, "bytes_from_responder");
  std::string application = string_at(event, "app");
  if (application.empty()) application = string_at(event, "master");
  if (application.empty() || application == "Unknown") application = word(Word::kUnknown);
  for (Sum* const sum :
       {&all_, &applications_.at(application), &groups_.at(group),
        &clients_.at(true_at(event, "initiator_inside") ? flow.initiator : flow.responder)}) {
    ++sum->flows;
    sum->bytes += bytes;
  }
  bars_.at(bar_at(request_, flow.ended)) += static_cast<std::int64_t>(bytes);
}

Table TrafficPart::table(const char* key, Word title, Word first, const Tally<Sum>& sums) const {
  Table table{key, word(title), word(Word::kAboutTraffic), {}, {}, 0};
  table.columns = {{"name", word(first), false, 4},
                   {"flows", word(Word::kFlows), true},
                   {"bytes", word(Word::kBytes), true, 1.5},
                   {"share_percent", word(Word::kShare), true}};
  put_rows(table, sums.sorted([](const Sum& sum) { return sum.bytes * 2 + (sum.flows > 0 ? 1 : 0); }),
           [&](const auto& row) -> std::vector<Cell> {
             return {Cell::of(row.first.empty() ? word(Word::kNoGroup) : row.first),
                     Cell::count(row.second.flows), Cell::bytes(row.second.bytes),
                     Cell::share(row.second.bytes, all_.bytes)};
           });
  return table;
}

void TrafficPart::put(Report& report) const {
  report.figures.push_back({"traffic", word(Word::kTraffic), Cell::bytes(all_.bytes), {}});
  report.charts.push_back(
      {"traffic", word(Word::kTrafficOverTime), true, bar_labels(request_), {{word(Word::kTraffic), bars_}}});
  report.tables.push_back(
      table("traffic-by-application", Word::kTrafficByApplication, Word::kApplication, applications_));
  if (report.group.empty())
    report.tables.push_back(table("traffic-by-group", Word::kTrafficByGroup, Word::kGroup, groups_));
  report.tables.push_back(table("traffic-by-client", Word::kTrafficByClient, Word::kClient, clients_));
}

}  // namespace weir::report
