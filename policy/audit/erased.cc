// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/erased.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "policy/audit/appliance_keys.h"
#include "policy/audit/private_file.h"

namespace weir::policy {
namespace {

std::string file_of(const Settings& settings) { return keys_folder(settings.state_directory) + "/erased"; }

}  // namespace

Result<std::vector<std::string>> erased_pseudonyms(const Settings& settings) {
  std::vector<std::string> all;
  const auto text = read_private(file_of(settings));
  if (!text && text.error().code == ErrorCode::kNotFound) return all;
  if (!text) return tl::unexpected(text.error());
  std::istringstream lines{*text};
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  return all;
}

Result<void> remember_erased(const Settings& settings, const std::string& pseudonym) {
  auto all = erased_pseudonyms(settings);
  if (!all) return tl::unexpected(all.error());
  if (std::ranges::find(*all, pseudonym) != all->end()) return {};
  if (all->size() >= kErasedMax)
    return failure(ErrorCode::kLimit, fmt::format("{} erased persons are remembered already", kErasedMax));
  all->push_back(pseudonym);
  return write_private(file_of(settings), fmt::format("{}\n", fmt::join(*all, "\n")));
}

}  // namespace weir::policy
