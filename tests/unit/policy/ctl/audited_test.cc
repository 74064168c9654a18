// SPDX-License-Identifier: Apache-2.0
// The lists of audited.cc and the commands that there are say the same.
#include "policy/ctl/audited.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "policy/ctl/commands.h"

namespace weir::ctl {
namespace {

using ::testing::IsEmpty;

constexpr Audited kLists[] = {Audited::kLooks, Audited::kWhenDone, Audited::kItself};

/// Those with work of their own.
void add_paths(const CLI::App& command, std::set<std::string>& paths) {
  const auto below = command.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* one : below) add_paths(*one, paths);
  if (below.empty()) paths.insert(path_of(command));
}

std::set<std::string> all_commands() {
  Context context;
  CLI::App app{"", "weirctl"};
  add_commands(app, context);
  std::set<std::string> paths;
  add_paths(app, paths);
  return paths;
}

TEST(Audited, WhatIsOnAListIsACommand) {
  const std::set<std::string> commands = all_commands();
  std::set<std::string> gone;
  for (const Audited how : kLists) {
    for (const std::string_view path : commands_said(how)) {
      if (!commands.contains(std::string{path})) gone.emplace(path);
      EXPECT_EQ(audited(path), how) << path << " is on two lists";
    }
  }
  EXPECT_THAT(gone, IsEmpty());
}

/// A new command is written here, or on a list of audited.cc: somebody decides it.
TEST(Audited, EveryOtherCommandIsInTheLog) {
  const std::set<std::string> logged{"bypass off",
                                     "bypass on",
                                     "capture start",
                                     "capture stop",
                                     "category import",
                                     "category rollback",
                                     "console code",
                                     "console remove",
                                     "exception add",
                                     "exception remove",
                                     "notify test",
                                     "policy apply",
                                     "policy confirm",
                                     "policy rollback",
                                     "policy unschedule",
                                     "quota forgive",
                                     "report daily",
                                     "report monthly",
                                     "report weekly",
                                     "store backup",
                                     "store restore",
                                     "violation assign",
                                     "violation close",
                                     "violation confirm",
                                     "violation false-positive",
                                     "violation justify",
                                     "violation note",
                                     "violation review",
                                     "violation suppress",
                                     "violation unsuppress"};
  std::set<std::string> always;
  for (const std::string& path : all_commands()) {
    if (audited(path) == Audited::kAlways) always.insert(path);
  }
  EXPECT_EQ(always, logged);
}

}  // namespace
}  // namespace weir::ctl
