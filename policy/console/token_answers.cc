// SPDX-License-Identifier: Apache-2.0
// Tokens with which programs ask in the name of an account: for some operations, until a day. The token
// itself is told once; the store has its hash.
#include <fmt/format.h>

#include <algorithm>

#include "policy/audit/signing.h"
#include "policy/console/answers.h"
#include "policy/console/sessions.h"
#include "policy/model/settings.h"

namespace weir::console {
namespace {

constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kTokenSecretBytes = 32;
constexpr std::int64_t kDaysMax = 366;
constexpr std::size_t kTokenNameBytesMax = 60;
constexpr TimeNs kTokenDay = 86'400 * kSecond;

Json token_json(const policy::ConsoleToken& token) {
  Json scope = Json::array();
  for (const std::string_view one : comma_separated(token.scope)) scope.push_back(one);
  return {{"id", token.id},
          {"name", ctl::printable(token.name)},
          {"scope", std::move(scope)},
          {"made", time_json(token.made)},
          {"ends", time_json(token.ends)},
          {"used", time_json(token.used)},
          {"address", token.address}};
}

/// Comma-separated; kInvalid: what the maker may not, or no program may.
Result<std::string> scope_of(const Call& call) {
  const auto found = call.body.find("scope");
  if (found == call.body.end() || !found->is_array() || found->empty() || found->size() > operations().size())
    return failure(ErrorCode::kInvalid, "the scope is a list of operations");
  std::vector<std::string> scope;
  for (const Json& one : *found) {
    const std::string id = one.is_string() ? one.get<std::string>() : std::string{};
    const auto operation = std::ranges::find(operations(), id, &Operation::id);
    if (operation == operations().end() || operation->open || operation->is(kPeopleOnly))
      return failure(ErrorCode::kInvalid, fmt::format("'{}' is no operation for a token", id));
    if (!may(*operation, call))
      return failure(ErrorCode::kInvalid, fmt::format("you may not do {} yourself", id));
    if (std::ranges::find(scope, id) == scope.end()) scope.push_back(id);
  }
  return fmt::format("{}", fmt::join(scope, ","));
}

Result<policy::ConsoleToken> token_asked_for(const Call& call) {
  const std::string name = call.text("name");
  if (name.find_first_not_of(" \t\n") == std::string::npos || name.size() > kTokenNameBytesMax)
    return failure(ErrorCode::kInvalid,
                   fmt::format("a name has words, and at most {} bytes", kTokenNameBytesMax));
  const auto days = call.body.find("days");
  if (days == call.body.end() || !days->is_number_integer() || *days < 1 || *days > kDaysMax)
    return failure(ErrorCode::kInvalid, fmt::format("days are 1 to {}", kDaysMax));
  auto scope = scope_of(call);
  if (!scope) return tl::unexpected(scope.error());
  return policy::ConsoleToken{.id = policy::hex(policy::random_bytes(kIdBytes)),
                              .token_hash = {},
                              .account = call.account.name,
                              .name = name,
                              .scope = std::move(*scope),
                              .made = call.now,
                              .ends = call.now + days->get<std::int64_t>() * kTokenDay};
}

}  // namespace

Response list_tokens(Desk& desk, const Call& call) {
  const auto name = whose(call);
  if (!name) return problem(403, "forbidden");
  if (const auto account = policy::console_account(desk.store(), *name); !account)
    return problem_of(account.error());
  const auto tokens = policy::console_tokens(desk.store(), *name);
  if (!tokens) return problem_of(tokens.error());
  Json rows = Json::array();
  for (const policy::ConsoleToken& one : *tokens) rows.push_back(token_json(one));
  return json_response({{"tokens", std::move(rows)}});
}

Response make_token(Desk& desk, const Call& call) {
  auto token = token_asked_for(call);
  if (!token) return problem_of(token.error());
  const std::string secret = policy::hex(policy::random_bytes(kTokenSecretBytes));
  token->token_hash = hash_of_token(secret);
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto kept = policy::add_token(*batch, *token);
  const std::string what = fmt::format("{} ({}): {}", token->id, ctl::printable(token->name), token->scope);
  if (kept) kept = desk.people().commit(*batch, Desk::entry_of(call, "console token", what));
  if (!kept) return problem_of(kept.error());
  Json json = token_json(*token);
  json["token"] = fmt::format("{}{}-{}", kTokenPrefix, token->id, secret);
  return json_response(json, 201);
}

Response delete_token(Desk& desk, const Call& call) {
  const auto name = whose(call);
  if (!name) return problem(403, "forbidden");
  const auto token = policy::console_token(desk.store(), call.arguments.front());
  if (!token) return problem_of(token.error());
  if (token->account != *name) return problem(404, "not-found", "there is no such token");
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  auto removed = policy::remove_token(*batch, token->id);
  if (removed) {
    removed = desk.people().commit(*batch,
                                   Desk::entry_of(call, "console token removed", token->id + " of " + *name));
  }
  return removed ? Response{.status = 204, .type = "", .body = ""} : problem_of(removed.error());
}

}  // namespace weir::console
