// SPDX-License-Identifier: Apache-2.0
// weirctl config check: is the settings file right?
#include <fmt/format.h>

#include "policy/ctl/context.h"

namespace weir::ctl {
namespace {

void check(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  print(fmt::format("{}: no mistakes ({} pairs, {} workers)\n", context.config, settings->pairs.size(),
                    settings->workers));
}

}  // namespace

void add_config(CLI::App& app, Context& context) {
  CLI::App* config = app.add_subcommand("config", "the settings of this appliance");
  config->fallthrough();
  config->require_subcommand(1);
  add_command(*config, "check", "prints every mistake of the settings file (--config)", context, check);
}

}  // namespace weir::ctl
