// SPDX-License-Identifier: Apache-2.0
// Entries of the audit log that could not be written when they happened: the store was away, or who acted may
// not open it. A file each, in a folder that operators may put files into and root reads; who wrote one is
// taken from the file's owner, not from its words, unless that is root. The next entry that is written takes
// them into the log before itself.
#pragma once

#include <string>
#include <vector>

#include "policy/audit/audit_chain.h"
#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kLaterFilesMax = 1'000;  // taken at a time; what is beyond waits
inline constexpr std::size_t kLaterFileBytesMax = 16'384;

[[nodiscard]] std::string later_folder(const std::string& state_directory);  // <state>/audit-later

/// For root: makes the folder, into which the members of the group may write. A group that is not there:
/// root alone.
[[nodiscard]] Result<void> make_later_folder(const std::string& folder, const std::string& operators);
/// kSystem: it cannot be kept there either.
[[nodiscard]] Result<void> write_later(const std::string& folder, const AuditEntry& entry);

struct LaterEntry {
  AuditEntry entry;
  std::string file;
};
/// By their times. A file that is none, or somebody's link, becomes an entry that says so.
[[nodiscard]] std::vector<LaterEntry> read_later(const std::string& folder);

}  // namespace weir::policy
