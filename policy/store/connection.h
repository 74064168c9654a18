// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share: the SOCI session and the one place that catches what SOCI throws.
#pragma once

#include <fmt/format.h>
#include <soci/soci.h>

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include "policy/store/store.h"

namespace weir::policy {

struct Store::Connection {
  soci::session session;
  std::string path;
  StoreLimits limits;
};

struct Batch::Work {
  explicit Work(Store::Connection& store) : connection(store), transaction(store.session) {}
  Store::Connection& connection;
  soci::transaction transaction;
  bool flows_written = false;
  bool violations_written = false;
  bool software_written = false;
  bool sources_written = false;
  bool quotas_added = false;
  bool quota_minutes_written = false;
  bool notifications_owed = false;
};

/// Runs `action`; what it throws becomes an Error that begins with `what`.
template <typename Action>
auto caught(const std::string& what, Action&& action) -> Result<std::invoke_result_t<Action>> {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Action>>) {
      std::forward<Action>(action)();
      return {};
    } else {
      return std::forward<Action>(action)();
    }
  } catch (const std::exception& error) {
    return failure(ErrorCode::kUnavailable, fmt::format("{}: {}", what, error.what()));
  }
}

/// At most `bytes_max` bytes, cut at a character, without NUL and other control bytes: databases refuse some.
[[nodiscard]] std::string storable(const std::string& text, std::size_t bytes_max = kStoreTextBytesMax);

}  // namespace weir::policy
