// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/live_file.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <utility>

namespace weir::classifier {

LiveFile::LiveFile(std::string name, std::string path, Prepare prepare)
    : name_(std::move(name)),
      path_(std::move(path)),
      prepare_(std::move(prepare)),
      in_force_(stamp_of(path_)),
      seen_(in_force_) {}

LiveFile::Stamp LiveFile::stamp_of(const std::string& path) {
  struct stat about {};
  if (path.empty() || stat(path.c_str(), &about) != 0) return {};
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  return {about.st_ino, about.st_size, about.st_ctim.tv_sec * kNsPerSecond + about.st_ctim.tv_nsec};
}

void LiveFile::again() { in_force_ = {.bytes = -2}; }

bool LiveFile::look(std::chrono::steady_clock::time_point now) {
  if (preparing_.valid()) {
    if (preparing_.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return false;
    finish(preparing_.get());
    return true;
  }
  if (path_.empty() || now - looked_ < kLiveFileInterval) return false;
  looked_ = now;
  const Stamp before = std::exchange(seen_, stamp_of(path_));
  if (seen_ == in_force_ || seen_ != before) return false;
  in_force_ = seen_;  // the next change is one from here on, be this one right or wrong
  preparing_ = std::async(std::launch::async, prepare_, path_);
  return false;
}

void LiveFile::finish(const ResultAll<Commit>& prepared) {
  if (prepared) {
    (*prepared)();
    ++loads_;
    error_.clear();
    spdlog::info("file_in_force name={} path={}", name_, path_);
    return;
  }
  ++refusals_;
  error_.clear();
  for (const Error& error : prepared.error()) {
    if (!error_.empty()) error_ += '\n';
    error_ += to_text(error);
    spdlog::error("file_refused name={} error=\"{}\" effect=\"the one before stays in force\"", name_,
                  to_text(error));
  }
}

}  // namespace weir::classifier
