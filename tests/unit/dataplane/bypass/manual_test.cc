// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/manual.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "policy/model/settings_table.h"
#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

constexpr TimeNs kSince = 1'700'000'000 * kSecond;

ManualBypass a_bypass() {
  return {.pair = "lan-wan",
          .since = kSince,
          .until = kSince + 900 * kSecond,
          .who = {1'000, "ana"},
          .reason = "Rückruf \"vendor\""};
}

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
void write_all(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

class ManualTest : public testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  std::string path_ = directory_.file("bypass.state");
};

TEST_F(ManualTest, WhatIsWrittenIsRead) {
  ASSERT_TRUE(write_manual(path_, {a_bypass()}));
  const auto read = read_manual(path_);
  ASSERT_TRUE(read) << to_text(read.error());
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->front().pair, "lan-wan");
  EXPECT_EQ(read->front().until, a_bypass().until);
  EXPECT_EQ(read->front().who.user, "ana");
  EXPECT_EQ(read->front().reason, a_bypass().reason);
}

TEST_F(ManualTest, NoFileIsNoBypassAndTheLastOneTakesTheFileAway) {
  EXPECT_TRUE(read_manual(path_)->empty());
  ASSERT_TRUE(write_manual(path_, {a_bypass()}));
  ASSERT_TRUE(write_manual(path_, {}));
  struct stat status {};
  EXPECT_NE(::stat(path_.c_str(), &status), 0);
  EXPECT_TRUE(write_manual(path_, {})) << "it is gone already";
}

TEST_F(ManualTest, EveryDamagedByteIsSeen) {
  ASSERT_TRUE(write_manual(path_, {a_bypass()}));
  const std::string whole = read_all(path_);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    write_all(path_, damaged);
    const auto read = read_manual(path_);
    ASSERT_FALSE(read) << "byte " << i;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    write_all(path_, whole.substr(0, i));
    EXPECT_FALSE(read_manual(path_)) << "cut at " << i;
  }
}

TEST_F(ManualTest, WhatNobodyMayAskForIsRefusedThoughItsSumIsRight) {
  ManualBypass one = a_bypass();
  one.until = one.since + kBypassLongest + 1;
  ASSERT_TRUE(write_manual(path_, {one}));
  EXPECT_FALSE(read_manual(path_));
  one = a_bypass();
  one.reason = "";
  ASSERT_TRUE(write_manual(path_, {one}));
  EXPECT_FALSE(read_manual(path_));
  ASSERT_TRUE(write_manual(path_, std::vector<ManualBypass>(kPairsMax + 1, a_bypass())));
  EXPECT_FALSE(read_manual(path_));
  write_all(path_, std::string(kManualFileBytesMax + 1, 'x'));
  EXPECT_FALSE(read_manual(path_));
}

TEST_F(ManualTest, TheLogIsAppendedToOneLineEach) {
  const std::string log = directory_.file("bypass.log");
  ASSERT_TRUE(
      append_audit(log, {.event = "on", .bypass = a_bypass(), .ended = 0, .why = {}, .by = "weirctl"}));
  ASSERT_TRUE(append_audit(log, {.event = "off",
                                 .bypass = a_bypass(),
                                 .ended = kSince + 61 * kSecond,
                                 .why = "by hand",
                                 .by = "weir-dataplane"}));
  std::ifstream in(log);
  std::string line;
  ASSERT_TRUE(std::getline(in, line));
  auto entry = nlohmann::json::parse(line);
  EXPECT_EQ(entry["event"], "on");
  EXPECT_EQ(entry["user"], "ana");
  EXPECT_EQ(entry["uid"], 1'000);
  EXPECT_FALSE(entry.contains("seconds"));
  ASSERT_TRUE(std::getline(in, line));
  entry = nlohmann::json::parse(line);
  EXPECT_EQ(entry["seconds"], 61);
  EXPECT_EQ(entry["why"], "by hand");
  EXPECT_FALSE(std::getline(in, line));
}

TEST(Reason, IsShortAndPrintable) {
  EXPECT_TRUE(check_reason("vendor asks"));
  EXPECT_TRUE(check_reason(std::string(kReasonBytesMax, 'x')));
  EXPECT_FALSE(check_reason(std::string(kReasonBytesMax + 1, 'x')));
  EXPECT_FALSE(check_reason(""));
  EXPECT_FALSE(check_reason("   "));
  EXPECT_FALSE(check_reason("two\nlines"));
}

}  // namespace
}  // namespace weir::dataplane
