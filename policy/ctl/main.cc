// SPDX-License-Identifier: Apache-2.0
// weirctl: what an operator does from a shell. One file a command; this one only puts them together.
#include <signal.h>

#include <CLI/CLI.hpp>

#include "policy/ctl/commands.h"

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

  weir::ctl::add_commands(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? weir::ctl::kOk : weir::ctl::kUsage;
  }
  return context.exit_code;
}
