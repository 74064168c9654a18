// SPDX-License-Identifier: Apache-2.0
// The schema, version by version.
#pragma once

#include <string_view>
#include <vector>

namespace soci {
class session;
}

namespace weir::policy {

struct Dialect;

/// Stands among the statements for the index of parts of the objects of violations, which each database has
/// in its own way (`Dialect::search_index`).
inline constexpr std::string_view kSearchIndex = "search index";

struct Migration {
  int version = 0;  // counts from 1
  std::vector<std::string_view> statements;
};

/// In order. A version that was released is never edited.
[[nodiscard]] const std::vector<Migration>& migrations();
[[nodiscard]] int newest_schema_version();
/// 0: the database holds no store. Throws soci_error, as all below.
[[nodiscard]] int schema_version(soci::session& session);
/// Brings the schema to that version where it is older; within a transaction that writes.
void migrate(soci::session& session, const Dialect& dialect, int version);

}  // namespace weir::policy
