// SPDX-License-Identifier: Apache-2.0
// weir-engine: events to violations and software inventory. Exit codes: 0 ended as told, 2 usage, 3 settings
// invalid, 4 the user to become is not there.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "policy/engine/policy_watch.h"
#include "policy/engine/service.h"
#include "policy/model/daemon.h"

int main(int argc, char** argv) {
  std::string config = "/etc/weir/weir.yaml";
  std::string name;
  CLI::App app{"Turns flow events into violations and the software inventory."};
  app.add_option("--config", config, "settings file")->capture_default_str();
  app.add_option("--name", name,
                 "this engine's name in the consumer group, no other's; without it engine-1, "
                 "or HOST-1 where redis.nodes is set");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_st("weir-engine"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %n %v");

  auto settings = weir::load_settings(config);
  if (!settings) {
    for (const weir::Error& error : settings.error())
      std::fprintf(stderr, "%s\n", weir::to_text(error).c_str());
    return 3;
  }
  const int stop = weir::signals_as_descriptor({SIGTERM, SIGINT});
  if (auto dropped = weir::policy::drop_privileges(settings->engine.user, settings->engine.store); !dropped) {
    std::fprintf(stderr, "%s\n", weir::to_text(dropped.error()).c_str());
    return dropped.error().code == weir::ErrorCode::kInvalid ? 3 : 4;
  }
  umask(S_IWGRP | S_IRWXO);

  weir::policy::PolicyWatch policy{settings->classifier.policy};
  weir::policy::EngineService service{
      *settings,
      name.empty() ? weir::policy::default_consumer(*settings) : name,
      [&policy](const auto& product, const auto& version) { return policy.judge(product, version); },
      [&policy] { return policy.quotas(); },
      [&policy](const auto& host) { return policy.categories(host); },
      [&policy] { return policy.policy(); }};
  service.run(stop);
  spdlog::info("engine-ended");
  return 0;
}
