// SPDX-License-Identifier: Apache-2.0
// Runs the weirctl that was built beside the test, against a settings file of the test's own.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace weir::test {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
};

inline std::string read_whole(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class Weirctl {
 public:
  Weirctl() {
    std::filesystem::create_directories(home_.file("policy"));
    std::filesystem::create_directories(home_.file("run"));
    write("weir.yaml", settings());
  }
  [[nodiscard]] std::string file(const std::string& name) const { return home_.file(name); }
  [[nodiscard]] std::string config() const { return home_.file("weir.yaml"); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(home_.file(name), std::ios::binary) << text;
  }
  [[nodiscard]] std::string settings(const std::string& redis = {}) const {
    return "weir: 1\nappliance: test\nprivacy: {people: clear}\nrun_directory: " + home_.file("run") +
           "\npairs:\n  - {name: lan-wan, inside: \"net_null0\", outside: \"net_null1\", mode: strict}\n" +
           "redis:\n  socket: " + (redis.empty() ? home_.file("redis.sock") : redis) + "\n" +
           "classifier:\n  policy: " + home_.file("policy/current.yaml") + "\n" +
           "engine:\n  store: " + home_.file("weir.db") + "\n";
  }

  /// With --config of the test's own.
  [[nodiscard]] Ran operator()(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--config", config()});
    return plain(std::move(words));
  }
  [[nodiscard]] Ran plain(std::vector<std::string> words) const {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "weirctl";
    words.insert(words.begin(), program.string());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string out = home_.file("out");
    const std::string err = home_.file("err");
    const pid_t pid = fork();
    if (pid == 0) {
      dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
      dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    Ran ran;
    int status = 0;
    waitpid(pid, &status, 0);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ran.out = read_whole(out);
    ran.err = read_whole(err);
    return ran;
  }

 private:
  TemporaryDirectory home_;
};

}  // namespace weir::test
