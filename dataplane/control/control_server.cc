// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/control_server.h"

#include <rte_cycles.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "dataplane/control/clocks.h"
#include "dataplane/control/metrics.h"
#include "dataplane/control/refusal.h"
#include "dataplane/control/status.h"
#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

using nlohmann::json;

constexpr auto kFlowListPatience = std::chrono::milliseconds(500);

std::string refused(const std::string& why) { return refusal_of(why).dump(); }

/// The library throws on wrong types; this is the one place where that is caught.
Result<FlowListRequest> flow_request(std::string_view line) {
  FlowListRequest request;
  try {
    const json wanted = json::parse(line);
    request.limit = std::min<std::size_t>(wanted.value("limit", kFlowRowsMax), kFlowRowsMax);
    if (wanted.contains("port")) request.filter.port = wanted["port"].get<std::uint16_t>();
    if (wanted.contains("state")) {
      const auto state = wanted["state"].get<std::string>();
      if (state != "decided" && state != "undecided") {
        return failure(ErrorCode::kInvalid, "state is decided or undecided");
      }
      request.filter.decided = state == "decided";
    }
    for (const json& level : wanted.value("inspected", json::array())) {
      const auto name = level.get<std::string>();
      std::uint8_t n = 0;
      while (n < kInspectedLevels && name != to_string(static_cast<InspectedLevel>(n))) ++n;
      if (n == kInspectedLevels) {
        return failure(ErrorCode::kInvalid, "inspected names full, names-only, l4 or bypass");
      }
      request.filter.levels |= static_cast<std::uint8_t>(1U << n);
    }
    const auto by = wanted.value("by", std::string{"table"});
    if (by != "table" && by != "bytes" && by != "packets") {
      return failure(ErrorCode::kInvalid, "by is bytes or packets");
    }
    request.order = by == "bytes"     ? FlowOrder::kBytes
                    : by == "packets" ? FlowOrder::kPackets
                                      : FlowOrder::kTable;
    if (wanted.contains("address")) {
      const auto address = IpAddress::parse(wanted["address"].get<std::string>());
      if (!address) return failure(ErrorCode::kInvalid, "address is no IP address");
      request.filter.address = address->bytes();
    }
  } catch (const json::exception&) {
    return failure(ErrorCode::kInvalid,
                   "limit and port are numbers, address, state and by are texts, inspected is a list");
  }
  return request;
}

}  // namespace

ControlServer::ControlServer(const Plant& plant)
    : plant_(plant),
      started_(monotonic_now()),
      watchdog_(plant.workers.size()),
      overload_log_(plant.workers.size()),
      bypass_(plant.settings, plant.bypasses, [workers = plant.workers](std::uint32_t pairs) {
        for (const auto& worker : workers) worker->set_bypass(pairs);
      }) {
  bypass_.begin({monotonic_now(), system_now()});
  for (std::size_t i = 0; i < plant.workers.size(); ++i)
    lists_.push_back(std::make_unique<FlowListRequest>());
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const Plant& plant) {
  std::unique_ptr<ControlServer> server(new ControlServer(plant));
  if (plant.settings.capture.megabytes > 0) {
    server->captures_ = std::make_unique<CaptureDesk>(plant.settings, plant.workers);
  }
  auto clients =
      LineServer::listen(control_socket(plant.settings),
                         [raw = server.get()](std::string_view line) { return raw->answer(line); });
  if (!clients) return tl::unexpected(clients.error());
  server->clients_ = std::move(*clients);
  std::random_device random;
  const std::uint64_t boot = std::uint64_t{random()} << 32U | random();
  for (unsigned worker = 0; worker < plant.workers.size(); ++worker) {
    const channel::ChannelShape shape{.requests = plant.settings.memory.channel_requests,
                                      .answers = plant.settings.memory.channel_answers,
                                      .slots = plant.workers[worker]->flow_slots(),
                                      .worker = worker,
                                      .boot = boot};
    auto host = ChannelHost::listen(channel_socket(plant.settings, worker), shape, *plant.workers[worker]);
    if (!host) return tl::unexpected(host.error());
    server->hosts_.push_back(std::move(*host));
  }
  return server;
}

void ControlServer::run(int stop_fd) {
  while (step(stop_fd, kWorkerLookMs)) {
  }
  service_manager_.stopping();
}

bool ControlServer::step(int stop_fd, int timeout_ms) {
  std::vector<pollfd> set = {{stop_fd, POLLIN, 0}};
  std::vector<std::size_t> firsts;
  for (const auto& host : hosts_) {
    firsts.push_back(set.size());
    host->add_to(set);
  }
  const std::size_t clients_first = set.size();
  clients_->add_to(set);
  if (::poll(set.data(), set.size(), timeout_ms) < 0) return true;
  for (std::size_t i = 0; i < hosts_.size(); ++i) hosts_[i]->serve(set, firsts[i]);
  look_after_workers();
  clients_->serve(set, clients_first);
  return set[0].revents == 0;
}

void ControlServer::look_after_workers() {
  std::vector<std::uint64_t> turns;
  for (const auto& worker : plant_.workers) turns.push_back(worker->turns());
  const TimeNs now = monotonic_now();
  watchdog_.look(turns, now);
  for (std::size_t i = 0; i < plant_.workers.size(); ++i) {
    overload_log_.look(i, plant_.workers[i]->level(), now);
  }
  const bool all_run = std::all_of(turns.begin(), turns.end(), [](std::uint64_t count) { return count > 0; });
  if (!service_manager_.told_ready() && all_run) service_manager_.ready();
  bypass_.look({now, system_now()});
  if (watchdog_.all_alive()) plant_.bypasses.feed();
  if (service_manager_.watchdog_due(now) && watchdog_.take_all_moved()) service_manager_.alive(now);
}

