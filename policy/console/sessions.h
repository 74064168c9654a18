// SPDX-License-Identifier: Apache-2.0
// What the answers about accounts, sessions and tokens share: how a session begins, who may what, and what
// who failed is told.
#pragma once

#include <optional>
#include <string>

#include "policy/console/desk.h"

namespace weir::console {

/// In a time that does not depend on where they differ.
[[nodiscard]] bool is_same(const std::string& a, const std::string& b);
/// Neither unused for too long nor too old; what waits for its TOTP code is so soon.
[[nodiscard]] bool is_alive(const policy::ConsoleSession& session, const Settings& settings, TimeNs now);
/// By the role; with a token also by its scope.
[[nodiscard]] bool may(const Operation& operation, const Call& call);

struct TokenParts {
  std::string id;
  std::string secret;
};
inline constexpr std::string_view kTokenPrefix = "weir-";
/// Of "Bearer weir-ID-SECRET"; nullopt: it is none.
[[nodiscard]] std::optional<TokenParts> token_parts(std::string_view authorization);

struct NewSession {
  std::string account;
  bool complete = false;
};
[[nodiscard]] std::string cookie_of(const std::string& token, std::uint64_t seconds);
/// A new session in the batch, whose cookie goes into the response.
[[nodiscard]] Result<void> begin_session(policy::Batch& batch, const Desk& desk, const Call& call,
                                         const NewSession& session, Response& response);
[[nodiscard]] Json me_json(const Desk& desk, const Call& call, TimeNs began);
[[nodiscard]] Json account_json(const policy::ConsoleAccount& account);

[[nodiscard]] Response refused_login();
[[nodiscard]] Response wait_response(TimeNs left);
/// One more failure, in the audit log too. What the store then says.
[[nodiscard]] Response fail_login(Desk& desk, const Call& call, const std::string& account, std::string why);

/// Whose sessions or tokens are asked for: one's own, or by an admin those of `account` of the query.
/// nullopt: they are none of the asker's business.
[[nodiscard]] std::optional<std::string> whose(const Call& call);

}  // namespace weir::console
