// SPDX-License-Identifier: Apache-2.0
// weirctl config check: is the settings file right, and the files by which things are recognised?
#include <fmt/format.h>

#include <filesystem>

#include "policy/ctl/config_show.h"
#include "policy/ctl/context.h"
#include "policy/lang/catalogue.h"
#include "policy/lang/safe_search.h"
#include "policy/lang/signatures.h"

namespace weir::ctl {
namespace {

void check(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  std::vector<Error> wrong;
  const auto note = [&wrong](const std::string& path, const auto& load) {
    if (path.empty() || !std::filesystem::exists(path)) return;  // nothing is recognised by it then
    const auto loaded = load(path);
    if (!loaded) wrong.insert(wrong.end(), loaded.error().begin(), loaded.error().end());
  };
  note(settings->classifier.catalogue, policy::load_catalogue);
  note(settings->classifier.signatures, policy::load_signatures);
  note(settings->classifier.safe_search, policy::load_safe_search);
  if (!wrong.empty()) return context.fail(wrong);
  print(fmt::format("{}: no mistakes ({} pairs, {} workers)\n", context.config, settings->pairs.size(),
                    settings->workers));
}

}  // namespace

void add_config(CLI::App& app, Context& context) {
  CLI::App* config = app.add_subcommand("config", "the settings of this appliance");
  config->fallthrough();
  config->require_subcommand(1);
  add_command(
      *config, "check",
      "prints every mistake of the settings (--config), the catalogue, the signatures and the safe names",
      context, check);
  add_config_show(*config, context);
}

}  // namespace weir::ctl
