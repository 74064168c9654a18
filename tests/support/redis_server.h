// SPDX-License-Identifier: Apache-2.0
// A redis-server of the test's own, on a Unix socket in a temporary directory, without TCP. Ended with the
// object.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "policy/bus/redis_connection.h"
#include "tests/support/temporary_directory.h"

namespace weir::test {

class RedisServer {
 public:
  /// `more`: further arguments, e.g. {"--aclfile", path}; `config`: a configuration file that they override.
  explicit RedisServer(std::vector<std::string> more = {}, std::string config = {})
      : more_(std::move(more)), config_(std::move(config)) {
    start();
  }
  ~RedisServer() { stop(SIGKILL); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  void start() {
    std::vector<std::string> words{"redis-server"};
    if (!config_.empty()) words.push_back(config_);
    for (const char* word : {"--port", "0", "--appendonly", "yes", "--appendfsync", "always"})
      words.emplace_back(word);
    for (const std::string& word :
         {std::string{"--unixsocket"}, socket(), std::string{"--dir"}, home_.path()}) {
      words.push_back(word);
    }
    if (config_.empty()) words.insert(words.end(), {"--save", ""});
    words.insert(words.end(), more_.begin(), more_.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int null = open("/dev/null", O_WRONLY);
      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
      execvp(argv[0], argv.data());
      _exit(127);
    }
    wait_until_it_answers();
  }
  void stop(int signal) {
    if (pid_ <= 0) return;
    kill(pid_, signal);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    std::error_code ignored;
    std::filesystem::remove(socket(), ignored);
  }
  /// To a server that lives on, such as SIGSTOP.
  void send(int signal) const { kill(pid_, signal); }
  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] const std::string& home() const { return home_.path(); }
  [[nodiscard]] std::string socket() const { return home_.file("redis.sock"); }
  [[nodiscard]] policy::RedisEndpoint endpoint() const {
    policy::RedisEndpoint endpoint;
    endpoint.socket = socket();
    return endpoint;
  }
  [[nodiscard]] policy::RedisConnection connect() const {
    return policy::RedisConnection::connect(endpoint()).value();
  }

 private:
  void wait_until_it_answers() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    up_ = false;
    while (!up_ && std::chrono::steady_clock::now() < deadline) {
      auto connection = policy::RedisConnection::connect(endpoint());
      if (connection) {
        const auto pong = connection->command({"PING"});
        up_ = pong || pong.error().what.starts_with("NOAUTH") || pong.error().what.starts_with("NOPERM");
      }
      if (!up_) poll(nullptr, 0, 5);
    }
  }

  TemporaryDirectory home_;
  std::vector<std::string> more_;
  std::string config_;
  pid_t pid_ = -1;
  bool up_ = false;
};

}  // namespace weir::test
