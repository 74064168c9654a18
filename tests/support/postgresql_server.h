// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server of the test program's own: on a Unix socket in a temporary directory, without TCP and
// without waiting for the disk, run by a user that is not root. Started when it is first asked for, ended
// with the program.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace weir::test {

class PostgresqlServer {
 public:
  static constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin/";

  static PostgresqlServer& shared() {
    static PostgresqlServer server;
    return server;
  }
  /// Why there is none; empty: there is one.
  static std::string missing() {
    return access((std::string{kPrograms} + "postgres").c_str(), X_OK) == 0
               ? ""
               : "postgresql-15 is not installed (images/packages.txt)";
  }

  /// A new database with nothing in it, as a URL.
  std::string database() {
    const std::string name = "test" + std::to_string(++databases_);
    return run("createdb", {"-h", home_.path(), "-U", "weir", "-T", "template0", "-E", "UTF8", name})
               ? url("weir", name)
               : "";
  }
  [[nodiscard]] std::string url(const std::string& user, const std::string& name) const {
    return "postgresql://" + user + "@/" + name + "?host=" + home_.path();
  }
  /// Runs SQL in a database that `database` gave.
  bool execute(const std::string& url, const std::string& sql) {
    return run("psql", {"-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql});
  }
  bool execute_file(const std::string& url, const std::string& file) {
    return run("psql", {"-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", file});
  }

 private:
  PostgresqlServer() {
    const passwd* const user = geteuid() == 0 ? getpwnam("nobody") : nullptr;
    if (user != nullptr) {
      user_ = user->pw_uid;
      if (chown(home_.path().c_str(), user->pw_uid, user->pw_gid) != 0) return;
    }
    if (chmod(home_.path().c_str(), 0755) != 0) return;  // weirctl of another user may connect
    if (!run("initdb", {"-D", home_.file("data"), "-U", "weir", "-A", "trust", "-E", "UTF8", "--locale=C",
                        "--no-sync", "--no-instructions"})) {
      return;
    }
    // Who is called `guarded` needs a password.
    std::ofstream(home_.file("data/pg_hba.conf")) << "local all guarded scram-sha-256\nlocal all all trust\n";
    pid_ = start("postgres", {"-D", home_.file("data"), "-k", home_.path(), "-h", "", "-F", "-c",
                              "synchronous_commit=off", "-c", "full_page_writes=off", "-c",
                              "shared_buffers=32MB", "-c", "max_connections=30"});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!run("pg_isready", {"-q", "-h", home_.path(), "-U", "weir"}) &&
           std::chrono::steady_clock::now() < deadline) {
      poll(nullptr, 0, 20);
    }
  }
  ~PostgresqlServer() {
    if (pid_ <= 0) return;
    kill(pid_, SIGQUIT);  // at once: nothing of it is needed any more
    waitpid(pid_, nullptr, 0);
  }

  pid_t start(const std::string& program, std::vector<std::string> words) {
    words.insert(words.begin(), kPrograms + program);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    if (user_ != 0 && (setgid(user_) != 0 || setuid(user_) != 0)) _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (chdir("/") != 0) _exit(126);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (program == "postgres" || program == "pg_isready") dup2(null, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  bool run(const std::string& program, std::vector<std::string> words) {
    int status = -1;
    waitpid(start(program, std::move(words)), &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  TemporaryDirectory home_;
  uid_t user_ = 0;
  pid_t pid_ = -1;
  int databases_ = 0;
};

}  // namespace weir::test
