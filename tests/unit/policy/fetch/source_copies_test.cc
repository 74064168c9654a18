// SPDX-License-Identifier: Apache-2.0
// The cache without a server; what servers do is in tests/e2e/category_fetch.
#include "policy/fetch/source_copies.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

namespace fs = std::filesystem;

class Copies : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(home_.file(name)).parent_path());
    std::ofstream(home_.file(name), std::ios::binary) << text;
  }
  [[nodiscard]] SourceCopies opened() const {
    auto copies = SourceCopies::lock(home_.file("cache"));
    EXPECT_TRUE(copies.has_value());
    return std::move(*copies);
  }
  [[nodiscard]] static FetchSource list(const std::string& name) {
    FetchSource source;
    source.name = name;
    source.category = "ads";
    source.url = "https://127.0.0.1:1/" + name;
    source.seconds_max = 5;
    return source;
  }
  static constexpr const char* kState =
      R"({"url":"u","holds":"list","etag":"","last_modified":"","sha256":"",)"
      R"("fetched_ns":5,"checked_ns":6,"domains":7})";
  test::TemporaryDirectory home_;
};

TEST_F(Copies, OneAtATime) {
  const SourceCopies first = opened();
  const auto second = SourceCopies::lock(home_.file("cache"));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
}

TEST_F(Copies, AServerThatIsNotThereLeavesTheCopy) {
  const SourceCopies copies = opened();
  write("cache/a/state.json", kState);
  write("cache/a/list", "ad.example\n");
  const auto renewed = copies.renew(list("a"), {}, false, 9);
  ASSERT_FALSE(renewed.has_value());
  EXPECT_EQ(renewed.error().code, ErrorCode::kUnavailable);
  const auto state = copies.state(list("a"));
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->fetched_at, 5);
  EXPECT_EQ(state->checked_at, 6) << "it was not seen";
  EXPECT_FALSE(fs::exists(home_.file("cache/a.new")));
  EXPECT_EQ(copies.import_source(list("a")).path, home_.file("cache/a/list"));
  EXPECT_EQ(copies.import_source(list("a")).origin, "https://127.0.0.1:1/a");
}

TEST_F(Copies, ADamagedOrHalfCopyIsNone) {
  const SourceCopies copies = opened();
  write("cache/a/list", "ad.example\n");
  EXPECT_FALSE(copies.state(list("a"))) << "no state";
  write("cache/a/state.json", kState);
  EXPECT_TRUE(copies.state(list("a")));
  for (const char* const damaged : {"", "{", "[]", "{}", "7", R"({"url":7})"}) {
    write("cache/a/state.json", damaged);
    EXPECT_FALSE(copies.state(list("a"))) << damaged;
  }
  write("cache/b/state.json", kState);
  EXPECT_FALSE(copies.state(list("b"))) << "no list";
  FetchSource tree = list("a");
  tree.category.clear();
  write("cache/a/state.json", kState);
  EXPECT_FALSE(copies.state(tree)) << "what is now a tree was a list";
}

TEST_F(Copies, OthersAreForgotten) {
  const SourceCopies copies = opened();
  for (const char* const name : {"a", "b", "b.new"})
    write("cache/" + std::string{name} + "/list", "x.example\n");
  ASSERT_TRUE(copies.note_imported("x").has_value());
  copies.forget_others({list("a")});
  EXPECT_TRUE(fs::exists(home_.file("cache/a/list")));
  EXPECT_FALSE(fs::exists(home_.file("cache/b")));
  EXPECT_FALSE(fs::exists(home_.file("cache/b.new")));
  EXPECT_EQ(copies.imported(), "x");
}

TEST_F(Copies, WhatAFileWasMadeOfChangesWithAllThatGoesIn) {
  write("l/a.txt", "a.example\n");
  write("allow", "b.example\n");
  ImportRequest request{.sources = {{.path = home_.file("l"), .licence = "CC0"}},
                        .allow_file = home_.file("allow")};
  const std::string before = SourceCopies::made_of(request);
  EXPECT_EQ(SourceCopies::made_of(request), before);
  ImportRequest other = request;
  other.sources[0].licence = "MIT";
  EXPECT_NE(SourceCopies::made_of(other), before);
  other = request;
  other.options.suffixes_taken.insert("github.io");
  EXPECT_NE(SourceCopies::made_of(other), before);
  other = request;
  other.sources[0].format = SourceFormat::kHosts;
  EXPECT_NE(SourceCopies::made_of(other), before);
  write("l/b.txt", "a.example\n");
  const std::string with_more = SourceCopies::made_of(request);
  EXPECT_NE(with_more, before);
  write("allow", "c.example\nd.example\n");
  EXPECT_NE(SourceCopies::made_of(request), with_more);
}

}  // namespace
}  // namespace weir::policy
