// SPDX-License-Identifier: Apache-2.0
// weirctl store backup | restore | check: all that the engine remembers, in one file and back.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/model/wall_clock.h"
#include "policy/store/backup.h"

namespace weir::ctl {
namespace {

void print_facts(Context& context, const policy::BackupFacts& facts) {
  Json rows = Json::array();
  for (const auto& [table, count] : facts.rows) rows.push_back({{"table", table}, {"rows", count}});
  print(render(context.format_or(Format::kTable), rows, {"table", "rows"}));
}

void back_up_store(Context& context, const std::string& file) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const auto facts = policy::back_up(*store, file, wall_clock());
  if (!facts) return context.fail(facts.error());
  print_facts(context, *facts);
}

void restore_store(Context& context, const std::string& file, bool sure) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto facts = policy::read_backup(file);
  if (!facts) return context.fail(facts.error());
  if (!sure) {
    print_facts(context, *facts);
    std::fprintf(stderr, "of %s; with --yes this takes the place of all that the store holds\n",
                 time_text(facts->made).c_str());
    context.exit_code = kNegative;
    return;
  }
  auto store = policy::Store::open(settings->engine, policy::StoreAccess::kWrite);
  if (!store) return context.fail(may_not_write(store.error()));
  const auto restored = policy::restore(*store, file, wall_clock());
  if (!restored) return context.fail(may_not_write(restored.error()));
  print_facts(context, *restored);
}

void check_whole_store(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const auto faults = policy::check_store(*store);
  if (!faults) return context.fail(faults.error());
  if (faults->empty()) return print("the store is whole\n");
  for (const std::string& fault : *faults) context.say(fault);
  context.exit_code = kNegative;
}

}  // namespace

void add_store(CLI::App& app, Context& context) {
  CLI::App* store = app.add_subcommand("store", "a copy of all that the engine remembers");
  store->description(
      "A copy of all that the engine remembers, while it goes on, and back.\n\n"
      "  weirctl store backup /var/backups/weir-monday\n"
      "  weirctl store restore /var/backups/weir-monday          # says what is in it\n"
      "  weirctl store restore --yes /var/backups/weir-monday\n"
      "  weirctl store check");
  store->fallthrough();
  store->require_subcommand(1);
  auto copy = std::make_shared<std::string>();
  CLI::App* backing = add_command(*store, "backup", "writes it into a file, as it is at one moment", context,
                                  [copy](Context& used) { back_up_store(used, *copy); });
  backing->add_option("FILE", *copy, "is written anew; readable by you alone")->required();
  auto from = std::make_shared<std::string>();
  auto sure = std::make_shared<bool>(false);
  CLI::App* restoring =
      add_command(*store, "restore", "puts a backup in the place of all that it holds", context,
                  [from, sure](Context& used) { restore_store(used, *from, *sure); });
  restoring->add_option("FILE", *from)->required();
  restoring->add_flag("--yes", *sure, "do it");
  add_command(*store, "check", "whether it is whole", context, check_whole_store);
}

}  // namespace weir::ctl
