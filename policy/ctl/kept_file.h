// SPDX-License-Identifier: Apache-2.0
// A file that the daemons read and that is replaced whole; the one before stays at hand until it is known
// whether the new one is taken. One writer at a time.
#pragma once

#include <string>
#include <string_view>

#include "policy/model/error.h"

namespace weir::ctl {

class KeptFile {
 public:
  /// kBusy: another weirctl is changing `what` ("the categories").
  [[nodiscard]] static Result<KeptFile> lock(std::string path, std::string_view what);
  KeptFile(KeptFile&& other) noexcept;
  KeptFile& operator=(KeptFile&&) = delete;
  ~KeptFile();

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Puts the new one in place; the present one waits for one of the three below, if `with_present`.
  [[nodiscard]] Result<void> put(std::string_view bytes, bool with_present) const;
  [[nodiscard]] Result<void> keep() const;       // the one before as `path`.previous
  [[nodiscard]] Result<void> forget() const;     // the one before is gone
  [[nodiscard]] Result<void> take_back() const;  // the one before is the present one again; or none is
  [[nodiscard]] Result<void> exchange() const;   // the present one and `path`.previous

 private:
  KeptFile(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  [[nodiscard]] std::string before() const { return path_ + ".before"; }
  [[nodiscard]] Result<void> synced() const;

  std::string path_;
  int lock_ = -1;
};

}  // namespace weir::ctl
