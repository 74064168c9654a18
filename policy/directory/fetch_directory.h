// SPDX-License-Identifier: Apache-2.0
// Asks a directory for its groups and their users, once. Whoever calls it decides what becomes of the answer.
#pragma once

#include "policy/directory/directory_settings.h"
#include "policy/directory/group_members.h"

namespace weir::policy {

inline constexpr std::size_t kDirectoryEntriesMax = 500'000;          // that one search may give
inline constexpr std::size_t kDirectoryAnswerBytesMax = 512U << 20U;  // of values, over all searches

/// kUnavailable: no answer in time, or none at all; kInvalid: the server's certificate or our password is
/// refused, or the search is wrong; kLimit: more than the limits here allow.
[[nodiscard]] Result<MappedGroups> fetch_directory(const DirectorySettings& settings);

}  // namespace weir::policy
