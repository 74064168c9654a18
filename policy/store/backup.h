// SPDX-License-Identifier: Apache-2.0
// All of a store in one file, and back. The file is text: a line about the backup, then for each table a line
// with its columns and one line a row, and last a line with the SHA-256 of all before it. It is the same for
// both databases, so a store also moves from one to the other by it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/store/store.h"

namespace weir::policy {

inline constexpr std::size_t kBackupLineBytesMax = 1U << 20U;

/// What a backup says of itself.
struct BackupFacts {
  int schema = 0;
  std::string database;  // sqlite | postgresql: of the store that was copied
  TimeNs made = 0;
  std::map<std::string, std::uint64_t> rows;  // by table
};

/// As the store is at one moment, while others go on writing. The file is its owner's alone and is there
/// whole or not at all. kSystem: it cannot be written.
[[nodiscard]] Result<BackupFacts> back_up(Store& store, const std::string& file, TimeNs now);
/// Reads all of the file. kCorrupt: not a backup, cut short or changed; kInvalid: of a newer Weir.
[[nodiscard]] Result<BackupFacts> read_backup(const std::string& file);
/// Puts what `file` holds in the place of all that `store` holds, in one transaction; an older schema is
/// brought to the newest. After an error the store is as it was. `store` was opened with kWrite.
[[nodiscard]] Result<BackupFacts> restore(Store& store, const std::string& file, TimeNs now);

/// What is wrong with the store, in words; nothing: it is whole.
[[nodiscard]] Result<std::vector<std::string>> check_store(Store& store);

}  // namespace weir::policy
