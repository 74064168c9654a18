// SPDX-License-Identifier: Apache-2.0
#include "policy/fetch/tree_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

namespace fs = std::filesystem;

struct Member {
  std::string path;
  std::string text{};
  std::string link{};  // a symbolic link to it
};

class TreeArchive : public ::testing::Test {
 protected:
  [[nodiscard]] std::string packed(const std::vector<Member>& members) const {
    std::string path = home_.file("tree.tar.gz");
    archive* const out = archive_write_new();
    archive_write_add_filter_gzip(out);
    archive_write_set_format_pax_restricted(out);
    archive_write_open_filename(out, path.c_str());
    archive_entry* const entry = archive_entry_new();
    for (const Member& one : members) {
      archive_entry_clear(entry);
      archive_entry_set_pathname(entry, one.path.c_str());
      archive_entry_set_perm(entry, 0666);
      archive_entry_set_mtime(entry, 1'700'000'000, 0);
      archive_entry_set_filetype(entry, one.link.empty() ? AE_IFREG : AE_IFLNK);
      if (!one.link.empty()) archive_entry_set_symlink(entry, one.link.c_str());
      archive_entry_set_size(entry, static_cast<la_int64_t>(one.text.size()));
      EXPECT_EQ(archive_write_header(out, entry), ARCHIVE_OK) << archive_error_string(out);
      archive_write_data(out, one.text.data(), one.text.size());
    }
    archive_entry_free(entry);
    archive_write_free(out);
    return path;
  }
  /// What is wrong; empty: nothing.
  [[nodiscard]] std::string unpack(const std::string& archive, const std::vector<std::string>& wanted = {},
                                   TreeLimits limits = {.bytes_max = 100'000}) const {
    fs::remove_all(folder());
    fs::create_directories(folder());
    const auto done = unpack_tree(archive, folder(), wanted, limits);
    return done ? "" : to_text(done.error());
  }
  [[nodiscard]] std::string folder() const { return home_.file("out/tree"); }
  /// All files below the folder that everything is in.
  [[nodiscard]] std::string files() const {
    std::set<std::string> found;
    for (const auto& one : fs::recursive_directory_iterator(home_.file("out")))
      if (!one.is_directory()) found.insert(fs::relative(one.path(), folder()).string());
    std::string all;
    for (const std::string& one : found) all += one + " ";
    return all;
  }
  test::TemporaryDirectory home_;
};

TEST_F(TreeArchive, ListsAndNothingElse) {
  const std::string tree = packed({{"blacklists/README", "hello"},
                                   {"blacklists/gambling/domains", "bet.example\n"},
                                   {"blacklists/gambling/urls", "x.example/y\n"},
                                   {"blacklists/gambling/usage", "black\n"},
                                   {"blacklists/ads", "", "gambling"},
                                   {"blacklists/games/domains", "", "/etc/passwd"},
                                   {"blacklists/chat/domains", "chat.example\n"}});
  ASSERT_EQ(unpack(tree), "");
  EXPECT_EQ(files(), "chat/domains gambling/domains gambling/urls ");
  struct stat status {};
  ASSERT_EQ(stat((folder() + "/chat/domains").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'700'000'000);
  EXPECT_EQ(status.st_mode & 0777U, 0640U) << "not what the archive says";
  ASSERT_EQ(unpack(tree, {"chat"}), "");
  EXPECT_EQ(files(), "chat/domains ");
  EXPECT_NE(unpack(tree, {"chat", "games"}).find("holds no list of the category games"), std::string::npos);
}

TEST_F(TreeArchive, NoPathLeadsOut) {
  for (const char* const path : {"../domains", "a/../../b/domains", "/etc/cron.d/domains", "a/..", ".."}) {
    EXPECT_NE(unpack(packed({{path, "x.example\n"}})).find("names a path outside of itself"),
              std::string::npos)
        << path;
    EXPECT_EQ(files(), "") << path;
  }
  // A folder that is a link in the archive is none here.
  EXPECT_EQ(unpack(packed({{"a", "", "/tmp"}, {"a/domains", "x.example\n"}})), "");
  EXPECT_FALSE(fs::is_symlink(folder() + "/a"));
  EXPECT_EQ(files(), "a/domains ");
}

TEST_F(TreeArchive, WhatUnpacksToTooMuchIsRefused) {
  const std::string zeros(1'000'000, '\n');
  const std::string bomb = packed({{"a/domains", zeros}});
  EXPECT_LT(fs::file_size(bomb), 10'000U);
  EXPECT_NE(unpack(bomb).find("unpacks to more than 100000 bytes"), std::string::npos);
  EXPECT_EQ(files(), "");
  EXPECT_NE(unpack(packed({{"other", zeros}, {"a/domains", "x.example\n"}})).find("unpacks to more"),
            std::string::npos)
      << "what is passed over counts too";
  EXPECT_NE(
      unpack(packed({{"a/domains", std::string(60'000, '\n')}, {"b/domains", std::string(60'000, '\n')}}))
          .find("unpacks to more"),
      std::string::npos);
  EXPECT_EQ(unpack(bomb, {}, {.bytes_max = 1'100'000}), "");
}

TEST_F(TreeArchive, NoMoreFilesThanThereMayBe) {
  std::vector<Member> many(11, Member{"x", ""});
  many.push_back({"a/domains", "x.example\n"});
  const std::string tree = packed(many);
  EXPECT_EQ(unpack(tree, {}, {.bytes_max = 100'000, .entries_max = 12}), "");
  EXPECT_NE(unpack(tree, {}, {.bytes_max = 100'000, .entries_max = 11}).find("more than 11 files"),
            std::string::npos);
}

TEST_F(TreeArchive, DamageIsSaid) {
  std::ofstream(home_.file("page")) << "<html>not found</html>\n";
  EXPECT_NE(unpack(home_.file("page")).find("is no whole .tar.gz"), std::string::npos);
  std::ofstream(home_.file("empty")) << "";
  EXPECT_NE(unpack(home_.file("empty")).find("is no whole .tar.gz"), std::string::npos);
  std::string noise;
  for (unsigned i = 0, x = 1; i < 50'000; ++i)
    noise += static_cast<char>('a' + ((x = x * 1'103'515'245U + 12'345U) >> 16U) % 26);
  const std::string whole = packed({{"a/domains", noise}});
  fs::resize_file(whole, fs::file_size(whole) / 2);
  EXPECT_NE(unpack(whole).find("is no whole .tar.gz: truncated"), std::string::npos);
  EXPECT_NE(unpack(packed({{"a/domains", "x\n"}, {"b/a/domains", "y\n"}})).find("has a/domains twice"),
            std::string::npos);
  EXPECT_NE(unpack(packed({{"Bad Name/domains", "x\n"}})).find("no name of a category"), std::string::npos);
  EXPECT_NE(unpack(packed({{"README", "x\n"}})).find("holds no list"), std::string::npos);
}

}  // namespace
}  // namespace weir::policy
