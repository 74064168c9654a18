// SPDX-License-Identifier: Apache-2.0
#include "policy/store/store.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "policy/model/text_file.h"
#include "policy/store/connection.h"
#include "policy/store/dialect.h"
#include "policy/store/migrations.h"

namespace weir::policy {
namespace {

constexpr std::size_t kStorePasswordBytesMax = 512;
constexpr TimeNs kHour = 3'600 * kSecond;

void migrate(Store::Connection& store) {
  Transaction step(store.session, *store.dialect, true);
  store.session << in_dialect("CREATE TABLE IF NOT EXISTS schema_version (version {int} NOT NULL) {strict}",
                              *store.dialect);
  migrate(store.session, *store.dialect, newest_schema_version());
  store.session << "UPDATE row_counts SET kept = (SELECT COUNT(*) FROM violations) WHERE name = 'violations'";
  step.commit();
}

/// Length of the UTF-8 character at `at`; 0: there is none.
std::size_t character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned char second = byte(at + 1);  // overlong, a surrogate, above U+10FFFF
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return length;
}

StoreLimits limits_of(const EngineSettings& engine) {
  StoreLimits limits;
  const std::array hours{engine.due_info_h, engine.due_low_h, engine.due_medium_h, engine.due_high_h,
                         engine.due_critical_h};
  for (std::size_t i = 0; i < hours.size(); ++i) limits.due_after[i] = hours[i] * kHour;
  limits.keep_minutes = engine.keep_minutes_h * kHour;
  limits.keep_hours = engine.keep_hours_d * kStoreDay;
  limits.keep_days = engine.keep_days_d * kStoreDay;
  return limits;
}

Result<std::string> read_password(const std::string& path) {
  if (path.empty()) return std::string{};
  auto text = read_text_file(path, kStorePasswordBytesMax + 2);
  if (!text) {
    text.error().advice = "check engine.store_password_file and who may read it";
    return text;
  }
  std::string line = text->substr(0, text->find_first_of("\r\n"));
  if (!line.empty()) return line;
  return failure(ErrorCode::kInvalid, fmt::format("{} does not begin with a password", path));
}

/// Of a database server it says nothing but where it is.
std::string shown_place(const std::string& where) {
  return is_store_url(where) ? where.substr(0, where.find('?')) : where;
}

Result<void> check_place(const std::string& where, StoreAccess access) {
  if (is_store_url(where)) {
    const std::string_view rest = std::string_view{where}.substr(where.find("//") + 2);
    const std::string_view who = rest.substr(0, rest.find_first_of("/?"));
    const std::size_t at = who.rfind('@');
    if (where.find("password=") == std::string::npos &&
        (at == std::string_view::npos || who.substr(0, at).find(':') == std::string_view::npos)) {
      return {};
    }
    return failure(ErrorCode::kInvalid, "the store's URL holds a password",
                   "write it into a file, engine.store_password_file");
  }
  std::error_code ignored;
  if (where.empty() || where.find('"') != std::string::npos) {
    return failure(ErrorCode::kInvalid, fmt::format("\"{}\" cannot be the path of a store", where));
  }
  if (access != StoreAccess::kWrite && !std::filesystem::exists(where, ignored)) {
    return failure(ErrorCode::kUnavailable, fmt::format("there is no store at {}", where),
                   "has weir-engine been started with this configuration?");
  }
  return {};
}

}  // namespace

std::string storable(const std::string& text, std::size_t bytes_max) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (plain) return text.substr(0, bytes_max);  // the usual case
  std::string kept;
  kept.reserve(std::min(text.size(), bytes_max));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_at(text, at);
    if (kept.size() + length > bytes_max) break;
    const auto first = static_cast<unsigned char>(text[at]);
    if (length > 1 || (length == 1 && first >= 0x20 && first != 0x7f)) kept.append(text, at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return kept;
}

Store::Store(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const std::string& where, StoreAccess access, StoreLimits limits,
                          const std::string& password) {
  if (auto possible = check_place(where, access); !possible) return tl::unexpected(possible.error());
  const std::string place = shown_place(where);
  auto connection = std::make_unique<Connection>();
  connection->where = where;
  connection->limits = limits;
  connection->may_write = access != StoreAccess::kRead;
  connection->dialect = is_store_url(where) ? &postgresql_dialect() : &sqlite_dialect();
  const auto version = caught(fmt::format("cannot open the store {}", place), [&] {
    if (is_store_url(where)) {
      open_postgresql(connection->session, where, password, connection->may_write);
    } else {
      open_sqlite(connection->session, where, connection->may_write);
    }
    if (access == StoreAccess::kWrite) migrate(*connection);
    return schema_version(connection->session);
  });
  if (!version) return tl::unexpected(version.error());
  if (*version != newest_schema_version()) {
    return failure(
        ErrorCode::kInvalid,
        fmt::format("the store {} has schema version {}, this Weir knows {}", place, *version,
                    newest_schema_version()),
        *version > newest_schema_version() ? "use the newer Weir that wrote it" : "start weir-engine once");
  }
  return Store{std::move(connection)};
}

Result<Store> Store::open(const EngineSettings& engine, StoreAccess access) {
  const auto password = read_password(engine.store_password_file);
  if (!password) return tl::unexpected(password.error());
  return open(engine.store, access, limits_of(engine), *password);
}

Result<Batch> Store::begin() {
  return caught("cannot begin a transaction",
                [&] { return Batch{std::make_unique<Batch::Work>(*connection_)}; });
}

}  // namespace weir::policy
