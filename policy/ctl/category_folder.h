// SPDX-License-Identifier: Apache-2.0
// The category file on disk, beside the policy: categories.wcat, the one before it as
// categories.wcat.previous. Nothing is put there that was not read back and compared with what is there. One
// writer at a time.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "policy/categories/category_file.h"
#include "policy/ctl/kept_file.h"
#include "policy/model/error.h"

namespace weir::ctl {

inline constexpr double kCategoryChangeMax = 2.0;  // times as many or as few domains as before

[[nodiscard]] std::string category_path(const std::string& policy_path);
[[nodiscard]] std::string previous_category_path(const std::string& policy_path);

class CategoryFolder {
 public:
  /// kBusy: another weirctl is changing the categories.
  [[nodiscard]] static Result<CategoryFolder> lock(const std::string& policy_path);

  /// Puts the file in place; the one before waits for `keep` or `take_back`. kLimit: it would change by more
  /// than kCategoryChangeMax, unless `any_size`.
  [[nodiscard]] Result<void> install(std::string_view bytes, bool any_size);
  /// Exchanges the file with the one before. kNotFound: there is none.
  [[nodiscard]] Result<void> roll_back() const;
  /// The one before is the last good one from now on.
  [[nodiscard]] Result<void> keep() const { return file_.keep(); }
  [[nodiscard]] Result<void> take_back() const { return file_.take_back(); }

 private:
  explicit CategoryFolder(KeptFile file) : file_(std::move(file)) {}

  KeptFile file_;
};

}  // namespace weir::ctl
