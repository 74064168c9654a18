// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/commands.h"

#include "policy/ctl/command_table.h"
#include "policy/ctl/doctor.h"

namespace weir::ctl {

void add_commands(CLI::App& app, Context& context) {
  add_status(app, context);
  add_bypass(app, context);
  add_metrics(app, context);
  add_policy(app, context);
  add_category(app, context);
  add_directory(app, context);
  add_flow(app, context);
  add_violation(app, context);
  add_notify(app, context);
  add_report(app, context);
  add_evidence(app, context);
  add_audit(app, context);
  add_reveal(app, context);
  add_person(app, context);
  add_quota(app, context);
  add_usage(app, context);
  add_software(app, context);
  add_exception(app, context);
  add_explain(app, context);
  add_export(app, context);
  add_console(app, context);
  add_config(app, context);
  add_doctor(app, context);
  add_capture(app, context);
  add_classify(app, context);
  add_top(app, context);
  add_store(app, context);
  add_command_table(app, context);
}

}  // namespace weir::ctl