std::string ControlServer::answer(std::string_view line) {
  const json request = json::parse(line, nullptr, false);
  if (!request.is_object() || !request.contains("op") || !request["op"].is_string()) {
    return refused("a request is a JSON object with a text \"op\"");
  }
  const std::string& op = request["op"].get_ref<const std::string&>();
  if (op == "status") return status();
  if (op == "flows") return flows(line);
  if (op == "metrics") return metrics();
  if (op == "capture") {
    if (captures_ == nullptr) return refused("capture.megabytes is 0 in the settings: nothing is remembered");
    return captures_->request(line, clients_->asking_uid()).dump();
  }
  if (op == "bypass") {
    return bypass_.request(line, clients_->asking_uid(), {monotonic_now(), system_now()}).dump();
  }
  return refused("unknown op \"" + op + "\"; there are status, flows, metrics, capture and bypass");
}

std::string ControlServer::status() const {
  std::array<PortCounters, kPortsMax> ports{};  // over all workers
  std::uint64_t revision = UINT64_MAX;          // in force everywhere: the oldest
  json workers = json::array();
  std::uint64_t flows = 0;
  std::uint64_t parked = 0;
  for (std::size_t i = 0; i < plant_.workers.size(); ++i) {
    const Worker& worker = *plant_.workers[i];
    const PipelineCounters counters = worker.board().read();
    for (std::size_t port = 0; port < ports.size(); ++port) ports[port].add(counters.ports[port]);
    revision = std::min(revision, counters.policy_revision);
    json entry = worker_counters_json(counters);
    entry["index"] = i;
    entry["turns"] = worker.turns();
    entry["flows_max"] = plant_.settings.memory.flows;
    entry["parked_max"] = plant_.settings.memory.parked;
    entry["heartbeat_age_ms"] = (system_now() - worker.heartbeat()) / kMillisecond;
    const WorkerHealth& health = watchdog_.health()[i];
    entry["state"] = health.stuck ? "stuck" : "alive";
    entry["still_ms"] = (monotonic_now() - health.moved_at) / kMillisecond;  // since a turn was seen
    entry["stuck_times"] = health.times;
    flows += counters.flows;
    parked += counters.parked;
    workers.push_back(std::move(entry));
  }
  const bool attached =
      std::all_of(hosts_.begin(), hosts_.end(), [](const auto& host) { return host->attached(); });
  return json{{"ok", true},
              {"version", WEIR_VERSION},
              {"appliance", plant_.settings.appliance},
              {"uptime_s", (monotonic_now() - started_) / kSecond},
              {"channel", attached ? "attached" : "none"},
              {"revision", revision},
              {"flows", flows},
              {"parked", parked},
              {"ports", ports_json(plant_.settings, plant_.ports, ports)},
              {"pairs", bypass_.pairs_json(ports)},
              {"workers", std::move(workers)}}
      .dump();
}

std::string ControlServer::metrics() const {
  std::vector<WorkerView> workers;
  std::vector<PortCounters> ports(kPortsMax);  // over all workers
  for (std::size_t i = 0; i < plant_.workers.size(); ++i) {
    const Worker& worker = *plant_.workers[i];
    const WorkerHealth& health = watchdog_.health()[i];
    WorkerView& view = workers.emplace_back();
    view.counters = worker.board().read();
    view.turns = worker.turns();
    view.heartbeat_age = system_now() - worker.heartbeat();
    view.stuck = health.stuck;
    view.stuck_times = health.times;
    for (std::size_t port = 0; port < ports.size(); ++port) ports[port].add(view.counters.ports[port]);
  }
  const std::string text =
      metrics_text({.settings = plant_.settings,
                    .ports = plant_.ports,
                    .port_counters = ports,
                    .workers = workers,
                    .uptime = monotonic_now() - started_,
                    .tsc_hertz = rte_get_tsc_hz(),
                    .captures = captures_ == nullptr ? CaptureCounts{} : captures_->counts()});
  return json{{"ok", true}, {"text", text}}.dump();
}

std::string ControlServer::flows(std::string_view line) {
  auto wanted = flow_request(line);
  if (!wanted) return refused(wanted.error().what);
  json rows = json::array();
  std::uint64_t matched = 0;
  for (std::size_t i = 0; i < plant_.workers.size(); ++i) {
    Worker& worker = *plant_.workers[i];
    if (!worker.flows_answered()) return refused("the worker does not answer");
    *lists_[i] = *wanted;
    if (wanted->order != FlowOrder::kTable) {  // the busiest of each worker
      lists_[i]->limit = std::max<std::size_t>(1, wanted->limit / plant_.workers.size());
    }
    lists_[i]->rows.reserve(wanted->limit);
    if (!worker.ask_flows(lists_[i].get())) return refused("the worker does not answer");
    const auto deadline = std::chrono::steady_clock::now() + kFlowListPatience;
    while (!worker.flows_answered()) {
      if (std::chrono::steady_clock::now() > deadline) return refused("the worker does not answer");
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    matched += lists_[i]->matched;
    for (const FlowRow& row : lists_[i]->rows) {
      if (rows.size() >= wanted->limit) break;
      rows.push_back(flow_json(row));
      rows.back()["worker"] = i;
    }
  }
  const bool cut = matched > rows.size();
  return json{{"ok", true}, {"matched", matched}, {"cut", cut}, {"flows", std::move(rows)}}.dump();
}

}  // namespace weir::dataplane
