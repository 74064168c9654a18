// SPDX-License-Identifier: Apache-2.0
// weirctl metrics: what the data plane, the classifiers, the engine, weir-export and weir-notify count, as
// one page of Prometheus text. With --output a file for node_exporter's textfile collector, which must never
// see half of it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/control_client.h"
#include "policy/ctl/engine_metrics.h"
#include "policy/ctl/export_state.h"
#include "policy/ctl/metric_page.h"
#include "policy/ctl/notify_metrics.h"
#include "policy/model/durable_file.h"
#include "policy/model/wall_clock.h"
#include "policy/store/notify_store.h"

namespace weir::ctl {
namespace {

Result<void> replace_file(const std::string& path, const std::string& text) {
  const auto failed = [&path](const char* what) {
    return failure(ErrorCode::kSystem, fmt::format("{} {}: {}", what, path, std::strerror(errno)));
  };
  const std::string beside = fmt::format("{}.{}.new", path, getpid());
  const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0) return failed("cannot write");
  const bool written = write_all(file, text);
  const bool closed = close(file) == 0;
  if (written && closed && rename(beside.c_str(), path.c_str()) == 0) return {};
  auto error = failed("cannot write");
  unlink(beside.c_str());
  return error;
}

/// What the engine keeps in its store; false: it has none, or is silent.
bool add_engine(MetricPage& page, const Settings& settings) {
  auto store = open_store(settings);
  if (!store) return false;
  const auto state = store->engine_state();
  const auto missing = store->missing_events();
  if (!state || !missing) return false;
  page.add(engine_metrics(*state, *missing));
  const auto beat = state->find("heartbeat_ns");
  return beat != state->end() && wall_clock() - beat->second < kEngineSilentMax;
}

/// What the spool and the store say: weir-notify listens to nobody.
void add_receivers(MetricPage& page, const Settings& settings) {
  const notify::Spool spool{notify_directory(settings)};
  auto store = open_store(settings);
  std::vector<ReceiverState> receivers;
  for (const NotificationReceiver& one : settings.notifications) {
    ReceiverState state{.name = one.name,
                        .waiting = spool.keys(one.name, notify::Box::kWaiting).size(),
                        .progress = spool.progress(one.name)};
    if (store) {
      if (const auto owed = policy::owed_count(*store, one.name)) state.owed = *owed;
    }
    receivers.push_back(std::move(state));
  }
  page.add(notify_metrics(receivers));
}

void metrics(Context& context, const std::string& output) {
  const auto settings = context.settings();
  if (!settings) return;
  MetricPage page;
  bool anybody = false;
  const auto add = [&](const std::string& socket) {
    const auto reply = ask(socket, {{"op", "metrics"}});
    const bool there = reply && reply->value("ok", false) && (*reply)["text"].is_string();
    if (there) page.add((*reply)["text"].get<std::string>());
    anybody = anybody || there;
    return there;
  };
  const bool dataplane = add(control_socket(*settings));
  page.up("dataplane", "", dataplane);
  for (unsigned worker = 0; worker < settings->workers; ++worker) {
    page.up("classifier", std::to_string(worker), add(classifier_socket(*settings, worker)));
  }
  const bool engine = add_engine(page, *settings);
  page.up("engine", "", engine);
  anybody = anybody || engine;
  if (!settings->outputs.empty()) {
    const auto exporter = export_state(*settings, wall_clock());
    if (exporter) page.add(exporter->metrics);
    page.up("export", "", exporter && exporter->alive);
  }
  if (!settings->notifications.empty()) add_receivers(page, *settings);
  if (!anybody) context.exit_code = kUnreachable;
  if (output.empty()) {
    print(page.text());
  } else if (auto written = replace_file(output, page.text()); !written) {
    context.fail(written.error());
  }
}

}  // namespace

void add_metrics(CLI::App& app, Context& context) {
  auto output = std::make_shared<std::string>();
  CLI::App* command =
      add_command(app, "metrics", "every counter in Prometheus' text format; 4 when nobody answers", context,
                  [output](Context& used) { metrics(used, *output); });
  command->add_option("--output", *output, "replace this file in one step, for a textfile collector");
}

}  // namespace weir::ctl
