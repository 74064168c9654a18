// SPDX-License-Identifier: Apache-2.0
// weirctl config show and doctor, as an operator runs them.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::test {
namespace {

constexpr int kNegative = 1;
constexpr int kInvalid = 3;

nlohmann::json row_of(const Ran& ran, const std::string& column, const std::string& value) {
  for (const auto& row : ran.json()) {
    if (row[column] == value) return row;
  }
  return {};
}

class WeirctlConfig : public ::testing::Test {
 protected:
  WeirctlConfig() { std::filesystem::create_directories(weirctl_.file("conf.d")); }
  Weirctl weirctl_;
};

TEST_F(WeirctlConfig, ShowSaysWhatIsSetAndWithOriginWhere) {
  weirctl_.write("conf.d/10-site.yaml", "# of this site\nmemory: {flows: 2048}\n");
  const Ran whole = weirctl_({"-o", "json", "config", "show", "--origin"});
  ASSERT_EQ(whole.code, 0) << whole.err;
  EXPECT_EQ(row_of(whole, "key", "memory.flows")["value"], "2048");
  EXPECT_EQ(row_of(whole, "key", "memory.flows")["origin"], weirctl_.file("conf.d/10-site.yaml:2"));
  EXPECT_EQ(row_of(whole, "key", "appliance")["origin"], weirctl_.config() + ":2");
  EXPECT_EQ(row_of(whole, "key", "workers")["origin"], "default");

  const Ran part = weirctl_({"-o", "json", "config", "show", "memory"});
  EXPECT_FALSE(row_of(part, "key", "memory.flows").contains("origin"));
  EXPECT_TRUE(row_of(part, "key", "appliance").is_null());
  EXPECT_EQ(weirctl_({"config", "show", "memroy"}).code, kNegative);
}

TEST_F(WeirctlConfig, WithAMistakeInConfDNothingIsShown) {
  weirctl_.write("conf.d/10-site.yaml", "memory: {flows: 1}\n");
  const Ran ran = weirctl_({"config", "show"});
  EXPECT_EQ(ran.code, kInvalid);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("conf.d/10-site.yaml:1:17: error: flows is \"1\""), std::string::npos) << ran.err;
}

TEST_F(WeirctlConfig, DoctorEndsWithOneAsLongAsSomethingIsWrong) {
  weirctl_.write("conf.d/10-site.yaml", "memory: {hugepages: off}\n");
  const std::string root = weirctl_.file("host");
  const Ran sick = weirctl_({"-o", "json", "doctor", "--root", root});
  EXPECT_EQ(sick.code, kNegative) << sick.err;
  EXPECT_EQ(row_of(sick, "about", "clock")["state"], "wrong");
  EXPECT_NE(row_of(sick, "about", "clock")["do"], "");

  std::filesystem::create_directories(root + "/run/systemd/timesync");
  weirctl_.write("host/run/systemd/timesync/synchronized", "");
  const Ran well = weirctl_({"-o", "json", "doctor", "--root", root});
  EXPECT_EQ(well.code, 0) << well.out;
  EXPECT_EQ(row_of(well, "about", "clock")["state"], "ok");
}

}  // namespace
}  // namespace weir::test
