// SPDX-License-Identifier: Apache-2.0
// weir.yaml and conf.d: what wins, where a value came from, and where a mistake is.
#include "policy/model/settings_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SettingsFilesTest : public ::testing::Test {
 protected:
  SettingsFilesTest() { std::filesystem::create_directory(home_.file("conf.d")); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(home_.file(name)) << text;
  }
  [[nodiscard]] std::string main() const { return home_.file("weir.yaml"); }
  [[nodiscard]] std::vector<std::string> mistakes() const {
    std::vector<std::string> words;
    const auto settings = load_settings(main());
    if (!settings) {
      for (const Error& error : settings.error())
        words.push_back(to_text(error).substr(home_.path().size() + 1));
    }
    return words;
  }
  [[nodiscard]] ShownSetting shown(const std::string& key) const {
    const auto files = SettingsFiles::read(main());
    if (!files) return {};
    const auto all = shown_settings(*files);
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.key == key; });
    return at == all.end() ? ShownSetting{} : *at;
  }

  test::TemporaryDirectory home_;
};

TEST_F(SettingsFilesTest, TheLastFileByNameWinsKeyByKey) {
  write("weir.yaml", "weir: 1\nappliance: one\nmemory: {flows: 2048, packets: 32768}\n");
  write("conf.d/20-b.yaml", "memory:\n  flows: 8192\n");
  write("conf.d/10-a.yaml", "memory: {flows: 4096, megabytes: 512}\nappliance: two\n");
  const auto settings = load_settings(main());
  ASSERT_TRUE(settings) << to_text(settings.error().front());
  EXPECT_EQ(settings->memory.flows, 8'192U);
  EXPECT_EQ(settings->memory.packets, 32'768U);
  EXPECT_EQ(settings->memory.megabytes, 512U);
  EXPECT_EQ(settings->appliance, "two");
}

TEST_F(SettingsFilesTest, AListIsReplacedWhole) {
  write("weir.yaml",
        "weir: 1\npairs:\n  - {name: a, inside: x0, outside: x1}\n  - {name: b, inside: x2, outside: x3}\n");
  write("conf.d/ports.yaml", "pairs:\n  - {name: c, inside: y0, outside: y1}\n");
  const auto settings = load_settings(main());
  ASSERT_TRUE(settings);
  ASSERT_EQ(settings->pairs.size(), 1U);
  EXPECT_EQ(settings->pairs.front().name, "c");
  EXPECT_EQ(shown("pairs[0].outside").value, "y1");
}

TEST_F(SettingsFilesTest, EachValueSaysWhereItComesFrom) {
  write("weir.yaml",
        "weir: 1\n\nmemory:\n  flows: 2048\n  packets: 32768\npairs:\n  - name: a\n    inside: x0\n"
        "    outside: x1\n    exceptions: {classifier-gone: pass}\n");
  write("conf.d/10.yaml", "# more\n\nmemory: {flows: 4096}\n");
  EXPECT_EQ(shown("memory.flows").origin, home_.file("conf.d/10.yaml:3"));
  EXPECT_EQ(shown("memory.flows").value, "4096");
  EXPECT_EQ(shown("memory.packets").origin, home_.file("weir.yaml:5"));
  EXPECT_EQ(shown("memory.parked").origin, "default");
  EXPECT_EQ(shown("memory.parked").value, "4096");
  EXPECT_EQ(shown("pairs[0].exceptions.classifier-gone").origin, home_.file("weir.yaml:10"));
}

TEST_F(SettingsFilesTest, MistakesAreInTheFileThatHasThem) {
  write("weir.yaml", "weir: 1\nworkers: 0\n");
  write("conf.d/10.yaml", "\nmemory:\n  flows: 1\n");
  write("conf.d/20.yaml", "memroy: {}\n");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("weir.yaml:2:10: error: workers is \"0\""),
                                      HasSubstr("conf.d/10.yaml:3:10: error: flows is \"1\""),
                                      HasSubstr("conf.d/20.yaml:1:1: error: unknown key memroy")));
}

TEST_F(SettingsFilesTest, WhatIsNoYamlIsSaidOfEachFile) {
  write("weir.yaml", "weir: 1\n");
  write("conf.d/10.yaml", "a: [\n");
  write("conf.d/20.yaml", "- a list\n");
  write("conf.d/30.yaml", "");
  EXPECT_THAT(mistakes(),
              ElementsAre(HasSubstr("conf.d/10.yaml:"),
                          HasSubstr("conf.d/20.yaml:1:1: error: the settings must be a map, not a list")));
}

TEST_F(SettingsFilesTest, OtherFilesAreNoneOfIts) {
  write("weir.yaml", "weir: 1\nappliance: one\n");
  write("conf.d/10.yaml.dpkg-new", "appliance: [\n");
  write("conf.d/.hidden.yaml", "appliance: [\n");
  write("conf.d/README", "words");
  EXPECT_THAT(mistakes(), ElementsAre());
}

TEST_F(SettingsFilesTest, TheirNumberIsLimited) {
  write("weir.yaml", "weir: 1\n");
  for (std::size_t i = 0; i < kSettingsPartsMax; ++i)
    write("conf.d/" + std::to_string(i) + ".yaml", "workers: 1\n");
  EXPECT_THAT(mistakes(), ElementsAre());
  write("conf.d/one-more.yaml", "workers: 1\n");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("conf.d: error: 65 files, more than 64")));
}

TEST_F(SettingsFilesTest, WithoutTheFileItselfThereIsNothing) {
  write("conf.d/10.yaml", "weir: 1\n");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("weir.yaml: error: cannot be opened")));
}

}  // namespace
}  // namespace weir
