// SPDX-License-Identifier: Apache-2.0
// weirctl status: every part of Weir, what it says of itself, and whether that is well.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "policy/bus/streams.h"
#include "policy/ctl/context.h"
#include "policy/ctl/control_client.h"
#include "policy/ctl/engine_metrics.h"
#include "policy/ctl/export_state.h"
#include "policy/ctl/status.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

Json silent(const Error& error) { return {{"ok", false}, {"error", to_text(error)}}; }

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return "-";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

/// The counters of a port beside its name, in one object.
Json flat_port(const Json& port) {
  Json flat;
  flat["name"] =
      port.contains("name") ? port["name"] : Json(text_of(port, "pair") + "/" + text_of(port, "side"));
  for (const auto& [key, value] : port.items()) {
    if (key != "counters") flat[key] = value;
  }
  const auto counters = port.find("counters");
  if (counters != port.end()) flat.update(*counters);
  return flat;
}

Json dataplane_state(const Settings& settings) {
  auto reply = ask(control_socket(settings), {{"op", "status"}});
  if (!reply) return silent(reply.error());
  if (reply->contains("ports")) {
    Json ports = Json::array();
    for (const Json& port : (*reply)["ports"]) ports.push_back(flat_port(port));
    (*reply)["ports"] = std::move(ports);
  }
  return *reply;
}

Json classifier_states(const Settings& settings) {
  Json all = Json::array();
  for (unsigned worker = 0; worker < settings.workers; ++worker) {
    auto reply = ask(classifier_socket(settings, worker), {{"op", "status"}});
    Json state = reply ? *reply : silent(reply.error());
    state["worker"] = worker;
    all.push_back(std::move(state));
  }
  return all;
}

Json engine_state(const Settings& settings, TimeNs now) {
  auto store = open_store(settings);
  if (!store) return silent(store.error());
  const auto state = store->engine_state();
  const auto missing = store->missing_events();
  if (!state || !missing) return silent(!state ? state.error() : missing.error());
  Json json{{"ok", false}};
  for (const auto& [name, value] : *state) {
    if (!name.ends_with("_ns")) json[name] = value;
  }
  const auto moment = [&](const char* name) {
    const auto found = state->find(name);
    return found == state->end() ? TimeNs{0} : found->second;
  };
  json["events_missing"] = *missing;
  json["last_commit"] = time_text(moment("last_commit_ns"));
  json["heartbeat"] = time_text(moment("heartbeat_ns"));
  json["ok"] = now - moment("heartbeat_ns") < kEngineSilentMax;
  if (!json["ok"])
    json["error"] = fmt::format("no heartbeat for {} s", (now - moment("heartbeat_ns")) / kSecond);
  return json;
}

Json redis_state(const Settings& settings) {
  auto streams = open_streams(settings);
  if (!streams) return silent(streams.error());
  Json json{{"ok", true}};
  for (const std::string& stream : all_flow_streams(settings)) {
    const auto length = streams->length(stream);
    if (!length) return silent(length.error());
    json["entries"][stream] = *length;
  }
  const auto dead = streams->length(std::string{policy::kDeadStream});
  if (dead) json["entries"][std::string{policy::kDeadStream}] = *dead;
  return json;
}

/// Of the outputs for other tools; only where there are any.
Json outputs_state(const Settings& settings, TimeNs now) {
  const auto state = export_state(settings, now);
  if (!state || !state->alive)
    return {{"ok", false},
            {"error", fmt::format("weir-export says nothing for {} s", kExportSilentMax / kSecond)}};
  return {{"ok", true}, {"outputs", settings.outputs.size()}, {"disconnected", state->disconnected}};
}

/// "full", or the worker's numbers and their levels where it is less: "0: l4, 3: names-only".
std::string inspected_text(const Json& whole) {
  std::string text;
  const Json workers = whole.value("workers", Json::array());
  for (const Json& worker : workers) {
    const std::string level = text_of(worker.value("overload", Json::object()), "level");
    if (level == "full" || level == "-") continue;
    text += fmt::format("{}worker {}: {}", text.empty() ? "" : ", ", text_of(worker, "index"), level);
  }
  return text.empty() ? "full" : text;
}

/// The rows of the exception table that spoke, of all workers: "midstream pass 3, overload drop 10".
std::string exceptions_text(const Json& whole) {
  std::map<std::string, std::uint64_t> sums;
  const Json workers = whole.value("workers", Json::array());
  for (const Json& worker : workers) {
    const Json rows = worker.value("exceptions", Json::object());
    for (const auto& [row, actions] : rows.items()) {
      for (const auto& [action, count] : actions.items()) {
        if (count.is_number_unsigned()) sums[row + " " + action] += count.get<std::uint64_t>();
      }
    }
  }
  std::string text;
  for (const auto& [what, count] : sums) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", what, count);
  }
  return text.empty() ? "none" : text;
}

bool well(const Json& part) { return part.value("ok", false); }

Json line(const std::string& part, const Json& state, const std::string& says) {
  return {{"part", part},
          {"state", well(state) ? "ok" : "FAILS"},
          {"says", well(state) ? says : text_of(state, "error")}};
}

/// What becomes of a pair's frames without Weir, and whether Weir looks at them at all.
std::string pair_words(const Json& pair) {
  std::string words = "if Weir dies, " + text_of(pair, "on_death");
  if (text_of(pair, "by_hand") == "on") {
    words = fmt::format("BYPASS for {} s more, by {}: {}; ", text_of(pair, "left_s"), text_of(pair, "user"),
                        text_of(pair, "reason")) +
            words;
  }
  const std::string trouble = pair.value("trouble", "");
  return trouble.empty() ? words : words + " (" + trouble + ")";
}

