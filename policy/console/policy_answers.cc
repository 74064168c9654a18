// SPDX-License-Identifier: Apache-2.0
// The policy: read, checked, compared, put in force, confirmed and taken back, by the functions of
// weirctl policy.
#include <fmt/format.h>

#include <filesystem>

#include "policy/console/answers.h"
#include "policy/console/policy_change.h"
#include "policy/ctl/policy_apply.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/policy_history.h"
#include "policy/ctl/policy_schema.h"
#include "policy/decide/policy_tests.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"
#include "policy/lang/port_range.h"

namespace weir::console {
namespace {

constexpr std::int64_t kConfirmSecondsMin = 10;
constexpr std::int64_t kConfirmSecondsMax = 3'600;

/// Of the body; 0: for good; nullopt: out of its limits.
std::optional<TimeNs> confirm_within(const Call& call) {
  const auto found = call.body.find("confirm_within_s");
  if (found == call.body.end()) return 0;
  if (!found->is_number_integer()) return std::nullopt;
  const auto seconds = found->get<std::int64_t>();
  if (seconds < kConfirmSecondsMin || seconds > kConfirmSecondsMax) return std::nullopt;
  return seconds * kSecond;
}

}  // namespace

Response show_policy(Desk& desk, const Call&) {
  const std::string& path = desk.settings().classifier.policy;
  const auto now = text_in_force(path);
  if (!now) return problem_of(now.error());
  Response response =
      json_response({{"revision", now->revision}, {"text", now->text}, {"pending", pending_json(path)}});
  response.headers.emplace_back("ETag", now->tag());
  return response;
}

namespace {

struct Checked {
  std::size_t rules = 0;
  std::vector<Error> errors{};
  std::vector<Error> warnings{};
};

Checked check_text(const Desk& desk, const std::string& text) {
  Checked checked;
  policy::CompileOptions compiling;
  compiling.file = "policy";
  compiling.directory = std::filesystem::path{desk.settings().classifier.policy}.parent_path().string();
  compiling.warnings = &checked.warnings;
  const auto compiled = policy::compile(text, compiling);
  checked.errors = compiled ? policy::failed_tests(**compiled, "policy") : compiled.error();
  if (compiled) checked.rules = (*compiled)->rules().size();
  return checked;
}

/// What putting a text in force would say, without doing it.
Response tried(const Desk& desk, const PolicyInForce& now, const std::string& text) {
  const Json pending = pending_json(desk.settings().classifier.policy);
  if (!pending.is_null()) return problem(409, "conflict", "another revision waits to be confirmed");
  const Checked checked = check_text(desk, text);
  if (!checked.errors.empty()) return problem_of(checked.errors);
  Json warnings = Json::array();
  for (const Error& one : checked.warnings) warnings.push_back(to_text(one));
  return json_response({{"revision", now.revision},
                        {"in_force", 0},
                        {"workers", desk.settings().workers},
                        {"pending", pending},
                        {"warnings", std::move(warnings)},
                        {"dry_run", true}});
}

}  // namespace

Response apply_policy(Desk& desk, const Call& call) {
  const std::string reason = call.text("reason");
  if (const std::string wrong = what_is_wrong_with(reason); !wrong.empty())
    return problem(422, "invalid", wrong);
  const auto within = confirm_within(call);
  if (!within) {
    return problem(422, "invalid",
                   fmt::format("confirm_within_s is {} to {}", kConfirmSecondsMin, kConfirmSecondsMax));
  }
  if (call.request.if_match.empty()) return problem(428, "bad-request", "the header If-Match is missing");
  const std::string& path = desk.settings().classifier.policy;
  auto folder = ctl::PolicyFolder::lock(path);
  if (!folder) return problem_of(folder.error());
  const auto now = text_in_force(path);
  if (!now) return problem_of(now.error());
  if (now->tag() != call.request.if_match)
    return problem(412, "stale", fmt::format("revision {} is in force now", now->revision));
  if (call.dry_run()) return tried(desk, *now, call.text("text"));
  ctl::Told told;
  ctl::Context context = quiet_context(desk, told);
  ctl::apply_in(context, desk.settings(), *folder, call.text("text"),
                {.name = "policy",
                 .reason = reason,
                 .author = call.account.name,
                 .confirm_within = *within,
                 .quiet = true});
  return applied(desk, context, told, Desk::entry_of(call, "policy apply", path, reason));
}

Response check_policy(Desk& desk, const Call& call) {
  const Checked checked = check_text(desk, call.text("text"));
  return json_response({{"ok", checked.errors.empty()},
                        {"rules", checked.rules},
                        {"errors", mistakes_json(checked.errors)},
                        {"warnings", mistakes_json(checked.warnings)}});
}

Response diff_policy(Desk& desk, const Call& call) {
  const std::string& path = desk.settings().classifier.policy;
  const auto wanted = call.body.find("revision");
  ctl::NamedText from{"the policy in force", {}};
  if (wanted != call.body.end()) {
    if (!wanted->is_number_unsigned()) return problem(422, "invalid", "revision is a number");
    const auto text = ctl::text_of(path, wanted->get<std::uint32_t>());
    if (!text) return problem_of(text.error());
    from = {fmt::format("revision {}", wanted->get<std::uint32_t>()), *text};
  } else {
    const auto now = text_in_force(path);
    if (!now) return problem_of(now.error());
    from.text = now->revision == 0 ? "weir-policy: 1\n" : now->text;
  }
  auto rows = ctl::diff_rows(from, {"policy", call.text("text")});
  return rows ? json_response({{"changes", std::move(*rows)}}) : problem_of(rows.error());
}

Response confirm_policy(Desk& desk, const Call& call) {
  ctl::Told told;
  ctl::Context context = quiet_context(desk, told);
  const std::uint32_t confirmed = ctl::confirm_pending(context, desk.settings());
  if (confirmed > 0) {
    told.revision = confirmed;
    told.in_force = desk.settings().workers;
    context.done = fmt::format("revision {} is confirmed", confirmed);
  }
  return applied(desk, context, told, Desk::entry_of(call, "policy confirm", ""));
}

Response roll_back_policy(Desk& desk, const Call& call) {
  const std::string reason = call.text("reason");
  if (const std::string wrong = what_is_wrong_with(reason); !wrong.empty())
    return problem(422, "invalid", wrong);
  std::uint32_t revision = 0;
  if (const auto found = call.body.find("revision"); found != call.body.end()) {
    if (!found->is_number_unsigned()) return problem(422, "invalid", "revision is a number");
    revision = found->get<std::uint32_t>();
  }
  ctl::Told told;
  ctl::Context context = quiet_context(desk, told);
  ctl::roll_back(context, desk.settings(), revision,
                 {.name = {}, .reason = reason, .author = call.account.name, .quiet = true});
  const std::string object = revision == 0 ? "" : fmt::format("revision {}", revision);
  return applied(desk, context, told, Desk::entry_of(call, "policy rollback", object, reason));
}

Response list_revisions(Desk& desk, const Call&) {
  return json_response({{"revisions", ctl::revision_rows(desk.settings().classifier.policy)}});
}

Response show_revision(Desk& desk, const Call& call) {
  const auto number = policy::whole_number<std::uint32_t>(call.arguments.front());
  if (!number || *number == 0) return problem(404, "not-found");
  const auto text = ctl::text_of(desk.settings().classifier.policy, *number);
  return text ? json_response({{"revision", *number}, {"text", *text}}) : problem_of(text.error());
}

Response show_schema(Desk&, const Call&) { return json_response(ctl::policy_schema()); }

}  // namespace weir::console
