// SPDX-License-Identifier: Apache-2.0
// Each case enters the sandbox in a child process, which says by its exit what it could still do.
#include "classifier/sandbox/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

namespace weir::classifier {
namespace {

constexpr int kSandboxFailed = 99;

/// The wait status of a child that entered the sandbox and returned what `body` did.
int in_sandbox(const std::vector<std::string>& readable, bool seccomp, const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    const auto report = enter_sandbox({.user = {}, .readable = readable, .seccomp = seccomp});
    _exit(report ? body() : kSandboxFailed);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

int exit_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

bool filter_works() {
  const int status = in_sandbox({}, true, [] {
    static_cast<void>(setuid(0));
    return 1;
  });
  return exit_of(status) == -SIGSYS;
}

bool landlock_works() {
  const int status = in_sandbox({}, false, [] { return open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1; });
  return exit_of(status) == 0;
}

class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/weir-sandbox-XXXXXX";
    directory_ = mkdtemp(pattern);
    std::ofstream{directory_ / "allowed"} << "yes";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path directory_;
};

TEST_F(SandboxTest, ForeignFilesCannotBeRead) {
  if (!landlock_works()) GTEST_SKIP() << "this kernel has no Landlock: NOT TESTED";
  const std::string allowed = directory_ / "allowed";
  const int status = in_sandbox({directory_.string(), "/no/such/place"}, true, [&] {
    if (open(allowed.c_str(), O_RDONLY) < 0) return 1;
    if (open("/etc/passwd", O_RDONLY) >= 0) return 2;
    if (open((directory_ / "new").c_str(), O_WRONLY | O_CREAT, 0600) >= 0) return 3;
    if (open(allowed.c_str(), O_WRONLY) >= 0) return 4;
    return 0;
  });
  EXPECT_EQ(exit_of(status), 0);
}

TEST_F(SandboxTest, OnlyAWritableFolderTakesFiles) {
  if (!landlock_works()) GTEST_SKIP() << "this kernel has no Landlock: NOT TESTED";
  std::filesystem::create_directories(directory_ / "spool/sub");
  std::filesystem::create_directory(directory_ / "other");
  const pid_t child = fork();
  if (child == 0) {
    const auto report = enter_sandbox({.user = {}, .readable = {}, .writable = {directory_ / "spool"}});
    if (!report) _exit(kSandboxFailed);
    const int folder = open((directory_ / "spool").c_str(), O_RDONLY | O_DIRECTORY);
    const int file = openat(folder, "1.events", O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
    if (file < 0 || write(file, "x", 1) != 1 || fdatasync(file) != 0 || fsync(folder) != 0) _exit(1);
    if (ftruncate(file, 0) != 0) _exit(2);
    if (openat(folder, "1.events", O_RDONLY) < 0 || unlinkat(folder, "1.events", 0) != 0) _exit(3);
    if (openat(folder, "../other/1.events", O_WRONLY | O_CREAT, 0600) >= 0) _exit(4);
    if (unlinkat(folder, "../allowed", 0) == 0) _exit(5);
    if (unlinkat(folder, "sub", AT_REMOVEDIR) == 0) _exit(6);
    if (openat(folder, "../allowed", O_RDONLY) >= 0) _exit(7);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(exit_of(status), 0);
}

TEST_F(SandboxTest, StartingAProgramKills) {
  if (!filter_works()) GTEST_SKIP() << "a sanitizer's build has no seccomp filter: NOT TESTED";
  const int status = in_sandbox({"/"}, true, [] { return execl("/bin/true", "true", nullptr); });
  EXPECT_EQ(exit_of(status), -SIGSYS);
}

TEST_F(SandboxTest, OtherSocketsAndExecutableMemoryKill) {
  if (!filter_works()) GTEST_SKIP() << "a sanitizer's build has no seccomp filter: NOT TESTED";
  EXPECT_EQ(exit_of(in_sandbox({}, true, [] { return socket(AF_INET, SOCK_STREAM, 0); })), -SIGSYS);
  EXPECT_EQ(exit_of(in_sandbox({}, true, [] { return fork() < 0 ? 1 : 0; })), -SIGSYS);
  EXPECT_EQ(exit_of(in_sandbox({}, true, [] { return setuid(0); })), -SIGSYS);
}

TEST_F(SandboxTest, WhatTheClassifierDoesStillWorks) {
  const int status = in_sandbox({directory_.string()}, true, [&] {
    int done = 0;
    std::thread{[&done] { done = 1; }}.join();
    const int unix_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::vector<char> large(8U << 20U, 'x');
    std::string text;
    std::ifstream{directory_ / "allowed"} >> text;
    return done == 1 && unix_socket >= 0 && large.back() == 'x' && text == "yes" ? 0 : 1;
  });
  EXPECT_EQ(exit_of(status), 0);
}

TEST_F(SandboxTest, NoCoreAndNoNewPrivileges) {
  const int status = in_sandbox({}, false, [] {
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 1;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 2;
    return core.rlim_max == 0 ? 0 : 3;
  });
  EXPECT_EQ(exit_of(status), 0);
}

TEST_F(SandboxTest, AnUnknownUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: NOT TESTED";
  const auto report = enter_sandbox({.user = "weir-no-such-user", .readable = {}, .seccomp = false});
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().what.find("weir-no-such-user"), std::string::npos);
}

TEST_F(SandboxTest, RootBecomesTheUserForGood) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: NOT TESTED";
  const pid_t child = fork();
  if (child == 0) {
    const auto report = enter_sandbox({.user = "nobody", .readable = {}, .seccomp = false});
    if (!report || !report->user_dropped) _exit(1);
    if (geteuid() == 0 || setuid(0) == 0) _exit(2);
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
      if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 0) _exit(3);
    }
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(exit_of(status), 0);
}

}  // namespace
}  // namespace weir::classifier
