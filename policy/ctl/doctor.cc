// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/doctor.h"

#include <memory>

#include "policy/ctl/host_checks.h"

namespace weir::ctl {
namespace {

void examine(Context& context, const std::string& root) {
  const auto settings = context.settings();
  if (!settings) return;
  Json rows = Json::array();
  for (const HostCheck& check : check_host(*settings, root)) {
    rows.push_back({{"about", check.about},
                    {"state", to_string(check.state)},
                    {"what", check.what},
                    {"do", check.advice}});
    if (check.state == HostState::kWrong) context.exit_code = kNegative;
  }
  print(render(context.format_or(Format::kTable), rows, {"about", "state", "what", "do"}));
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
  const auto root = std::make_shared<std::string>("/");
  CLI::App* const doctor = add_command(
      app, "doctor", "what is wrong with this host for these settings, and what to do; 1 when something is",
      context, [root](Context& asked) { examine(asked, *root); });
  doctor->add_option("--root", *root, "tests: a folder that stands for /")->group("");
}

}  // namespace weir::ctl
