// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace weir::ctl {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "weirctl-XXXXXX").string();
  if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Child::Child(std::string name, const std::string& folder)
    : name_(std::move(name)), folder_(folder), errors_path_(folder + "/" + name_ + ".log") {}

Result<void> Child::start(const std::vector<std::string>& words, bool with_output) {
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::array<int, 2> ends{-1, -1};
  if (with_output && pipe2(ends.data(), O_CLOEXEC) != 0)
    return failure(ErrorCode::kSystem, "cannot make a pipe");
  const int errors = open(errors_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(nothing, STDIN_FILENO);
    dup2(with_output ? ends[1] : nothing, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    setenv("RUNTIME_DIRECTORY", folder_.c_str(), 1);  // DPDK makes a folder there, and leaves it
    execv(argv[0], argv.data());
    const char* said = "cannot be started\n";
    static_cast<void>(!write(STDERR_FILENO, said, std::strlen(said)));
    _exit(127);
  }
  for (const int descriptor : {ends[1], errors, nothing}) {
    if (descriptor >= 0) close(descriptor);
  }
  output_ = ends[0];
  if (pid_ < 0)
    return failure(ErrorCode::kSystem, fmt::format("cannot start {}: {}", name_, std::strerror(errno)));
  return {};
}

void Child::wait_for_end(std::chrono::milliseconds longest) {
  if (pid_ <= 0) return;
  const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd one{descriptor, POLLIN, 0};
  const bool ended = descriptor >= 0 && poll(&one, 1, static_cast<int>(longest.count())) > 0;
  if (descriptor >= 0) close(descriptor);
  if (!ended) return end_now();
  waitpid(std::exchange(pid_, -1), &status_, 0);
}

void Child::end_now() {
  if (output_ >= 0) close(std::exchange(output_, -1));
  if (pid_ <= 0) return;
  killed_ = true;
  kill(pid_, SIGKILL);
  waitpid(std::exchange(pid_, -1), &status_, 0);
}

int Child::exit_code() const { return !killed_ && WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }

std::string Child::how_it_ended() const {
  if (killed_) return "did not end";
  if (WIFSIGNALED(status_)) {
    return fmt::format("died of signal {} ({})", WTERMSIG(status_), strsignal(WTERMSIG(status_)));
  }
  return fmt::format("ended with {}", WEXITSTATUS(status_));
}

std::string Child::last_words() const {
  std::ifstream in(errors_path_, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const auto size = static_cast<std::size_t>(in.tellg());
  const std::size_t kept = std::min(size, kLastWordsBytesMax);
  in.seekg(static_cast<std::streamoff>(size - kept));
  std::string text(kept, '\0');
  in.read(text.data(), static_cast<std::streamsize>(kept));
  return text;
}

}  // namespace weir::ctl
