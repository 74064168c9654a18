// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/audited.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "policy/audit/later_log.h"
#include "policy/audit/pseudonym.h"
#include "policy/ctl/policy_files.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

constexpr std::array<std::string_view, 52> kLooks{"audit list",
                                                  "audit verify",
                                                  "bypass status",
                                                  "capture list",
                                                  "category diff",
                                                  "category list",
                                                  "category lookup",
                                                  "classify",
                                                  "commands",
                                                  "config check",
                                                  "config show",
                                                  "directory list",
                                                  "doctor",
                                                  "evidence replay",
                                                  "evidence verify",
                                                  "exception list",
                                                  "explain",
                                                  "export list",
                                                  "export test",
                                                  "flow list",
                                                  "flow watch",
                                                  "metrics",
                                                  "notify list",
                                                  "notify status",
                                                  "person requests",
                                                  "policy check",
                                                  "policy diff",
                                                  "policy format",
                                                  "policy log",
                                                  "policy prove",
                                                  "policy scheduled",
                                                  "policy schema",
                                                  "policy show",
                                                  "policy test",
                                                  "policy usage",
                                                  "policy what-if",
                                                  "quota list",
                                                  "software list",
                                                  "status",
                                                  "store check",
                                                  "top",
                                                  "usage applications",
                                                  "usage categories",
                                                  "usage clients",
                                                  "usage course",
                                                  "usage links",
                                                  "usage rules",
                                                  "usage servers",
                                                  "usage slower",
                                                  "violation list",
                                                  "violation show",
                                                  "violation suppressions"};
constexpr std::array<std::string_view, 7> kWhenDone{"bypass after-failure",   "category fetch",
                                                    "directory fetch",        "exception expire",
                                                    "policy apply-scheduled", "policy await-confirmation",
                                                    "policy await-scheduled"};
constexpr std::array<std::string_view, 6> kItself{"audit export",  "person approve", "person erase",
                                                  "person export", "reveal",         "violation export"};
/// Options whose value names a client or a person.
constexpr std::array<std::string_view, 6> kNaming{"SUBJECT", "address", "client", "mac", "recipient", "user"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string name_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name(true) : option.get_lnames().front();
}

/// What was said on the command line, without the reason; names of people as pseudonyms.
std::string words_of(const CLI::App& command, const Settings& settings) {
  const auto pseudonyms = policy::Pseudonyms::open(settings);
  std::string words;
  for (const CLI::Option* const option : command.get_options()) {
    const std::string name = name_of(*option);
    if (option->empty() || name == "help" || name == "reason") continue;
    const bool positional = option->get_positional();
    if (!words.empty()) words += ' ';
    if (!positional) words += "--" + name;
    for (const std::string& value : option->results()) {
      if (!words.empty() && words.back() != ' ') words += ' ';
      words += !among(kNaming, name) ? value : pseudonyms ? pseudonyms->of(value) : "(hidden)";
    }
  }
  return words;
}

std::string reason_of(const CLI::App& command) {
  const CLI::Option* const reason = command.get_option_no_throw("--reason");
  return reason == nullptr || reason->empty() ? "" : reason->as<std::string>();
}

/// The user who logged in, which neither su nor sudo changes, nor what somebody writes into SUDO_USER; where
/// nobody did (a timer, a container), the user behind sudo or the user.
std::string who() {
  std::ifstream file("/proc/self/loginuid");
  uid_t uid = 0;
  if (!(file >> uid) || uid == static_cast<uid_t>(-1)) return author();
  const passwd* const user = getpwuid(uid);
  return user == nullptr ? std::to_string(uid) : user->pw_name;
}

std::string origin() {
  const char* const ssh = std::getenv("SSH_CONNECTION");
  if (ssh != nullptr && *ssh != '\0') {
    const std::string_view whole{ssh};
    return "ssh " + std::string{whole.substr(0, whole.find(' '))};
  }
  const char* const terminal = ttyname(STDIN_FILENO);
  return terminal == nullptr ? "" : terminal;
}

Result<void> write_entry(const Settings& settings, const policy::AuditEntry& entry) {
  auto store = policy::Store::open(settings.engine.store, policy::StoreAccess::kChange);
  if (!store) return tl::unexpected(store.error());
  return audit_first(settings, *store, entry);
}

}  // namespace

std::string path_of(const CLI::App& command) {
  std::string path = command.get_name();
  for (const CLI::App* above = command.get_parent(); above != nullptr && above->get_parent() != nullptr;
       above = above->get_parent()) {
    path = above->get_name() + " " + path;
  }
  return path;
}

Audited audited(std::string_view path) {
  if (among(kLooks, path)) return Audited::kLooks;
  if (among(kWhenDone, path)) return Audited::kWhenDone;
  return among(kItself, path) ? Audited::kItself : Audited::kAlways;
}

std::span<const std::string_view> commands_said(Audited how) {
  switch (how) {
    case Audited::kLooks:
      return kLooks;
    case Audited::kWhenDone:
      return kWhenDone;
    case Audited::kItself:
      return kItself;
    case Audited::kAlways:
      break;
  }
  return {};
}

policy::AuditEntry entry_of(std::string verb, std::string object, std::string reason) {
  return {.at = wall_clock(),
          .who = who(),
          .origin = origin(),
          .verb = std::move(verb),
          .object = std::move(object),
          .reason = std::move(reason),
          .result = "done"};
}

void audit_command(Context& context, const CLI::App& command) {
  const std::string path = path_of(command);
  const Audited how = audited(path);
  if (how == Audited::kLooks || how == Audited::kItself) return;
  if (how == Audited::kWhenDone && context.done.empty()) return;
  const auto settings = load_settings(context.config);
  std::error_code ignored;
  // Without its state directory there is no appliance here, but a policy somebody works on.
  if (!settings || !std::filesystem::is_directory(settings->state_directory, ignored)) return;
  policy::AuditEntry entry = entry_of(path, words_of(command, *settings), reason_of(command));
  if (!context.done.empty()) entry.result = context.done;
  if (context.exit_code != kOk && context.done.empty()) entry.result = "refused: " + context.first_error;
  if (write_entry(*settings, entry)) return;
  const std::string folder = policy::later_folder(settings->state_directory);
  auto kept = policy::make_later_folder(folder, settings->operators);
  if (kept) kept = policy::write_later(folder, entry);
  if (!kept)
    std::fprintf(stderr, "warning: not in the audit log: %s\n", printable(to_text(kept.error())).c_str());
}

std::string is_said(const std::string& reason) {
  const bool blank = reason.find_first_not_of(" \t\n") == std::string::npos;
  if (blank) return "a reason has words";
  return reason.size() <= kReasonBytesMax ? ""
                                          : fmt::format("a reason has at most {} bytes", kReasonBytesMax);
}

Result<void> audit_first(const Settings& settings, policy::Store& store, const policy::AuditEntry& entry) {
  const auto log = policy::AuditLog::open(settings);
  if (!log) return tl::unexpected(log.error());
  const auto written = log->write(store, entry);
  if (!written) return tl::unexpected(written.error());
  return {};
}

}  // namespace weir::ctl
