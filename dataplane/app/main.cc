// SPDX-License-Identifier: Apache-2.0
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "dataplane/app/live.h"
#include "dataplane/app/replay.h"
#include "dataplane/app/replay_ports.h"
#include "policy/model/simulation.h"

namespace {

using namespace weir;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitConfiguration = 3;

struct Arguments {
  std::string config;
  bool check_config = false;
  bool replay = false;
  std::string replay_ports;
  std::string run_directory;
  std::string out_directory;
  std::vector<std::string> files;
  bool no_classifier = false;
  bool no_lockstep = false;
  std::uint32_t advance_s = 0;
  std::string simulate;
};

int report(const Error& error, int code) {
  std::fprintf(stderr, "%s\n", to_text(error).c_str());
  return code;
}

int finish(const Result<int>& done) { return done ? *done : report(done.error(), kExitFailed); }

/// Settings from --config; their mistakes all at once.
ResultAll<Settings> read_settings(const Arguments& arguments) {
  auto settings = load_settings(arguments.config);
  if (!settings) return settings;
  if (settings->pairs.empty()) {
    return tl::unexpected(std::vector<Error>{{ErrorCode::kInvalid,
                                              "there is no port pair to forward between",
                                              "add pairs: with an inside and an outside device",
                                              {arguments.config, 0, 0}}});
  }
  if (!arguments.run_directory.empty()) settings->run_directory = arguments.run_directory;
  return settings;
}

int run(const Arguments& arguments) {
  const auto simulation = Simulation::parse(arguments.simulate);
  if (!simulation) return report(simulation.error(), kExitUsage);
  if (arguments.replay) {
    if (arguments.run_directory.empty() || arguments.files.empty()) {
      std::fprintf(stderr, "error: --replay needs --run DIR and capture files\n");
      return kExitUsage;
    }
    return finish(dataplane::run_replay({arguments.run_directory, arguments.files, arguments.out_directory}));
  }
  const auto settings = read_settings(arguments);
  if (!settings) {
    for (const Error& error : settings.error()) std::fprintf(stderr, "%s\n", to_text(error).c_str());
    return kExitConfiguration;
  }
  if (arguments.check_config) return 0;
  if (!arguments.replay_ports.empty()) {
    const std::string& out = arguments.out_directory;
    return finish(dataplane::run_replay_ports({.settings = *settings,
                                               .directory = arguments.replay_ports,
                                               .out_directory = out.empty() ? arguments.replay_ports : out,
                                               .classifier = !arguments.no_classifier,
                                               .lockstep = !arguments.no_lockstep,
                                               .advance_s = arguments.advance_s,
                                               .simulation = *simulation}));
  }
  const auto done = dataplane::run_live(*settings, *simulation);
  return done ? 0 : report(done.error(), kExitFailed);
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("weir-dataplane"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  Arguments arguments;
  arguments.config = "/etc/weir/weir.yaml";
  CLI::App app{"Weir's data plane: forwards between port pairs and enforces verdicts."};
  app.set_version_flag("--version", WEIR_VERSION);
  app.add_option("--config", arguments.config, "settings file")->capture_default_str();
  app.add_flag("--check-config", arguments.check_config, "read the settings, say what is wrong, end");
  app.add_option("--run", arguments.run_directory, "run directory, instead of the settings' one");
  app.add_option("--out", arguments.out_directory, "where a replay writes its files");
  auto* replay =
      app.add_flag("--replay", arguments.replay, "replay capture files in lockstep with a classifier");
  auto* ports =
      app.add_option("--replay-ports", arguments.replay_ports,
                     "directory with inside.pcap and outside.pcap, played as the first pair's ports");
  replay->excludes(ports);
  app.add_flag("--no-classifier", arguments.no_classifier, "with --replay-ports: wait for no classifier")
      ->needs(ports);
  app.add_flag("--no-lockstep", arguments.no_lockstep,
               "with --replay-ports: do not wait for the classifier's answers")
      ->needs(ports);
  app.add_option("--advance", arguments.advance_s,
                 "with --replay-ports: seconds that pass after the last packet")
      ->needs(ports);
  app.add_option("--simulate", arguments.simulate, "test builds: CAUSE@N[,CAUSE@N...]")->group("");
  app.add_option("file", arguments.files, "capture files (pcap, pcapng)")->needs(replay);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return run(arguments);
}
