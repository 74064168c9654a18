// SPDX-License-Identifier: Apache-2.0
// What every command has: the global options, the settings, ways to the store and to Redis. A command is one
// file with one `add_...` function, which declares its options and what runs.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "policy/bus/stream_browser.h"
#include "policy/ctl/exit_code.h"
#include "policy/ctl/output.h"
#include "policy/model/error.h"
#include "policy/model/settings.h"
#include "policy/store/store.h"

namespace weir::ctl {

/// What would be printed, for who shows it otherwise (policy/console).
struct Told {
  std::vector<Error> errors{};
  std::vector<Error> warnings{};     // of a policy that holds
  std::uint32_t revision = 0;        // that was put in force
  std::uint32_t in_force = 0;        // on so many workers
  std::vector<std::string> words{};  // further warnings, a sentence each
};

struct Context {
  std::string config = "/etc/weir/weir.yaml";
  std::optional<Format> format;  // as given; a command has its own default
  int exit_code = kOk;
  std::string first_error{};  // as it was printed; empty: none was
  std::string done{};         // what was changed, for the audit log; empty: the command's words say it all
  Told* told = nullptr;       // where given, nothing is printed
  std::string program = "/proc/self/exe";  // weirctl, for what is left behind

  [[nodiscard]] Format format_or(Format otherwise) const { return format.value_or(otherwise); }
  /// On mistakes prints all of them, sets kInvalid and returns nullopt.
  [[nodiscard]] std::optional<Settings> settings();
  /// Prints the error and sets the exit code that belongs to it.
  void fail(const Error& error);
  void fail(const std::vector<Error>& errors);  // mistakes of a text: kInvalid
  void say(const std::string& error);           // a line of its own; the exit code stays
  void remark(const std::string& words) const;  // likewise, of what is no error
  /// Of a policy that holds (policy/lang/analysis.h); the exit code stays.
  void warn(const std::vector<Error>& warnings) const;
};

[[nodiscard]] Result<policy::StreamBrowser> open_streams(const Settings& settings);
[[nodiscard]] Result<policy::Store> open_store(const Settings& settings);
[[nodiscard]] Result<policy::Store> open_store_to_change(const Settings& settings);
/// With the advice that belongs to a store that cannot be written.
[[nodiscard]] Error may_not_write(Error error);
/// All that `change` does to the store, or nothing of it and the error said: false.
bool change_store(Context& context, const Settings& settings,
                  const std::function<Result<void>(policy::Batch&)>& change);
[[nodiscard]] std::vector<std::string> all_flow_streams(const Settings& settings);

/// Declares a command whose work runs after the whole command line was understood.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& what, Context& context,
                      std::function<void(Context&)> work);

void add_audit(CLI::App& app, Context& context);
void add_bypass(CLI::App& app, Context& context);
void add_capture(CLI::App& app, Context& context);
void add_category(CLI::App& app, Context& context);
void add_category_fetch(CLI::App& category, Context& context);
void add_category_import(CLI::App& category, Context& context);
void add_classify(CLI::App& app, Context& context);
void add_config(CLI::App& app, Context& context);
void add_console(CLI::App& app, Context& context);
void add_directory(CLI::App& app, Context& context);
void add_evidence(CLI::App& app, Context& context);
void add_exception(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_explain(CLI::App& app, Context& context);
void add_flow(CLI::App& app, Context& context);
void add_flow_list(CLI::App& flow, Context& context);
void add_metrics(CLI::App& app, Context& context);
void add_notify(CLI::App& app, Context& context);
void add_person(CLI::App& app, Context& context);
void add_policy(CLI::App& app, Context& context);
void add_quota(CLI::App& app, Context& context);
void add_report(CLI::App& app, Context& context);
void add_reveal(CLI::App& app, Context& context);
void add_reveal_requests(CLI::App& person, Context& context);
void add_software(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_store(CLI::App& app, Context& context);
void add_top(CLI::App& app, Context& context);
void add_usage(CLI::App& app, Context& context);
void add_policy_history(CLI::App& policy, Context& context);
void add_policy_schedule(CLI::App& policy, Context& context);
void add_policy_prove(CLI::App& policy, Context& context);
void add_policy_usage(CLI::App& policy, Context& context);
void add_what_if(CLI::App& policy, Context& context);
void add_violation(CLI::App& app, Context& context);
void add_violation_changes(CLI::App& violation, Context& context);
void add_suppressions(CLI::App& violation, Context& context);
void add_violation_export(CLI::App& violation, Context& context);

}  // namespace weir::ctl
