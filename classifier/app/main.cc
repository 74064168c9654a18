// SPDX-License-Identifier: Apache-2.0
// weir-classifier: one for each worker of the data plane. Reads its files, gives up its rights, then serves.
#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>

#include "classifier/app/cpu_budget.h"
#include "classifier/app/event_stores.h"
#include "classifier/app/recognition.h"
#include "classifier/app/service.h"
#include "classifier/publish/delimited_sink.h"
#include "classifier/publish/fact_listener.h"
#include "classifier/publish/redis_publisher.h"
#include "classifier/sandbox/sandbox.h"
#include "policy/model/simulation.h"

namespace {

using namespace weir;
using namespace weir::classifier;

enum Exit : int { kOk = 0, kNegative = 1, kUsage = 2, kConfigInvalid = 3, kUnreachable = 4 };

struct Arguments {
  std::string config = "/etc/weir/weir.yaml";
  unsigned worker = 0;
  bool replay = false;
  std::string run;
  std::string policy;
  std::string catalogue;
  std::string signatures;
  std::string safe_search;
  std::string country;
  std::string asn;
  std::string events = "-";
  std::string simulate;
};

Signals g_signals;  // lock-free atomics: the only thing a handler touches

void on_stop(int) { g_signals.stop = true; }
void on_reload(int) { g_signals.reload = true; }

void add_options(CLI::App& app, Arguments& arguments) {
  app.add_option("--config", arguments.config, "settings file")->capture_default_str();
  app.add_option("--worker", arguments.worker, "number of the data plane's worker to serve")
      ->capture_default_str();
  auto* replay =
      app.add_flag("--replay", arguments.replay,
                   "serve a data plane that replays captures; no settings, no Redis; ends with it");
  app.add_option("--run", arguments.run, "replay: directory of the channel socket")->needs(replay);
  app.add_option("--policy", arguments.policy, "replay: policy file; without it everything is allowed")
      ->needs(replay);
  app.add_option("--catalogue", arguments.catalogue, "replay: software catalogue")->needs(replay);
  app.add_option("--signatures", arguments.signatures, "replay: the operator's own signatures")
      ->needs(replay);
  app.add_option("--safe-search", arguments.safe_search, "replay: the safe names of search engines")
      ->needs(replay);
  app.add_option("--country-db", arguments.country, "replay: country database (MaxMind format)")
      ->needs(replay);
  app.add_option("--asn-db", arguments.asn, "replay: AS database (MaxMind format)")->needs(replay);
  app.add_option("--events", arguments.events, "replay: file for the events, - is standard output")
      ->needs(replay);
  app.add_option("--simulate", arguments.simulate, "test builds: CAUSE@N[,CAUSE@N...]")->group("");
}

int refuse(const std::vector<Error>& errors) {
  for (const Error& error : errors) std::fprintf(stderr, "%s\n", to_text(error).c_str());
  return kConfigInvalid;
}

Settings replay_settings(const Arguments& arguments) {
  Settings settings;
  settings.appliance = "replay";
  settings.run_directory = arguments.run;
  settings.classifier.user.clear();
  settings.classifier.policy = arguments.policy;
  settings.classifier.catalogue = arguments.catalogue;
  settings.classifier.signatures = arguments.signatures;
  settings.classifier.safe_search = arguments.safe_search;
  settings.classifier.country_database = arguments.country;
  settings.classifier.asn_database = arguments.asn;
  return settings;
}

std::uint64_t random_boot() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

std::vector<std::string> pair_names(const Settings& settings) {
  std::vector<std::string> names;
  for (const PairSettings& pair : settings.pairs) names.push_back(pair.name);
  return names;
}

ClassifierOptions classifier_options(const Settings& settings, const Simulation& simulation) {
  ClassifierOptions options;
  options.simulation = simulation;
  options.inspect.stream_bytes_max = settings.classifier.stream_bytes_max;
  options.stream_bytes_total_max = settings.classifier.stream_bytes_total_max;
  options.pairs = settings.pairs;
  return options;
}

/// Where a replay's events go.
Result<int> events_descriptor(const Arguments& arguments) {
  if (!arguments.replay || arguments.events == "-") return STDOUT_FILENO;
  const int file = open(arguments.events.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file < 0) return failure(ErrorCode::kSystem, "cannot write " + arguments.events);
  return file;
}

std::unique_ptr<EventSink> make_sink(const Settings& settings, const Arguments& arguments, int events_fd,
                                     std::optional<EventStores> stores) {
  if (!stores) return std::make_unique<DelimitedSink>(events_fd);
  return std::make_unique<RedisPublisher>(publisher_options(settings, arguments.worker),
                                          std::move(stores->ring), std::move(stores->spool));
}

SandboxOptions sandbox_options(const Settings& settings, const std::optional<EventStores>& stores,
                               unsigned worker) {
  SandboxOptions options;
  if (stores && stores->spool) options.writable = {spool_folder(settings, worker)};
  options.user = settings.classifier.user;
  // Category lists lie beside the policy; a compile reads time zones; the publisher its password at each
  // connect. A file that an editor replaces is another inode: whoever reads it by name needs its directory.
  options.readable = {"/usr/share/zoneinfo", "/etc/localtime"};
  const auto& own = settings.classifier;
  for (const std::filesystem::path path : {own.policy, own.catalogue, own.signatures, own.safe_search}) {
    if (!path.empty()) options.readable.push_back(path.has_parent_path() ? path.parent_path().string() : ".");
  }
  if (!settings.redis.classifier_password_file.empty()) {
    options.readable.push_back(settings.redis.classifier_password_file);
  }
  return options;
}

/// Its sandbox has no network, for good reason: what leads to Redis elsewhere has to end in a Unix socket
/// here.
Result<void> check_way_to_redis(const RedisSettings& redis) {
  if (redis.nodes.empty() || !redis.node_sockets.empty()) return {};
  return failure(
      ErrorCode::kInvalid,
      "redis.nodes is set without redis.node_sockets, and a classifier may not open network connections",
      "name the directory with the Unix sockets of the tunnels to the nodes (docs/operations.md)");
}

int serve(const Arguments& arguments, const Settings& settings, const Simulation& simulation) {
  Recognition recognition{settings.classifier.catalogue, settings.classifier.signatures,
                          settings.classifier.safe_search};
  if (const auto loaded = recognition.load(!arguments.replay); !loaded) return refuse(loaded.error());
  const auto geo = GeoLookup::open(settings.classifier.country_database, settings.classifier.asn_database);
  if (!geo) return refuse({geo.error()});
  auto policy = arguments.replay && arguments.policy.empty()
                    ? empty_policy()
                    : load_policy(settings.classifier.policy, arguments.replay);
  if (!policy && !arguments.replay) {  // flows follow the exception table until there is one
    for (const Error& error : policy.error()) spdlog::error("policy_refused error=\"{}\"", to_text(error));
    spdlog::error("policy_missing path={} effect=\"the exception row policy-missing applies\"",
                  settings.classifier.policy);
    policy = missing_policy();
  }
  if (!policy) return refuse(policy.error());
  const auto labeler = NdpiLabeler::create({.packets_max = settings.classifier.ndpi_packets_max,
                                            .guard_pages = false,
                                            .dissectors = settings.classifier.ndpi_dissectors});
  if (!labeler) return refuse({labeler.error()});

  std::optional<ControlServer> control;
  if (!arguments.replay) {
    auto listening = ControlServer::listen(classifier_socket(settings, arguments.worker));
    if (!listening) return refuse({listening.error()});
    control.emplace(std::move(*listening));
  }
  const auto events_fd = events_descriptor(arguments);
  if (!events_fd) return refuse({events_fd.error()});
  EventBuilder builder{{settings.appliance, random_boot(), arguments.worker}, pair_names(settings)};

  std::optional<EventStores> stores;
  if (!arguments.replay) {
    auto opened = open_event_stores(settings, arguments.worker);
    if (!opened) return refuse({opened.error()});
    stores.emplace(std::move(*opened));
  }
  IdentityTables identity;  // draws its random numbers while that is still allowed
  if (const auto watched = CpuBudget::start(); !watched) return refuse({watched.error()});
  const auto sandbox = enter_sandbox(sandbox_options(settings, stores, arguments.worker));
  if (!sandbox) return refuse({sandbox.error()});
  if (!arguments.replay) log_sandbox(*sandbox);

  const auto sink = make_sink(settings, arguments, *events_fd, std::move(stores));
  std::optional<FactListener> facts;
  if (!arguments.replay)
    facts.emplace(
        FactListenerOptions{.endpoint = policy::endpoint_of(settings.redis, policy::RedisUser::kClassifier)});
  Classifier classifier{classifier_options(settings, simulation),
                        {**labeler, *geo, recognition.software(), builder, *sink, identity,
                         &recognition.signatures(), &recognition.safe_search()},
                        *policy};
  Service service{{.channel_path = channel_socket(settings, arguments.worker),
                   .policy_path = arguments.replay ? std::string{} : settings.classifier.policy,
                   .worker = arguments.worker,
                   .replay = arguments.replay,
                   .live_files = recognition.files(),
                   .facts = facts ? &*facts : nullptr},
                  classifier,
                  *sink,
                  std::move(control),
                  g_signals};
  const bool attached = service.run();
  const EventCounts events = sink->counts();
  if (!arguments.replay) {
    spdlog::info("classifier_ended worker={} events={} lost={} left={}", arguments.worker, events.accepted,
                 events.lost.total(), events.waiting);
  }
  if (!attached) return kUnreachable;
  return arguments.replay && events.lost.total() > 0 ? kNegative : kOk;
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_st("weir-classifier"));
  CLI::App app{"Says what each flow is, asks the policy, and tells the data plane and Redis."};
  Arguments arguments;
  add_options(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  if (arguments.replay && arguments.run.empty()) {
    std::fprintf(stderr, "error: --replay needs --run DIRECTORY\n");
    return kUsage;
  }
  const auto simulation = Simulation::parse(arguments.simulate);
  if (!simulation) {
    std::fprintf(stderr, "%s\n", to_text(simulation.error()).c_str());
    return kUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, on_stop);
  std::signal(SIGINT, on_stop);
  std::signal(SIGHUP, on_reload);
  if (arguments.replay) return serve(arguments, replay_settings(arguments), *simulation);
  const auto settings = load_settings(arguments.config);
  if (!settings) return refuse(settings.error());
  if (const auto way = check_way_to_redis(settings->redis); !way) return refuse({way.error()});
  return serve(arguments, *settings, *simulation);
}
