// SPDX-License-Identifier: Apache-2.0
// Waits for a time, or until another weirctl has changed something in a folder.
#pragma once

#include <string>

#include "policy/model/time.h"

namespace weir::ctl {

class FolderWatch {
 public:
  /// Of the folder in which `file` lies.
  explicit FolderWatch(const std::string& file);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  /// At most a minute of it, so that a step of the wall clock is seen soon.
  void wait(TimeNs longest) const;

 private:
  int changes_ = -1;
};

}  // namespace weir::ctl
