// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/category_folder.h"

#include <fmt/format.h>

#include <filesystem>

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;

Result<void> change_bearable(const policy::CategoryFile& before, const policy::CategoryFile& after) {
  const auto old_count = static_cast<double>(before.domains());
  const auto new_count = static_cast<double>(after.domains());
  if (new_count <= old_count * kCategoryChangeMax && old_count <= new_count * kCategoryChangeMax) return {};
  return failure(ErrorCode::kLimit,
                 fmt::format("{} domains instead of {}: more than a factor of {}", after.domains(),
                             before.domains(), kCategoryChangeMax),
                 "look at the lists; --force takes them all the same");
}

}  // namespace

std::string category_path(const std::string& policy_path) {
  const fs::path folder = fs::path{policy_path}.parent_path();
  return ((folder.empty() ? fs::path{"."} : folder) / policy::kCategoryFileName).string();
}

std::string previous_category_path(const std::string& policy_path) {
  return category_path(policy_path) + ".previous";
}

Result<CategoryFolder> CategoryFolder::lock(const std::string& policy_path) {
  auto file = KeptFile::lock(category_path(policy_path), "the categories");
  if (!file) return tl::unexpected(file.error());
  return CategoryFolder{std::move(*file)};
}

Result<void> CategoryFolder::install(std::string_view bytes, bool any_size) {
  const auto made = policy::CategoryFile::from_bytes(bytes, file_.path());
  if (!made) return tl::unexpected(made.error());
  const auto present = policy::CategoryFile::open(file_.path());  // one that is damaged is no measure
  if (present && !any_size) {
    if (auto bearable = change_bearable(*present, *made); !bearable) return bearable;
  }
  return file_.put(bytes, present.has_value());
}

Result<void> CategoryFolder::roll_back() const {
  const auto good = policy::CategoryFile::open(file_.path() + ".previous");
  if (!good) return tl::unexpected(good.error());
  return file_.exchange();
}

}  // namespace weir::ctl
