// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/command_table.h"

#include <algorithm>

namespace weir::ctl {
namespace {

/// The words of "TEXT:{table,json,csv}"; none: any value will do.
Json words_of_type(const std::string& type) {
  Json words = Json::array();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return words;
  for (std::size_t at = open + 1; at < close;) {
    const std::size_t end = std::min(type.find(',', at), close);
    words.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

Json argument_row(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const bool file = type.find("FILE") != std::string::npos || type.find("DIR") != std::string::npos ||
                    type.find("PATH") != std::string::npos;
  return {{"what", option.get_description()},
          {"type", option.get_expected_max() == 0 ? "" : type.substr(0, type.find(':'))},
          {"words", words_of_type(type)},
          {"file", file},
          {"needed", option.get_required()},
          {"many", option.get_expected_max() > 1},
          {"default", option.get_default_str()}};
}

std::vector<std::string> option_names(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

void add_rows(const CLI::App& command, const std::string& name, Json& rows) {
  const std::string about = command.get_description();
  Json options = Json::array();
  Json arguments = Json::array();
  for (const CLI::Option* const option : command.get_options()) {
    if (option->get_group().empty()) continue;  // of tests
    Json row = argument_row(*option);
    if (option->get_positional()) {
      row["name"] = option->get_name(true);
      arguments.push_back(std::move(row));
    } else {
      row["names"] = option_names(*option);
      options.push_back(std::move(row));
    }
  }
  Json below = Json::array();
  const auto commands = command.get_subcommands(nullptr);
  for (const CLI::App* const one : commands) {
    if (!one->get_group().empty()) below.push_back(one->get_name());
  }
  rows.push_back({{"command", name},
                  {"what", about.substr(0, about.find('\n'))},
                  {"about", about},
                  {"options", std::move(options)},
                  {"arguments", std::move(arguments)},
                  {"commands", std::move(below)}});
  for (const CLI::App* const one : commands) {
    if (!one->get_group().empty()) add_rows(*one, name + " " + one->get_name(), rows);
  }
}

}  // namespace

Json command_rows(const CLI::App& front) {
  Json rows = Json::array();
  add_rows(front, front.get_name(), rows);
  return rows;
}

void add_command_table(CLI::App& front, Context& context) {
  add_command(front, "commands", "every command of weirctl, one a line; -o json: with options and arguments",
              context, [&front](Context& shown) {
                print(render(shown.format_or(Format::kTable), command_rows(front), {"command", "what"}));
              });
}

}  // namespace weir::ctl