/// "2 workers, all alive", or which of them is stuck.
std::string worker_words(const Json& workers) {
  std::string stuck;
  for (const Json& worker : workers) {
    if (text_of(worker, "state") != "stuck") continue;
    stuck +=
        fmt::format(", worker {} STUCK for {} ms", text_of(worker, "index"), text_of(worker, "still_ms"));
  }
  return stuck.empty() ? fmt::format(", {} worker{} alive", workers.size(), workers.size() == 1 ? "" : "s")
                       : stuck;
}

}  // namespace

Json status_rows(const Json& whole) {
  Json rows = Json::array();
  rows.push_back(line(
      "dataplane", whole,
      fmt::format("channel {}, policy revision {}, {} flows, {} packets parked", text_of(whole, "channel"),
                  text_of(whole, "revision"), text_of(whole, "flows"), text_of(whole, "parked")) +
          worker_words(whole.value("workers", Json::array()))));
  for (const Json& pair : whole.value("pairs", Json::array())) {
    rows.push_back(line("  pair " + text_of(pair, "name"), whole, pair_words(pair)));
  }
  rows.push_back(line("  inspected", whole, inspected_text(whole)));
  rows.push_back(line("  exceptions", whole, exceptions_text(whole)));
  const Json ports = whole.value("ports", Json::array());
  for (const Json& port : ports) {
    std::uint64_t dropped = 0;
    const Json reasons = port.value("dropped", Json::object());
    for (const auto& [reason, count] : reasons.items()) {
      dropped += count.is_number_unsigned() ? count.get<std::uint64_t>() : 0;
    }
    rows.push_back(
        line("  port " + text_of(port, "name"), whole,
             fmt::format("received {} = transmitted {} + dropped {} + parked {}", text_of(port, "received"),
                         text_of(port, "transmitted"), dropped, text_of(port, "parked"))));
  }
  for (const Json& one : whole["classifiers"]) {
    const Json events = one.value("events", Json::object());
    rows.push_back(
        line("classifier " + text_of(one, "worker"), one,
             fmt::format("policy {} revision {}, {} flows, events queued {} (on disk {}), lost {}",
                         text_of(one, "policy_state"), text_of(one, "revision"), text_of(one, "contexts"),
                         text_of(events, "queued"), text_of(events, "spooled"), text_of(events, "lost"))));
  }
  const Json& engine = whole["engine"];
  rows.push_back(
      line("engine", engine,
           fmt::format("last commit {}, events applied {}, missing {}", text_of(engine, "last_commit"),
                       text_of(engine, "events_applied"), text_of(engine, "events_missing"))));
  std::string entries;
  const Json streams = whole["redis"].value("entries", Json::object());
  for (const auto& [stream, length] : streams.items()) {
    entries += fmt::format("{}{} {}", entries.empty() ? "" : ", ", stream, length.dump());
  }
  rows.push_back(line("redis", whole["redis"], entries));
  if (whole.contains("export")) {
    std::string waiting;
    for (const Json& name : whole["export"].value("disconnected", Json::array()))
      waiting += fmt::format(", {} does not reach its receiver", name.get<std::string>());
    rows.push_back(line("export", whole["export"],
                        fmt::format("{} outputs{}", text_of(whole["export"], "outputs"), waiting)));
  }
  return rows;
}

Json whole_status(const Settings& settings) {
  Json whole = dataplane_state(settings);
  whole["classifiers"] = classifier_states(settings);
  whole["engine"] = engine_state(settings, wall_clock());
  whole["redis"] = redis_state(settings);
  if (!settings.outputs.empty()) whole["export"] = outputs_state(settings, wall_clock());
  return whole;
}

bool is_all_well(const Json& whole) {
  bool all_well = well(whole) && well(whole["engine"]) && well(whole["redis"]);
  for (const Json& one : whole["classifiers"]) all_well = all_well && well(one);
  // Forwarding unjudged is not well, whoever wanted it.
  for (const Json& pair : whole.value("pairs", Json::array())) {
    all_well = all_well && text_of(pair, "by_hand") != "on" && pair.value("trouble", "").empty();
  }
  for (const Json& worker : whole.value("workers", Json::array())) {
    all_well = all_well && text_of(worker, "state") != "stuck";
  }

  if (whole.contains("export")) {
    all_well =
        all_well && well(whole["export"]) && whole["export"].value("disconnected", Json::array()).empty();
  }
  return all_well;
}

namespace {

void status(Context& context, bool check) {
  const auto settings = context.settings();
  if (!settings) return;
  const Json whole = whole_status(*settings);
  const Format format = context.format_or(Format::kTable);
  if (format == Format::kJson) {
    print(whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    print(render(format, status_rows(whole), {"part", "state", "says"}));
  }
  if (!well(whole)) {
    context.exit_code = kUnreachable;
  } else if (check && !is_all_well(whole)) {
    context.exit_code = kNegative;
  }
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  auto check = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(app, "status", "what each part says of itself; 4 when the data plane is silent", context,
                  [check](Context& used) { status(used, *check); });
  command->add_flag("--check", *check, "end with 1 unless every part is well");
}

}  // namespace weir::ctl
