// SPDX-License-Identifier: Apache-2.0
// weirctl: what an operator does from a shell. One file a command; this one only puts them together.
#include <signal.h>

#include <CLI/CLI.hpp>

#include "policy/ctl/context.h"

namespace {

weir::ctl::Format word_to_format(const std::string& word) {
  using weir::ctl::Format;
  return word == "json" ? Format::kJson : word == "csv" ? Format::kCsv : Format::kTable;
}

/// A list of commands has the first line of what each says of itself.
class ShortList : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* command) const override {
    const std::string whole = command->get_description();
    std::stringstream line;
    CLI::detail::format_help(line, command->get_display_name(true), whole.substr(0, whole.find('\n')),
                             column_width_);
    return line.str();
  }
};

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);  // a reader that goes away must not keep a command from cleaning up
  weir::ctl::Context context;
  CLI::App app{"Looks into Weir and steers it.", "weirctl"};
  app.footer(weir::ctl::kExitCodes);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string{"weirctl "} + WEIR_VERSION);
  app.formatter(std::make_shared<ShortList>());
  app.add_option("--config", context.config, "settings file")->capture_default_str();
  std::string format;
  app.add_option("-o,--output", format, "table, json or csv; classify: csv, all others: table")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->each([&context](const std::string& word) { context.format = word_to_format(word); });

  weir::ctl::add_status(app, context);
  weir::ctl::add_bypass(app, context);
  weir::ctl::add_metrics(app, context);
  weir::ctl::add_policy(app, context);
  weir::ctl::add_category(app, context);
  weir::ctl::add_directory(app, context);
  weir::ctl::add_flow(app, context);
  weir::ctl::add_violation(app, context);
  weir::ctl::add_notify(app, context);
  weir::ctl::add_report(app, context);
  weir::ctl::add_evidence(app, context);
  weir::ctl::add_audit(app, context);
  weir::ctl::add_reveal(app, context);
  weir::ctl::add_person(app, context);
  weir::ctl::add_quota(app, context);
  weir::ctl::add_usage(app, context);
  weir::ctl::add_software(app, context);
  weir::ctl::add_exception(app, context);
  weir::ctl::add_explain(app, context);
  weir::ctl::add_export(app, context);
  weir::ctl::add_console(app, context);
  weir::ctl::add_config(app, context);
  weir::ctl::add_capture(app, context);
  weir::ctl::add_classify(app, context);
  weir::ctl::add_top(app, context);
  weir::ctl::add_store(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? weir::ctl::kOk : weir::ctl::kUsage;
  }
  return context.exit_code;
}
