// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/top_rates.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

namespace weir::ctl {
namespace {

std::uint64_t number(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

const Json& part(const Json& object, const char* key) {
  static const Json kNothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() ? *found : kNothing;
}

std::string text(const Json& object, const char* key) {
  const Json& value = part(object, key);
  return value.is_string() ? value.get<std::string>() : "-";
}

struct Difference {
  double seconds;

  [[nodiscard]] double operator()(std::uint64_t before, std::uint64_t after) const {
    return static_cast<double>(after >= before ? after - before : after) / seconds;
  }
  [[nodiscard]] double operator()(const Json& before, const Json& after, const char* key) const {
    return (*this)(number(before, key), number(after, key));
  }
};

std::uint64_t sum(const Json& numbers) {
  std::uint64_t total = 0;
  for (const Json& one : numbers) total += one.is_number_unsigned() ? one.get<std::uint64_t>() : 0;
  return total;
}

/// By the names of the two objects, added to `into` where something happened.
void add_by_name(const Json& before, const Json& after, const Difference& rate, Json& into) {
  for (const auto& [name, count] : after.items()) {
    const double each = rate(before, after, name.c_str());
    if (count.is_number_unsigned() && each > 0) into[name] = into.value(name, 0.0) + each;
  }
}

/// What `before` has at the same place; an empty value where it has none.
const Json& same_place(const Json& before, std::size_t index) {
  static const Json kNothing;
  return before.is_array() && index < before.size() ? before[index] : kNothing;
}

void add_ports(const Json& before, const Json& after, const Difference& rate, Json& rates) {
  rates["ports"] = Json::array();
  rates["drops_s"] = Json::object();
  for (std::size_t i = 0; after.is_array() && i < after.size(); ++i) {
    const Json& old = part(same_place(before, i), "counters");
    const Json& now = part(after[i], "counters");
    const Json& old_drops = part(old, "dropped");
    const Json& drops = part(now, "dropped");
    rates["ports"].push_back({{"name", text(after[i], "pair") + "/" + text(after[i], "side")},
                              {"packets_s", rate(old, now, "received")},
                              {"bits_s", 8 * rate(old, now, "received_bytes")},
                              {"dropped_s", rate(sum(old_drops), sum(drops))},
                              {"parked", number(now, "parked")}});
    add_by_name(old_drops, drops, rate, rates["drops_s"]);
  }
}

void add_workers(const Json& before, const Json& after, const Difference& rate, Json& rates) {
  rates["exceptions_s"] = Json::object();
  std::map<std::string, std::pair<double, double>> stages;  // cycles, packets
  std::vector<std::string> stage_order;
  for (std::size_t i = 0; after.is_array() && i < after.size(); ++i) {
    const Json& old = same_place(before, i);
    const Json& now = after[i];
    for (const auto& [key, from] : {std::pair{"opened_s", "flows_opened"},
                                    {"closed_s", "flows_closed"},
                                    {"verdicts_s", "decided"},
                                    {"resets_s", "resets"}}) {
      rates[key] = rates.value(key, 0.0) + rate(old, now, from);
    }
    rates["flows_judged"] = rates.value("flows_judged", std::uint64_t{0}) + number(now, "flows_judged");
    for (const auto& [cause, counts] : part(now, "exceptions").items()) {
      Json by_action = Json::object();
      add_by_name(part(part(old, "exceptions"), cause.c_str()), counts, rate, by_action);
      for (const auto& [action, each] : by_action.items()) {
        const std::string name = cause + " " + action;
        rates["exceptions_s"][name] = rates["exceptions_s"].value(name, 0.0) + each.get<double>();
      }
    }
    for (const auto& [stage, time] : part(now, "stages").items()) {
      if (!stages.contains(stage)) stage_order.push_back(stage);
      const Json& old_time = part(part(old, "stages"), stage.c_str());
      stages[stage].first += rate(old_time, time, "cycles");
      stages[stage].second += rate(old_time, time, "packets");
    }
  }
  rates["stage_cycles"] = Json::object();
  for (const std::string& stage : stage_order) {
    const auto [cycles, packets] = stages[stage];
    if (packets > 0) rates["stage_cycles"][stage] = cycles / packets;
  }
}

std::string end_text(const std::string& address, std::uint64_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "", port);
}

std::string protocol_text(std::uint64_t protocol) {
  switch (protocol) {
    case 1:
      return "icmp";
    case 6:
      return "tcp";
    case 17:
      return "udp";
    case 58:
      return "icmp6";
    default:
      return fmt::format("ip-{}", protocol);
  }
}

/// What names a flow in both readings.
std::string key_of(const Json& flow) {
  return fmt::format("{}/{}", number(flow, "worker"), number(flow, "number"));
}

Json in_order(std::vector<Json> rows, const std::string& by) {
  const char* key = by == "packets" ? "packets_s" : "bits_s";
  std::ranges::stable_sort(
      rows, [key](const Json& a, const Json& b) { return a[key].get<double>() > b[key].get<double>(); });
  return Json(std::move(rows));
}

void add_flows(const Json& before, const Json& after, const Difference& rate, const std::string& by,
               Json& rates) {
  std::map<std::string, const Json*> known;
  for (const Json& flow : before) known[key_of(flow)] = &flow;
  std::vector<Json> flows;
  std::map<std::string, Json> clients;
  for (const Json& flow : after) {
    const auto old = known.find(key_of(flow));
    const Json& was = old == known.end() ? Json() : *old->second;
    const double packets = rate(sum(part(was, "packets")), sum(part(flow, "packets")));
    const double bits = 8 * rate(sum(part(was, "bytes")), sum(part(flow, "bytes")));
    const bool decided = text(flow, "state") == "decided";
    const std::string ends = fmt::format("{} {} > {}", protocol_text(number(flow, "protocol")),
                                         end_text(text(flow, "initiator"), number(flow, "initiator_port")),
                                         end_text(text(flow, "responder"), number(flow, "responder_port")));
    flows.push_back({{"who", ends},
                     {"packets_s", packets},
                     {"bits_s", bits},
                     {"state", decided ? text(flow, "verdict") : "undecided"}});
    const bool inside = part(flow, "initiator_inside") == true;
    Json& client = clients[text(flow, inside ? "initiator" : "responder")];
    if (client.is_null()) client = Json::object();
    client["packets_s"] = client.value("packets_s", 0.0) + packets;
    client["bits_s"] = client.value("bits_s", 0.0) + bits;
    client["flows"] = client.value("flows", std::uint64_t{0}) + 1;
  }
  rates["busiest_flows"] = in_order(std::move(flows), by);
  std::vector<Json> rows;
  for (const auto& [address, client] : clients) {
    rows.push_back({{"who", address}});
    rows.back().update(client);
  }
  rates["busiest_clients"] = in_order(std::move(rows), by);
}

}  // namespace

Json top_rates(const TopReading& before, const TopReading& after, double seconds, const std::string& by) {
  const Difference rate{seconds};
  Json rates = Json::object();
  for (const char* key : {"appliance", "channel"}) rates[key] = text(after.status, key);
  for (const char* key : {"uptime_s", "revision", "flows", "parked"}) rates[key] = number(after.status, key);
  add_ports(part(before.status, "ports"), part(after.status, "ports"), rate, rates);
  add_workers(part(before.status, "workers"), part(after.status, "workers"), rate, rates);
  add_flows(part(before.flows, "flows"), part(after.flows, "flows"), rate, by, rates);
  return rates;
}

}  // namespace weir::ctl
