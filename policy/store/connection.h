// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share: the SOCI session and the one place that catches what SOCI throws.
#pragma once

#include <fmt/format.h>
#include <soci/soci.h>

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "policy/store/flows.h"
#include "policy/store/quota_sums.h"
#include "policy/store/sources.h"
#include "policy/store/store.h"
#include "policy/store/sums.h"

namespace weir::policy {

struct Store::Connection {
  soci::session session;
  std::string path;
  StoreLimits limits;
  std::unique_ptr<FlowWriter> flow_writer;  // made with the first flow
};

struct Batch::Work {
  explicit Work(Store::Connection& store) : connection(store), transaction(store.session) {}
  Store::Connection& connection;
  soci::transaction transaction;
  // What becomes rows at the commit.
  Sources sources;
  Sums<ViolationSum> violations;
  Sums<SoftwareSum> software;
  QuotaSums quotas;
  FlowRows flows;
};

/// Runs `action`; what it throws becomes an Error that begins with `what`.
template <typename Action>
auto caught(std::string_view what, Action&& action) -> Result<std::invoke_result_t<Action>> {
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

/// Adds to a counter of engine_state.
void count_up(soci::session& sql, const std::string& name, long long more);

/// At most `bytes_max` bytes, cut at a character, without NUL and other control bytes: databases refuse some.
[[nodiscard]] std::string storable(const std::string& text, std::size_t bytes_max = kStoreTextBytesMax);

}  // namespace weir::policy
