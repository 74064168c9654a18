// SPDX-License-Identifier: Apache-2.0
#include "policy/store/store.h"

#include <algorithm>
#include <filesystem>

#include "policy/store/connection.h"
#include "policy/store/dialect.h"
#include "policy/store/migrations.h"

namespace weir::policy {
namespace {

int schema_version(soci::session& session) {
  int version = 0;
  soci::indicator found = soci::i_null;
  session << "SELECT MAX(version) FROM schema_version", soci::into(version, found);
  return found == soci::i_ok ? version : 0;
}

void migrate(soci::session& session) {
  const Dialect& dialect = sqlite_dialect();
  session << in_dialect("CREATE TABLE IF NOT EXISTS schema_version (version {int} NOT NULL) {strict}",
                        dialect);
  const int present = schema_version(session);
  for (const Migration& migration : migrations()) {
    if (migration.version <= present) continue;
    soci::transaction step(session);
    for (const std::string_view statement : migration.statements) session << in_dialect(statement, dialect);
    session << "INSERT INTO schema_version (version) VALUES (:version)", soci::use(migration.version);
    step.commit();
  }
}

}  // namespace

std::string storable(const std::string& text, std::size_t bytes_max) {
  std::string kept;
  kept.reserve(std::min(text.size(), bytes_max));
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f') kept.push_back(c);
    if (kept.size() > bytes_max) break;
  }
  if (kept.size() > bytes_max) {
    std::size_t cut = bytes_max;  // back to the first byte of a UTF-8 character
    while (cut > 0 && (static_cast<unsigned char>(kept[cut]) & 0xC0U) == 0x80U) --cut;
    kept.resize(cut);
  }
  return kept;
}

Store::Store(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const std::string& path, StoreAccess access, StoreLimits limits) {
  std::error_code ignored;
  if (path.empty() || path.find('"') != std::string::npos) {
    return failure(ErrorCode::kInvalid, fmt::format("\"{}\" cannot be the path of a store", path));
  }
  if (access != StoreAccess::kWrite && !std::filesystem::exists(path, ignored)) {
    return failure(ErrorCode::kUnavailable, fmt::format("there is no store at {}", path),
                   "has weir-engine been started with this configuration?");
  }
  auto connection = std::make_unique<Connection>();
  connection->path = path;
  connection->limits = limits;
  const auto version = caught(fmt::format("cannot open the store {}", path), [&] {
    open_sqlite(connection->session, path, access != StoreAccess::kRead);
    if (access == StoreAccess::kWrite) migrate(connection->session);
    return schema_version(connection->session);
  });
  if (!version) return tl::unexpected(version.error());
  if (*version != newest_schema_version()) {
    return failure(
        ErrorCode::kInvalid,
        fmt::format("the store {} has schema version {}, this Weir knows {}", path, *version,
                    newest_schema_version()),
        *version > newest_schema_version() ? "use the newer Weir that wrote it" : "start weir-engine once");
  }
  return Store{std::move(connection)};
}

Result<Batch> Store::begin() {
  return caught("cannot begin a transaction",
                [&] { return Batch{std::make_unique<Batch::Work>(*connection_)}; });
}

}  // namespace weir::policy
