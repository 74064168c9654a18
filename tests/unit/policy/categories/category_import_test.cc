// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/category_import.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "policy/categories/category_file.h"
#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

namespace fs = std::filesystem;

class CategoryImport : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(home_.file(name)).parent_path());
    std::ofstream(home_.file(name), std::ios::binary) << text;
  }
  [[nodiscard]] static std::string where(const CategoryFile& file, std::string_view name) {
    std::string found;
    file.lookup(name, [&](const CategoryHit& hit) {
      if (hit.set == CategoryFile::kAllowed) found += "allowed ";
      for (const CategoryMember member : file.members(hit.set))
        found += file.lists()[member.list].category + " ";
    });
    return found;
  }
  test::TemporaryDirectory home_;
};

TEST_F(CategoryImport, ATreeAndFilesWithTheirCategories) {
  write("ut1/gambling/domains", "bet.example\nshared.example\n");
  write("ut1/gambling/urls", "page.example/x\nhost.example/\n");
  write("ut1/gambling/usage", "black\n");
  write("ut1/ads/domains", "shared.example\nok.example\n");
  fs::create_directory_symlink("ads", home_.file("ut1/publicite"));
  write("malware.hosts", "0.0.0.0 evil.example\n");
  write("other", "news.example\n");
  write("allowed", "ok.example\n");
  const auto made = import_categories(
      {.sources = {{.path = home_.file("ut1"), .licence = "CC-BY-SA"},
                   {.path = home_.file("malware.hosts"), .origin = "https://lists.example/malware"},
                   {.path = home_.file("other"), .category = "news", .format = SourceFormat::kPlain}},
       .allow_file = home_.file("allowed")},
      9);
  ASSERT_TRUE(made.has_value()) << to_text(made.error().front());
  EXPECT_EQ(made->overridden, 1U);
  ASSERT_EQ(made->lists.size(), 5U);
  EXPECT_EQ(made->lists[1].list.category, "gambling");
  EXPECT_EQ(made->lists[1].list.domains, 2U);
  EXPECT_EQ(made->lists[2].count.with_path, 1U);
  const auto file = CategoryFile::from_bytes(made->bytes, "made");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(where(*file, "www.bet.example"), "gambling ");
  EXPECT_EQ(where(*file, "shared.example"), "ads gambling ");
  EXPECT_EQ(where(*file, "host.example"), "gambling ");
  EXPECT_EQ(where(*file, "page.example"), "");
  EXPECT_EQ(where(*file, "evil.example"), "malware ");
  EXPECT_EQ(where(*file, "news.example"), "news ");
  EXPECT_EQ(where(*file, "www.ok.example"), "allowed ");
  EXPECT_EQ(file->lists()[0].licence, "CC-BY-SA");
  EXPECT_EQ(file->lists()[3].source, "https://lists.example/malware");
  EXPECT_EQ(file->lists()[3].licence, "");
  EXPECT_EQ(file->lists()[4].source, home_.file("other"));
  EXPECT_GT(file->lists()[4].read_at, 0);
}

TEST_F(CategoryImport, EveryMistakeIsReported) {
  write("Bad Name/domains", "a.example\n");
  write("page.txt", "<html>\n");
  write("allowed", "a.example\nnot a domain\n");
  fs::create_directories(home_.file("empty"));
  const auto made = import_categories({.sources = {{.path = home_.file("Bad Name")},
                                                   {.path = home_.file("page.txt")},
                                                   {.path = home_.file("none.txt")},
                                                   {.path = home_.file("empty")}},
                                       .allow_file = home_.file("allowed")},
                                      9);
  ASSERT_FALSE(made.has_value());
  std::string all;
  for (const Error& error : made.error()) all += to_text(error) + "\n";
  for (const char* const said : {"\"Bad Name\" is not a name", "page.txt:1", "is no list of domains",
                                 "none.txt", "holds no list", "allowed:2"})
    EXPECT_NE(all.find(said), std::string::npos) << said << " in\n" << all;
}

TEST_F(CategoryImport, TheStarterSetIsWhole) {
  const auto made = import_categories(
      {.sources = {{.path = std::string{WEIR_SOURCE_DIR} + "/policy/categories/starter"}}}, 9);
  ASSERT_TRUE(made.has_value()) << to_text(made.error().front());
  EXPECT_EQ(made->lists.size(), 12U);
  for (const ImportedList& one : made->lists) {
    EXPECT_GE(one.list.domains, 5U) << one.list.category;
    EXPECT_EQ(one.list.domains, one.count.taken) << one.list.category << " names a domain twice";
    EXPECT_EQ(one.count.not_domains + one.count.public_suffixes, 0U) << one.list.category;
  }
}

}  // namespace
}  // namespace weir::policy
