// SPDX-License-Identifier: Apache-2.0
// weir-export: events for other tools, as the outputs of the settings say. Exit codes: 0 ended as told, or
// there are no outputs; 2 usage, 3 settings invalid, 4 the system refuses.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "policy/export/pseudonymise.h"
#include "policy/export/sandbox.h"
#include "policy/export/service.h"
#include "policy/model/daemon.h"

namespace {

int refuse(const weir::Error& error) {
  std::fprintf(stderr, "%s\n", weir::to_text(error).c_str());
  return error.code == weir::ErrorCode::kInvalid ? 3 : 4;
}

}  // namespace

int main(int argc, char** argv) {
  std::string config = "/etc/weir/weir.yaml";
  CLI::App app{"Tells other tools what Weir sees, as `outputs` in the settings says."};
  app.add_option("--config", config, "settings file")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("weir-export"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %n %v");

  const auto settings = weir::load_settings(config);
  if (!settings) {
    for (const weir::Error& error : settings.error())
      std::fprintf(stderr, "%s\n", weir::to_text(error).c_str());
    return 3;
  }
  if (settings->outputs.empty()) {
    spdlog::info("export-idle reason=\"the settings have no outputs\"");
    return 0;
  }
  umask(S_IWGRP | S_IRWXO);
  signal(SIGPIPE, SIG_IGN);
  const int signals = weir::signals_as_descriptor({SIGTERM, SIGINT, SIGUSR1});
  if (auto made = weir::output::make_directories(*settings); !made) return refuse(made.error());
  const auto pseudonyms = weir::output::pseudonyms_for(*settings);
  if (!pseudonyms) return refuse(pseudonyms.error());
  if (auto done = weir::become(settings->exporter.user, "export.user"); !done) return refuse(done.error());
  if (auto done = weir::output::enter_sandbox(); !done) return refuse(done.error());
  weir::output::serve(*settings, *pseudonyms, signals);
  spdlog::info("export-ended");
  return 0;
}
