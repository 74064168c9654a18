// SPDX-License-Identifier: Apache-2.0
// weirctl console: the one-time code with which the console's first account is made, and the way out when
// nobody can log in.
#include <fmt/format.h>

#include "policy/audit/first_code.h"
#include "policy/ctl/context.h"
#include "policy/model/wall_clock.h"
#include "policy/store/account_store.h"

namespace weir::ctl {
namespace {

void make_code(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store_to_change(*settings);
  if (!store) return context.fail(store.error());
  const auto code =
      policy::make_first_code(*store, settings->console.code_minutes * 60 * kSecond, wall_clock());
  if (!code) return context.fail(may_not_write(code.error()));
  if (context.format_or(Format::kTable) == Format::kJson)
    return print(Json{{"code", *code}, {"minutes", settings->console.code_minutes}}.dump() + "\n");
  print(fmt::format("{}\ngood for {} minutes, once: for the first account of the console at https://{}/\n",
                    *code, settings->console.code_minutes, settings->console.listen));
}

void remove_console_account(Context& context, const std::string& name) {
  const auto settings = context.settings();
  if (!settings) return;
  if (!change_store(context, *settings,
                    [&](policy::Batch& batch) { return policy::remove_account(batch, name); }))
    return;
  print(fmt::format("{} has no account and no session any more\n", name));
}

}  // namespace

void add_console(CLI::App& app, Context& context) {
  CLI::App* console = app.add_subcommand("console", "accounts of the console");
  console->fallthrough();
  console->require_subcommand(1);
  add_command(*console, "code",
              "makes a one-time code for the first account of the console; an earlier code is void", context,
              make_code);
  auto name = std::make_shared<std::string>();
  CLI::App* const remove = add_command(
      *console, "remove",
      "removes an account with its sessions: when an admin lost the TOTP program, say. Without any account "
      "`console code` makes a first one again",
      context, [name](Context& used) { remove_console_account(used, *name); });
  remove->add_option("NAME", *name, "the account")->required();
}

}  // namespace weir::ctl
