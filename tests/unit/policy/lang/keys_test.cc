// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "policy/lang/detectors.h"

namespace weir::policy {
namespace {

using testing::ElementsAre;

std::vector<KeyMap> maps() {
  std::vector<KeyMap> all;
  for (std::size_t i = 0; i < static_cast<std::size_t>(KeyMap::kCount); ++i)
    all.push_back(static_cast<KeyMap>(i));
  return all;
}

TEST(Keys, EachMapStandsTogetherAndSaysAKeyOnce) {
  std::size_t rows = 0;
  for (const KeyMap map : maps()) {
    std::set<std::string_view> keys;
    for (const KeyRow& row : keys_of(map)) {
      ++rows;
      if (row.type == KeyType::kLater) {
        EXPECT_FALSE(row.words.empty());
        continue;
      }
      EXPECT_TRUE(keys.insert(row.key).second) << to_string(map) << "." << row.key;
      EXPECT_FALSE(is_later_key(map, row.key)) << to_string(map) << "." << row.key;
      EXPECT_FALSE(row.meaning.empty()) << to_string(map) << "." << row.key;
      EXPECT_EQ(find_key(map, row.key), &row);
    }
  }
  EXPECT_EQ(rows, key_rows().size()) << "rows of one map do not stand together";
}

TEST(Keys, WordsStandForTheValuesOfAnEnumeration) {
  EXPECT_THAT(words_of(KeyMap::kRule, "severity"), ElementsAre("info", "low", "medium", "high", "critical"));
  EXPECT_THAT(words_of(KeyMap::kRule, "no-such-key"), ElementsAre());
  EXPECT_EQ(or_text({"a", "b", "c"}), "a, b or c");
  EXPECT_EQ(or_text({"a"}), "a");
  EXPECT_EQ(find_key(KeyMap::kRule, "redirect"), nullptr);
  EXPECT_TRUE(is_later_key(KeyMap::kRule, "redirect"));
}

/// WEIR_UPDATE_DOCS=1 writes the tables into the page instead of comparing.
TEST(Keys, TheTablesOfThePageAreTheRows) {
  const std::string path = WEIR_SOURCE_DIR "/docs/policy.md";
  std::ifstream in(path);
  std::string page{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  in.close();
  const auto check = [&](const std::string& begin, const std::string& end, const std::string& table) {
    std::size_t first = page.find(begin);
    ASSERT_NE(first, std::string::npos) << begin;
    first += begin.size();
    const std::size_t last = page.find(end, first);
    ASSERT_NE(last, std::string::npos) << begin;
    if (std::getenv("WEIR_UPDATE_DOCS") != nullptr) {
      page.replace(first, last - first, "\n" + table + "\n");
      return;
    }
    EXPECT_EQ(page.substr(first, last - first), "\n" + table + "\n")
        << "run this test with WEIR_UPDATE_DOCS=1 to write the page";
  };
  for (const KeyMap map : maps()) {
    // The keys of `detect` are the detectors, which have a table of their own.
    if (keys_of(map).empty() || map == KeyMap::kNot || map == KeyMap::kMatch || map == KeyMap::kDetect)
      continue;
    check("<!-- keys: " + std::string(to_string(map)) + " -->\n", "<!-- end of the keys -->\n",
          key_table(map));
  }
  check("<!-- detectors -->\n", "<!-- end of the detectors -->\n", detector_table());
  if (std::getenv("WEIR_UPDATE_DOCS") != nullptr) std::ofstream(path) << page;
}

TEST(Keys, TheKeysOfDetectAreTheDetectors) {
  std::vector<std::string_view> names;
  for (const DetectorRow& row : detector_rows()) names.push_back(row.name);
  std::vector<std::string_view> keys;
  for (const KeyRow& row : keys_of(KeyMap::kDetect)) keys.push_back(row.key);
  EXPECT_EQ(keys, names);
}

}  // namespace
}  // namespace weir::policy
