// SPDX-License-Identifier: Apache-2.0
#include "policy/console/operations.h"

#include <algorithm>

#include "policy/console/answers.h"

namespace weir::console {
namespace {

using enum Role;

constexpr RoleSet kAll = roles({kOfficer, kSeniorOfficer, kTechnician, kAuditor, kAdmin});
constexpr RoleSet kOfficers = roles({kOfficer, kSeniorOfficer});
constexpr RoleSet kReaders = roles({kOfficer, kSeniorOfficer, kAuditor});
constexpr RoleSet kExcepting = roles({kOfficer, kSeniorOfficer, kTechnician});
constexpr RoleSet kWatchers = roles({kOfficer, kSeniorOfficer, kTechnician, kAuditor});

constexpr std::array kOperations{
    Operation{"setupState", "GET", "/setup", true, 0, setup_state},
    Operation{"setup", "POST", "/setup", true, 0, setup},
    Operation{"login", "POST", "/session", true, 0, login},
    Operation{"totp", "POST", "/session/totp", true, 0, second_step},
    Operation{"logout", "DELETE", "/session", true, 0, logout},
    Operation{"me", "GET", "/session", false, kAll, me},
    Operation{"accounts", "GET", "/accounts", false, roles({kAdmin, kAuditor}), list_accounts},
    Operation{"addAccount", "POST", "/accounts", false, roles({kAdmin}), make_account, kPeopleOnly},
    Operation{"removeAccount", "DELETE", "/accounts/{name}", false, roles({kAdmin}), delete_account,
              kPeopleOnly},
    // Of one's own, and by an admin of anybody.
    Operation{"resetAccount", "POST", "/accounts/{name}/reset", false, roles({kAdmin}), reset_account,
              kPeopleOnly},
    Operation{"changePassword", "POST", "/session/password", false, kAll, change_password,
              kPeopleOnly | kNeverKept},
    Operation{"sessions", "GET", "/sessions", false, kAll, list_sessions, kPeopleOnly},
    Operation{"endSessions", "DELETE", "/sessions", false, kAll, end_sessions, kPeopleOnly},
    Operation{"endSession", "DELETE", "/sessions/{id}", false, kAll, end_session, kPeopleOnly},
    Operation{"tokens", "GET", "/tokens", false, kAll, list_tokens, kPeopleOnly},
    Operation{"addToken", "POST", "/tokens", false, kAll, make_token, kPeopleOnly | kNeverKept},
    Operation{"removeToken", "DELETE", "/tokens/{id}", false, kAll, delete_token, kPeopleOnly},
    Operation{"overview", "GET", "/overview", false, kAll, overview},
    Operation{"violations", "GET", "/violations", false, kReaders, list_violations},
    Operation{"matchingViolations", "GET", "/violations/matching", false, kReaders, match_violations},
    Operation{"exportViolation", "POST", "/violations/{id}/evidence", false, roles({kSeniorOfficer}),
              export_violation, kNeverKept},
    Operation{"violation", "GET", "/violations/{id}", false, kReaders, show_violation},
    Operation{"changeViolations", "POST", "/violations/changes", false, kOfficers, change_violations,
              kPreviews},
    Operation{"reveal", "POST", "/reveals", false, roles({kSeniorOfficer}), reveal, kNeverKept},
    Operation{"flows", "GET", "/flows", false, kWatchers, search_flows},
    Operation{"explainFlow", "GET", "/flows/{id}", false, kWatchers, explain_flow},
    Operation{"clients", "GET", "/clients", false, kWatchers, list_clients},
    Operation{"software", "GET", "/software", false, kWatchers, list_software},
    Operation{"exceptions", "GET", "/exceptions", false, kWatchers, list_exceptions},
    Operation{"addException", "POST", "/exceptions", false, kExcepting, add_exception},
    Operation{"tryException", "POST", "/exceptions/trial", false, kExcepting, try_exception},
    Operation{"removeException", "POST", "/exceptions/removals", false, kExcepting, remove_exception},
    Operation{"policy", "GET", "/policy", false, kWatchers, show_policy},
    Operation{"applyPolicy", "POST", "/policy", false, roles({kTechnician}), apply_policy, kPreviews},
    Operation{"checkPolicy", "POST", "/policy/check", false, kWatchers, check_policy},
    Operation{"diffPolicy", "POST", "/policy/diff", false, kWatchers, diff_policy},
    Operation{"whatIf", "POST", "/policy/what-if", false, kWatchers, begin_what_if},
    Operation{"job", "GET", "/jobs/{id}", false, kWatchers, show_job},
    Operation{"cancelJob", "DELETE", "/jobs/{id}", false, kWatchers, cancel_job},
    Operation{"confirmPolicy", "POST", "/policy/confirm", false, roles({kTechnician}), confirm_policy},
    Operation{"rollbackPolicy", "POST", "/policy/rollback", false, roles({kTechnician}), roll_back_policy},
    Operation{"policyRevisions", "GET", "/policy/revisions", false, kWatchers, list_revisions},
    Operation{"policyRevision", "GET", "/policy/revisions/{number}", false, kWatchers, show_revision},
    Operation{"policySchema", "GET", "/policy/schema", false, kWatchers, show_schema},
    Operation{"reports", "GET", "/reports", false, kReaders, list_reports},
    Operation{"makeReport", "POST", "/reports", false, kReaders, make_report},
    Operation{"fetchReport", "POST", "/reports/downloads", false, kReaders, fetch_report, kNeverKept},
    Operation{"status", "GET", "/status", false, kAll, show_status},
    Operation{"audit", "GET", "/audit", false, roles({kAuditor, kAdmin}), list_audit},
    Operation{"events", "GET", "/events", false, kAll, tell_events},
};

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view one = path.substr(0, path.find('/'));
    segments.push_back(one);
    path.remove_prefix(one.size());
  }
  return segments;
}

/// The values of the {names}; nullopt: the path is another.
std::optional<std::vector<std::string>> matched(std::string_view pattern, std::string_view path) {
  const auto wanted = segments_of(pattern);
  const auto given = segments_of(path);
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != given[i]) return std::nullopt;
      continue;
    }
    auto value = percent_decoded(given[i]);
    if (!value || value->empty()) return std::nullopt;
    arguments.push_back(std::move(*value));
  }
  return arguments;
}

}  // namespace

std::optional<Role> role_of(std::string_view name) {
  const auto found = std::ranges::find(kRoleNames, name);
  if (found == kRoleNames.end()) return std::nullopt;
  return static_cast<Role>(found - kRoleNames.begin());
}

std::span<const Operation> operations() { return kOperations; }

bool allowed(const Operation& operation, Role role) {
  return ((operation.may >> static_cast<unsigned>(role)) & 1U) != 0;
}

Route route(std::string_view method, std::string_view path) {
  Route found;
  if (!path.starts_with(kApi)) return found;
  path.remove_prefix(kApi.size());
  if (!path.empty() && !path.starts_with('/')) return found;
  // A path without {names} before one with them: /violations/changes is no violation.
  for (const bool exact : {true, false}) {
    for (const Operation& one : kOperations) {
      if ((one.path.find('{') == std::string_view::npos) != exact) continue;
      auto arguments = matched(one.path, path);
      if (!arguments) continue;
      found.path_known = true;
      if (one.method != method) continue;
      found.operation = &one;
      found.arguments = std::move(*arguments);
      return found;
    }
    if (exact && found.path_known) return found;
  }
  return found;
}

}  // namespace weir::console
