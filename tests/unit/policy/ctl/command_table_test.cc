// SPDX-License-Identifier: Apache-2.0
// What is said of commands, of which completion and the manual are made.
#include "policy/ctl/command_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::ctl {
namespace {

TEST(CommandTable, SaysCommandsOptionsAndArguments) {
  CLI::App front{"the front one", "front"};
  std::string text;
  std::vector<std::string> many;
  bool flag = false;
  front.add_option("-o,--output", text, "how")->check(CLI::IsMember({"table", "json"}));
  CLI::App* const one = front.add_subcommand("one", "does it\nat length");
  one->add_flag("--quick", flag, "at once");
  one->add_option("FILE", text, "which")->check(CLI::ExistingFile)->required();
  one->add_option("NAME", many, "whom");
  one->add_option("--simulate", text, "of tests")->group("");
  front.add_subcommand("hidden", "of nobody")->group("");

  const Json rows = command_rows(front);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["command"], "front");
  EXPECT_EQ(rows[0]["commands"], Json::array({"one"}));
  const Json& output = rows[0]["options"][1];  // after --help
  EXPECT_EQ(output["names"], Json::array({"-o", "--output"}));
  EXPECT_EQ(output["words"], Json::array({"table", "json"}));
  EXPECT_EQ(output["type"], "TEXT");

  EXPECT_EQ(rows[1]["command"], "front one");
  EXPECT_EQ(rows[1]["what"], "does it");
  EXPECT_EQ(rows[1]["about"], "does it\nat length");
  ASSERT_EQ(rows[1]["options"].size(), 2U);
  EXPECT_EQ(rows[1]["options"][1]["names"], Json::array({"--quick"}));
  EXPECT_EQ(rows[1]["options"][1]["type"], "");
  ASSERT_EQ(rows[1]["arguments"].size(), 2U);
  EXPECT_EQ(rows[1]["arguments"][0]["name"], "FILE");
  EXPECT_EQ(rows[1]["arguments"][0]["file"], true);
  EXPECT_EQ(rows[1]["arguments"][0]["needed"], true);
  EXPECT_EQ(rows[1]["arguments"][1]["many"], true);
}

}  // namespace
}  // namespace weir::ctl
