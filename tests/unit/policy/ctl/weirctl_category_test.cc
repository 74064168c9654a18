// SPDX-License-Identifier: Apache-2.0
// weirctl category, as an operator runs it, without any daemon.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::test {
namespace {

namespace fs = std::filesystem;

constexpr int kNegative = 1;
constexpr int kInvalid = 3;
constexpr int kUnreachable = 4;  // no classifier runs here
constexpr const char* kPolicy =
    "weir-policy: 1\n"
    "web: [{rule: no-bets, match: {category: gambling}, then: block}]\n"
    "tests: [{test: t, flow: {client: 10.0.0.1, host: www.bet.example}, expect: block, rule: no-bets}]\n";

TEST(WeirctlCategory, ImportListLookupDiffRollback) {
  const Weirctl weirctl;
  weirctl.write("gambling.txt", "bet.example\n*.casino.example\n");
  weirctl.write("ads.txt", "ad.example\nbet.example\n");
  const Ran first =
      weirctl({"-o", "json", "category", "import", "--licence", "CC0", weirctl.file("gambling.txt")});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.json()[0]["domains"], 2);
  EXPECT_EQ(weirctl({"category", "diff"}).code, kNegative) << "there is none before";
  ASSERT_EQ(weirctl({"category", "import", weirctl.file("gambling.txt"), weirctl.file("ads.txt")}).code, 0);

  const auto looked =
      weirctl({"-o", "json", "category", "lookup", "WWW.Bet.Example", "x.casino.example"}).json();
  ASSERT_EQ(looked.size(), 3U) << looked.dump();
  EXPECT_EQ(looked[0]["category"], "gambling");
  EXPECT_EQ(looked[0]["entry"], "bet.example");
  EXPECT_EQ(looked[0]["source"], weirctl.file("gambling.txt"));
  EXPECT_EQ(looked[1]["category"], "ads");
  EXPECT_EQ(looked[2]["entry"], "*.casino.example");
  EXPECT_EQ(weirctl({"category", "lookup", "casino.example"}).code, kNegative);
  EXPECT_EQ(weirctl({"category", "lookup", "not a name"}).code, kInvalid);

  const auto changed = weirctl({"-o", "json", "category", "diff"}).json();
  ASSERT_EQ(changed.size(), 2U) << changed.dump();
  EXPECT_EQ(changed[0]["category"], "ads");
  EXPECT_EQ(changed[0]["added"], 2);
  EXPECT_EQ(changed[1]["removed"], 0);
  EXPECT_EQ(weirctl({"-o", "json", "category", "diff", "--names"}).json().size(), 2U);

  ASSERT_EQ(weirctl({"category", "rollback"}).code, 0);
  const auto lists = weirctl({"-o", "json", "category", "list"}).json();
  ASSERT_EQ(lists.size(), 1U) << lists.dump();
  EXPECT_EQ(lists[0]["licence"], "CC0");
  ASSERT_EQ(weirctl({"category", "rollback"}).code, 0) << "and forth again";
  EXPECT_EQ(weirctl({"-o", "json", "category", "list"}).json().size(), 2U);
}

TEST(WeirctlCategory, AnImportThatWouldGrowOrShrinkTooMuchIsRefused) {
  const Weirctl weirctl;
  weirctl.write("a.txt", "a.example\nb.example\nc.example\n");
  weirctl.write("b.txt", "a.example\n");
  ASSERT_EQ(weirctl({"category", "import", weirctl.file("a.txt")}).code, 0);
  const Ran small = weirctl({"category", "import", weirctl.file("b.txt")});
  EXPECT_EQ(small.code, kNegative);
  EXPECT_NE(small.err.find("1 domains instead of 3"), std::string::npos) << small.err;
  ASSERT_EQ(weirctl({"category", "import", "--force", weirctl.file("b.txt")}).code, 0);
  EXPECT_EQ(weirctl({"category", "import", weirctl.file("a.txt")}).code, kNegative);
}

TEST(WeirctlCategory, WhatThePolicyRefusesIsTakenBack) {
  const Weirctl weirctl;
  weirctl.write("gambling.txt", "bet.example\nb.example\n");
  weirctl.write("other/gambling.txt", "else.example\nb.example\n");
  weirctl.write("ads.txt", "ad.example\nb.example\n");
  weirctl.write("p.yaml", kPolicy);
  EXPECT_EQ(weirctl({"policy", "apply", weirctl.file("p.yaml")}).code, kInvalid) << "no such category yet";
  ASSERT_EQ(weirctl({"category", "import", weirctl.file("gambling.txt")}).code, 0);
  ASSERT_EQ(weirctl({"policy", "apply", weirctl.file("p.yaml")}).code, kUnreachable);
  const std::string good = read_whole(weirctl.file("policy/categories.wcat"));
  fs::create_directories(weirctl.file("other"));
  weirctl.write("other/gambling.txt", "else.example\nb.example\n");
  for (const char* const source : {"ads.txt", "other/gambling.txt"}) {
    const Ran refused = weirctl({"category", "import", weirctl.file(source)});
    EXPECT_EQ(refused.code, kInvalid) << source << refused.err;
    EXPECT_NE(refused.err.find("the categories of before stay"), std::string::npos) << refused.err;
    EXPECT_EQ(read_whole(weirctl.file("policy/categories.wcat")), good);
  }
  // The same categories again are a new revision of the same policy.
  EXPECT_EQ(weirctl({"category", "import", weirctl.file("gambling.txt")}).code, kUnreachable);
  EXPECT_EQ(read_whole(weirctl.file("policy/current.revision")), "2\n");
}

TEST(WeirctlCategory, ADamagedFileIsSaidAndReplaced) {
  const Weirctl weirctl;
  weirctl.write("gambling.txt", "bet.example\n");
  weirctl.write("p.yaml", kPolicy);
  weirctl.write("policy/categories.wcat", std::string(500, 'x'));
  const Ran listed = weirctl({"category", "list"});
  EXPECT_EQ(listed.code, kNegative);
  EXPECT_NE(listed.err.find("is not a category file"), std::string::npos) << listed.err;
  const Ran applied = weirctl({"policy", "apply", weirctl.file("p.yaml")});
  EXPECT_EQ(applied.code, kInvalid);
  EXPECT_NE(applied.err.find("is not a category file"), std::string::npos) << applied.err;
  EXPECT_EQ(applied.err.find("no category is called"), std::string::npos) << applied.err;
  ASSERT_EQ(weirctl({"category", "import", weirctl.file("gambling.txt")}).code, 0);
  EXPECT_EQ(weirctl({"policy", "apply", weirctl.file("p.yaml")}).code, kUnreachable);
  EXPECT_FALSE(fs::exists(weirctl.file("policy/categories.wcat.previous"))) << "what is damaged is not kept";
}

}  // namespace
}  // namespace weir::test
