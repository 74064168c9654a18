// SPDX-License-Identifier: Apache-2.0
// A child process that cannot outlive its owner, and a directory that cannot either.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "policy/model/error.h"

namespace weir::ctl {

inline constexpr std::chrono::milliseconds kChildEndMax{
    30'000};  // after its output closed; then it is killed
inline constexpr std::chrono::milliseconds kChildEndAlone{
    1'000};  // the same, when the other child has failed
inline constexpr std::size_t kLastWordsBytesMax = 4'096;

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }  // empty: could not be made

 private:
  std::string path_;
};

class Child {
 public:
  /// What it writes to standard error goes to a file in `folder`, and so does what it would leave in /run.
  Child(std::string name, const std::string& folder);
  ~Child() { end_now(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] Result<void> start(const std::vector<std::string>& words, bool with_output);
  [[nodiscard]] int output() const { return output_; }
  void wait_for_end(std::chrono::milliseconds longest);
  void end_now();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool ended_well() const { return !killed_ && status_ == 0; }
  [[nodiscard]] int exit_code() const;             // -1: ended by a signal
  [[nodiscard]] std::string how_it_ended() const;  // "died of signal 11 (Segmentation fault)"
  [[nodiscard]] std::string last_words() const;    // the end of its standard error

 private:
  std::string name_;
  std::string folder_;
  std::string errors_path_;
  pid_t pid_ = -1;
  int output_ = -1;
  int status_ = 0;
  bool killed_ = false;  // it did not end by itself
};

}  // namespace weir::ctl
