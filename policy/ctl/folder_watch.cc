// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/folder_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace weir::ctl {

FolderWatch::FolderWatch(const std::string& file) : changes_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  const std::string folder = std::filesystem::path{file}.parent_path().string();
  inotify_add_watch(changes_, folder.empty() ? "." : folder.c_str(),
                    IN_DELETE | IN_MOVED_TO | IN_DELETE_SELF);
}

FolderWatch::~FolderWatch() { close(changes_); }

void FolderWatch::wait(TimeNs longest) const {
  constexpr TimeNs kStepMax = 60 * kSecond;
  pollfd change{changes_, POLLIN, 0};
  poll(&change, 1, static_cast<int>(std::clamp<TimeNs>(longest, 0, kStepMax) / kMillisecond + 1));
  std::array<char, 4'096> seen{};
  while (read(changes_, seen.data(), seen.size()) > 0) continue;
}

}  // namespace weir::ctl
