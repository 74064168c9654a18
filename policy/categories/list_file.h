// SPDX-License-Identifier: Apache-2.0
// Reads the plain files that category lists come in: one domain a line, `#` begins a comment, and the lines
// of a hosts file ("0.0.0.0 name [name...]") are accepted. Other formats are not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/categories/domain_table.h"
#include "policy/model/error.h"

namespace weir::policy {

struct ListFileLimits {
  std::size_t file_bytes_max = 64U << 20U;
  std::size_t line_bytes_max = 1'024;
  std::size_t mistakes_max = 10;  // reported of one file; the rest is only counted
};

/// A name that hosts files map for the machine itself, localhost and its like.
[[nodiscard]] bool is_own_name(std::string_view name);

/// Adds every domain of `text` to `set`; returns how many lines named one. Mistakes carry `file` and their
/// line.
[[nodiscard]] ResultAll<std::size_t> read_list(std::string_view text, const std::string& file, DomainSet set,
                                               DomainTable& table, ListFileLimits limits = {});
[[nodiscard]] ResultAll<std::size_t> load_list(const std::string& path, DomainSet set, DomainTable& table,
                                               ListFileLimits limits = {});

}  // namespace weir::policy
