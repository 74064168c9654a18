// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/config_show.h"

#include <memory>

#include "policy/model/settings_files.h"

namespace weir::ctl {
namespace {

struct SettingsShown {
  bool origin = false;
  std::string below;  // a section, or a key
};

bool is_below(const std::string& key, const std::string& section) {
  return section.empty() || key == section ||
         (key.starts_with(section) && (key[section.size()] == '.' || key[section.size()] == '['));
}

void show_all_settings(Context& context, const SettingsShown& options) {
  // With a mistake in them, nothing is in force that could be shown.
  if (!context.settings()) return;
  const auto files = SettingsFiles::read(context.config);
  if (!files) return context.fail(files.error());
  Json rows = Json::array();
  for (const ShownSetting& one : shown_settings(*files)) {
    if (!is_below(one.key, options.below)) continue;
    Json row = {{"key", one.key}, {"value", one.value}};
    if (options.origin) row["origin"] = one.origin;
    rows.push_back(std::move(row));
  }
  if (rows.empty()) {
    return context.fail(Error{ErrorCode::kNotFound,
                              options.below + " is no key of the settings",
                              "write a section such as memory, or a key such as memory.flows",
                              {}});
  }
  std::vector<std::string> columns{"key", "value"};
  if (options.origin) columns.emplace_back("origin");
  print(render(context.format_or(Format::kTable), rows, columns));
}

}  // namespace

void add_config_show(CLI::App& config, Context& context) {
  const auto options = std::make_shared<SettingsShown>();
  CLI::App* const show =
      add_command(config, "show", "what each key of the settings is set to, of weir.yaml and conf.d together",
                  context, [options](Context& shown) { show_all_settings(shown, *options); });
  show->add_flag("--origin", options->origin, "also the file and line that says so");
  show->add_option("KEY", options->below, "of this section or key alone: memory, memory.flows");
}

}  // namespace weir::ctl
