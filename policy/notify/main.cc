// SPDX-License-Identifier: Apache-2.0
// weir-notify: brings notifications to their receivers. It has the network, and the spool; not the store, nor
// Redis. Exit codes: 0 ended as told, 2 usage, 3 settings invalid, 4 the user to become or the spool is not
// there.
#include <curl/curl.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "policy/model/daemon.h"
#include "policy/model/settings.h"
#include "policy/notify/delivery.h"

namespace {

/// Becomes its user; the spool of each receiver is there.
weir::Result<void> settle_down(const weir::Settings& settings, const weir::notify::Spool& spool) {
  umask(S_IWGRP | S_IRWXO);
  if (auto became = weir::become(settings.notify.user, "notify.user"); !became) return became;
  for (const weir::NotificationReceiver& receiver : settings.notifications) {
    if (auto made = spool.prepare(receiver.name); !made) return made;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  std::string config = "/etc/weir/weir.yaml";
  CLI::App app{"Brings notifications of violations to their receivers: by mail, webhook or syslog."};
  app.add_option("--config", config, "settings file")->capture_default_str();
  app.footer(
      "Receivers are the list `notifications` of the settings file. Exit codes: 0 ended as told, 2 usage,\n"
      "3 settings invalid, 4 the user to become or the spool is not there.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("weir-notify"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %n %v");
  auto settings = weir::load_settings(config);
  if (!settings) {
    for (const weir::Error& error : settings.error())
      std::fprintf(stderr, "%s\n", weir::to_text(error).c_str());
    return 3;
  }
  const int stop = weir::signals_as_descriptor({SIGTERM, SIGINT});
  signal(SIGPIPE, SIG_IGN);
  const weir::notify::Spool spool{notify_directory(*settings)};
  if (auto settled = settle_down(*settings, spool); !settled) {
    std::fprintf(stderr, "%s\n", weir::to_text(settled.error()).c_str());
    return settled.error().code == weir::ErrorCode::kInvalid ? 3 : 4;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  spdlog::info("notify-ready receivers={} spool={}", settings->notifications.size(),
               notify_directory(*settings));
  weir::notify::deliver(settings->notifications, spool, stop);
  spdlog::info("notify-ended");
  return 0;
}
