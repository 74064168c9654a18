// SPDX-License-Identifier: Apache-2.0
// The lists of a .tar.gz in the layout of UT1 and squidGuard (CATEGORY/domains, CATEGORY/urls) into a folder.
// No path of the archive is ever used: what is written is called by its category, and links, devices and
// other files are passed over. Nothing is unpacked beyond its limits, whatever the archive claims.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kArchiveEntriesMax = 10'000;
inline constexpr std::uint64_t kUnpackedTimesMax = 20;  // of the bytes that may be fetched

struct TreeLimits {
  std::uint64_t bytes_max = 0;  // of everything in the archive, also of what is passed over
  std::size_t entries_max = kArchiveEntriesMax;
};

/// Into `folder`, which is there and empty. `wanted`: the only categories, all of which have to be there;
/// empty: all that are. kInvalid: no such archive, or a path that leads out of it; kLimit; kNotFound: no
/// list, or not of a category; kSystem: the folder.
[[nodiscard]] Result<void> unpack_tree(const std::string& archive, const std::string& folder,
                                       const std::vector<std::string>& wanted, const TreeLimits& limits);

}  // namespace weir::policy
