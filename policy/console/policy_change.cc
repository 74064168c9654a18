// SPDX-License-Identifier: Apache-2.0
#include "policy/console/policy_change.h"

#include <fmt/format.h>

#include "policy/audit/signing.h"
#include "policy/ctl/policy_apply.h"
#include "policy/ctl/policy_files.h"
#include "policy/lang/pending.h"

namespace weir::console {
namespace {

constexpr std::size_t kTagDigits = 16;

}  // namespace

std::string PolicyInForce::tag() const {
  return fmt::format("\"r{}-{}\"", revision, policy::sha256(text).substr(0, kTagDigits));
}

Result<PolicyInForce> text_in_force(const std::string& policy_path) {
  const auto [file, revision] = ctl::in_force_on_disk(policy_path);
  if (revision == 0) return PolicyInForce{};
  auto text = ctl::read_text(file);
  if (!text) return tl::unexpected(text.error());
  return PolicyInForce{revision, std::move(*text)};
}

Json pending_json(const std::string& policy_path) {
  const auto pending = policy::read_pending(policy_path);
  if (!pending || pending->is_over() || pending->revision != ctl::revision_on_disk(policy_path))
    return nullptr;
  return {{"revision", pending->revision},
          {"back", pending->back},
          {"left_s", (pending->deadline - policy::boot_time_now()) / kSecond},
          {"group", pending->group}};
}

std::string what_is_wrong_with(const std::string& reason) {
  const bool blank = reason.find_first_not_of(" \t\n") == std::string::npos;
  if (blank) return "the reason is missing";
  return ctl::is_reason(reason);
}

Response applied(Desk& desk, const ctl::Context& context, const ctl::Told& told, policy::AuditEntry entry) {
  const bool done = !context.done.empty();
  entry.result = done ? context.done : "refused: " + context.first_error;
  desk.note(entry);
  if (!done) {
    if (told.errors.empty()) return problem(409, "conflict", context.first_error);
    return problem_of(told.errors);
  }
  Response response = json_response({{"revision", told.revision},
                                     {"in_force", told.in_force},
                                     {"workers", desk.settings().workers},
                                     {"pending", pending_json(desk.settings().classifier.policy)},
                                     {"warnings", told.words}});
  if (const auto now = text_in_force(desk.settings().classifier.policy))
    response.headers.emplace_back("ETag", now->tag());
  return response;
}

Json what_if_json(const ctl::WhatIf& counted, std::size_t most, const ctl::PeopleShown& shown) {
  Json json = counted.json(most);
  for (Json& change : json["changes"])
    for (Json& client : change["by_client"])
      client["name"] = shown.subject(client["name"].get<std::string>());
  return json;
}

ctl::Context quiet_context(const Desk& desk, ctl::Told& told) {
  ctl::Context context;
  context.config = desk.config();
  context.told = &told;
  context.program = desk.weirctl();
  return context;
}

}  // namespace weir::console
