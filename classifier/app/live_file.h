// SPDX-License-Identifier: Apache-2.0
// A file that a person edits while the classifier runs. Once it has changed, and then stayed as it is for one
// look (an editor may write it in pieces), it is read and prepared on a thread of its own and then put in
// force between two requests. A file that is wrong, or gone, leaves what is in force. It sees changes of the
// inode, the size and the time of change; the sandbox must let it be read under its name.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <string>

#include "policy/model/error.h"

namespace weir::classifier {

inline constexpr std::chrono::milliseconds kLiveFileInterval{500};  // between two looks

class LiveFile {
 public:
  using Commit = std::function<void()>;
  /// Reads the file, on another thread; what it returns is called on the service's.
  using Prepare = std::function<ResultAll<Commit>(const std::string& path)>;

  /// Takes the file as it is now for the one in force: construct it before the first load. Path empty: never
  /// changes.
  LiveFile(std::string name, std::string path, Prepare prepare);

  /// Reads it here and now; the caller commits. For the first time.
  [[nodiscard]] ResultAll<Commit> prepare() const { return prepare_(path_); }
  /// What is in force now is not all of it: the next looks load it again though it did not change.
  void again();
  /// One step: at most one stat, one commit. True: it was put in force or refused just now.
  bool look(std::chrono::steady_clock::time_point now);

  [[nodiscard]] bool busy() const { return preparing_.valid(); }  // it is being read
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint32_t loads() const { return loads_; }  // put in force since the start
  [[nodiscard]] std::uint32_t refusals() const { return refusals_; }
  [[nodiscard]] const std::string& error() const {
    return error_;
  }  // why the last was refused; empty: was not

 private:
  struct Stamp {
    std::uint64_t inode = 0;
    std::int64_t bytes = -1;  // no such file
    std::int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  [[nodiscard]] static Stamp stamp_of(const std::string& path);
  void finish(const ResultAll<Commit>& prepared);

  std::string name_;
  std::string path_;
  Prepare prepare_;
  Stamp in_force_;
  Stamp seen_;
  std::chrono::steady_clock::time_point looked_{};
  std::future<ResultAll<Commit>> preparing_;
  std::uint32_t loads_ = 0;
  std::uint32_t refusals_ = 0;
  std::string error_;
};

}  // namespace weir::classifier
