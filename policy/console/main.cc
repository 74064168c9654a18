// SPDX-License-Identifier: Apache-2.0
// weir-console: HTTPS for people. Two processes: the one that systemd knows has the store, the keys and the
// policy, and no network; the other talks to browsers, and has nothing but a socket to the first. Exit codes:
// 0 ended as told, 1 the server failed, 2 usage, 3 settings invalid, 4 a user to become, a key or an address
// is not there.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include "policy/console/certificate.h"
#include "policy/console/channel.h"
#include "policy/console/desk.h"
#include "policy/console/server.h"
#include "policy/model/daemon.h"
#include "policy/model/settings.h"
#include "policy/model/wall_clock.h"

namespace {

using namespace weir;

enum Exit : int { kEnded = 0, kFailed = 1, kUsage = 2, kBadSettings = 3, kNotThere = 4 };

struct Channel {
  int desk = -1;
  int front = -1;
};
struct Channels {
  std::array<Channel, console::kAnswerers> all;
  Channel life;  // closed by the desk, whose death closes it too: the front ends
};

int complain(const Error& error) {
  std::fprintf(stderr, "%s\n", to_text(error).c_str());
  return error.code == ErrorCode::kInvalid ? kBadSettings : kNotThere;
}

Result<Channel> make_channel() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return failure(ErrorCode::kSystem, "no socket pair");
  return Channel{ends[0], ends[1]};
}

Result<Channels> make_channels() {
  Channels channels;
  const auto life = make_channel();
  if (!life) return tl::unexpected(life.error());
  channels.life = *life;
  for (Channel& one : channels.all) {
    const auto made = make_channel();
    if (!made) return tl::unexpected(made.error());
    one = *made;
  }
  return channels;
}

/// As the user whose files they are, who then is root again where it was.
Result<console::Identity> read_identity(const Settings& settings) {
  if (geteuid() != 0) return console::identity_of(settings);
  const auto owner = account_of(settings.engine.user, "engine.user");
  if (!owner) return tl::unexpected(owner.error());
  if (setegid(owner->group) != 0 || seteuid(owner->user) != 0)
    return failure(ErrorCode::kSystem, "cannot become " + settings.engine.user);
  auto identity = console::identity_of(settings);
  if (seteuid(0) != 0 || setegid(0) != 0) return failure(ErrorCode::kSystem, "cannot become root again");
  return identity;
}

/// The process that talks to browsers.
int be_front(const Settings& settings, const Channels& channels, const console::Identity& identity) {
  close(channels.life.desk);
  for (const Channel& one : channels.all) close(one.desk);
  static_cast<void>(signals_as_descriptor({SIGTERM, SIGINT}));  // it ends with the desk
  if (auto became = become(settings.console.user, "console.user"); !became) return complain(became.error());
  console::ServerOptions options{.listen = {},
                                 .identity = identity,
                                 .pages = settings.console.pages,
                                 .stop = channels.life.front,
                                 .answer = [&channels](std::size_t mine, const console::Request& request) {
                                   const int channel = channels.all[mine].front;
                                   if (console::send_request(channel, request)) {
                                     if (auto response = console::receive_response(channel)) return *response;
                                   }
                                   return console::problem(503, "unavailable", "the console ends");
                                 }};
  for (const std::string_view one : comma_separated(settings.console.listen))
    options.listen.emplace_back(one);
  const auto served = console::serve(options, [&] {
    spdlog::info("console-ready listen={} certificate-sha256={}", settings.console.listen,
                 identity.fingerprint);
  });
  return served ? kEnded : complain(served.error());
}

/// Answers what comes from one end until the other is closed.
void answer_all(console::Desk desk, int channel) {
  while (const auto request = console::receive_request(channel)) {
    const console::Response response = desk.handle(*request, wall_clock());
    if (response.status >= 500) spdlog::warn("request-failed {} {}", request->method, response.body);
    if (!console::send_response(channel, response)) break;
  }
}

/// Until it is told to end, or the other process is gone; gives the exit code.
int wait_for_end(int stop, const Channels& channels, pid_t front) {
  while (true) {
    signalfd_siginfo what{};
    if (read(stop, &what, sizeof(what)) < 0 && errno != EINTR) return kFailed;
    if (what.ssi_signo != SIGCHLD) break;
    int status = 0;
    for (pid_t ended = waitpid(-1, &status, WNOHANG); ended > 0; ended = waitpid(-1, &status, WNOHANG)) {
      if (ended == front) return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
    }  // others were left behind by changes of the policy
  }
  close(channels.life.desk);
  int status = 0;
  while (waitpid(front, &status, 0) < 0 && errno == EINTR) continue;
  return kEnded;
}

int be_desk(const Settings& settings, const std::string& config, const Channels& channels, pid_t front) {
  close(channels.life.front);
  for (const Channel& one : channels.all) close(one.front);
  const int stop = signals_as_descriptor({SIGTERM, SIGINT, SIGCHLD});
  if (auto became = become(settings.engine.user, "engine.user"); !became) return complain(became.error());
  const std::string weirctl =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "weirctl").string();
  const auto jobs = std::make_shared<console::Jobs>();
  std::vector<std::thread> answerers;
  for (const Channel& one : channels.all)
    answerers.emplace_back(answer_all, console::Desk{settings, config, weirctl, jobs}, one.desk);
  const int code = wait_for_end(stop, channels, front);
  for (std::thread& one : answerers) one.join();  // their ends closed with the other process
  spdlog::info("console-ended");
  return code;
}

int run(const Settings& settings, const std::string& config) {
  if (settings.console.listen.empty()) {
    std::fprintf(stderr, "error: console.listen names no address\n");
    return kBadSettings;
  }
  umask(S_IWGRP | S_IRWXO);
  const auto identity = read_identity(settings);
  if (!identity) return complain(identity.error());
  const auto channels = make_channels();
  if (!channels) return complain(channels.error());
  const pid_t front = fork();
  if (front < 0) return complain(Error{ErrorCode::kSystem, "cannot fork", {}, {}});
  return front == 0 ? be_front(settings, *channels, *identity) : be_desk(settings, config, *channels, front);
}

}  // namespace

int main(int argc, char** argv) {
  std::string config = "/etc/weir/weir.yaml";
  CLI::App app{"Serves the console: the HTTPS API and the web pages."};
  app.add_option("--config", config, "settings file")->capture_default_str();
  app.footer(
      "Where it listens is console.listen of the settings file. The first account is made with the code "
      "that\n"
      "`weirctl console code` prints. Exit codes: 0 ended as told, 1 the server failed, 2 usage, 3 settings\n"
      "invalid, 4 a user to become, a key or an address is not there.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kEnded : kUsage;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("weir-console"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %n %v");
  const auto settings = load_settings(config);
  if (!settings) {
    for (const Error& error : settings.error()) std::fprintf(stderr, "%s\n", to_text(error).c_str());
    return kBadSettings;
  }
  signal(SIGPIPE, SIG_IGN);
  return run(*settings, config);
}
