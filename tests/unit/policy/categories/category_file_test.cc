// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/category_file.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstddef>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "policy/categories/category_builder.h"
#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

using category_layout::Header;
using Found = std::vector<std::pair<std::string, std::string>>;  // entry, its categories

std::string categories_of(const CategoryFile& file, std::uint16_t set) {
  std::string text;
  for (const CategoryMember member : file.members(set)) {
    text +=
        (text.empty() ? "" : " ") + file.lists()[member.list].category + (member.below_only != 0 ? "*" : "");
  }
  return set == CategoryFile::kAllowed ? "allowed" : text;
}

Found look(const CategoryFile& file, std::string_view name) {
  Found found;
  file.lookup(name, [&](const CategoryHit& hit) {
    found.emplace_back(std::string{hit.entry}, categories_of(file, hit.set));
  });
  Found batched;
  const std::array<std::string_view, 3> names{"elsewhere.example", name, "x.y"};
  file.lookup_batch(names, [&](std::size_t index, const CategoryHit& hit) {
    if (index == 1) batched.emplace_back(std::string{hit.entry}, categories_of(file, hit.set));
  });
  EXPECT_EQ(found, batched) << name;
  return found;
}

CategoryList list_called(std::string category) {
  return {std::move(category), "lists/" + category, "plain", "CC0", 5, 0};
}

/// gambling: bet.example, a.long-label-of-more-than-sixteen.example; ads: *.bet.example, bet.example; news:
/// news.example.
std::string small_file() {
  CategoryBuilder builder;
  const auto gambling = builder.add_list(list_called("gambling")).value();
  const auto ads = builder.add_list(list_called("ads")).value();
  const auto news = builder.add_list(list_called("news")).value();
  EXPECT_TRUE(builder.add(gambling, "bet.example", false).has_value());
  EXPECT_TRUE(builder.add(gambling, "bet.example", false).has_value());
  EXPECT_TRUE(builder.add(gambling, "a.long-label-of-more-than-sixteen.example", false).has_value());
  EXPECT_TRUE(builder.add(ads, "bet.example", true).has_value());
  EXPECT_TRUE(builder.add(ads, "www.bet.example", false).has_value());
  EXPECT_TRUE(builder.add(news, "news.example", false).has_value());
  EXPECT_TRUE(builder.add(news, "sports.ok.example", false).has_value());
  EXPECT_TRUE(builder.add(gambling, "ok.example", false).has_value());
  builder.allow("ok.example");
  auto bytes = builder.build(7);
  EXPECT_TRUE(bytes.has_value());
  EXPECT_EQ(builder.overridden(), 2U);
  return *bytes;
}

TEST(CategoryFile, SaysWhichEntriesOfWhichCategoriesHoldAName) {
  const auto file = CategoryFile::from_bytes(small_file(), "small");
  ASSERT_TRUE(file.has_value()) << to_text(file.error());
  EXPECT_EQ(look(*file, "bet.example"), (Found{{"bet.example", "gambling ads*"}}));
  EXPECT_EQ(look(*file, "www.bet.example"),
            (Found{{"bet.example", "gambling ads*"}, {"www.bet.example", "ads"}}));
  EXPECT_EQ(look(*file, "x.www.bet.example").size(), 2U);
  EXPECT_EQ(look(*file, "b.a.long-label-of-more-than-sixteen.example").size(), 1U);
  EXPECT_EQ(look(*file, "sports.ok.example"), (Found{{"ok.example", "allowed"}}));
  for (const char* const none :
       {"", ".", "example", "alphabet.example", "bet.example.org", "long-label-of-more-than-sixteen.example"})
    EXPECT_TRUE(look(*file, none).empty()) << none;
  EXPECT_EQ(file->lists()[0].domains, 2U);
  EXPECT_EQ(file->lists()[0].licence, "CC0");
  EXPECT_EQ(file->lists()[0].read_at, 5);
  EXPECT_EQ(file->made_at(), 7);
  EXPECT_EQ(file->domains(), 5U);
}

TEST(CategoryFile, HoldsNothing) {
  const auto file = CategoryFile::from_bytes(CategoryBuilder{}.build(0).value(), "empty");
  ASSERT_TRUE(file.has_value()) << to_text(file.error());
  EXPECT_TRUE(look(*file, "www.bet.example").empty());
}

/// Labels of all lengths around the words in which they are hashed, deep names, and many names of one bucket.
TEST(CategoryFile, AgreesWithASetAskedForEverySuffix) {
  std::mt19937 dice{11};
  const auto label = [&] { return std::string(1 + dice() % 34, static_cast<char>('a' + dice() % 3)); };
  const auto name = [&] {
    std::string text = label();
    for (auto more = dice() % 6; more > 0; --more) text += "." + label();
    return text;
  };
  CategoryBuilder builder;
  std::map<std::string, std::set<std::uint16_t>> all;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(builder.add_list(list_called("c" + std::to_string(i))).has_value());
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) {
    names.push_back(name());
    const auto list = static_cast<std::uint16_t>(dice() % 5);
    all[names.back()].insert(list);
    ASSERT_TRUE(builder.add(list, names.back(), false).has_value());
  }
  const auto file = CategoryFile::from_bytes(builder.build(0).value(), "random");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->domains(), all.size());
  std::size_t hits = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::string asked = i % 2 == 0 ? name() : label() + "." + names[dice() % names.size()];
    Found expected;
    for (std::size_t at = asked.size(); at-- > 0;) {
      if (at != 0 && asked[at - 1] != '.') continue;
      const auto found = all.find(asked.substr(at));
      if (found == all.end()) continue;
      std::string text;
      for (const auto list : found->second) text += (text.empty() ? "c" : " c") + std::to_string(list);
      expected.emplace_back(found->first, text);
    }
    hits += expected.size();
    ASSERT_EQ(look(*file, asked), expected) << asked;
  }
  EXPECT_GT(hits, 20'000U);
}

TEST(CategoryFile, LimitsOfTheBuilder) {
  CategoryBuilder builder{{.domains_max = 2, .lists_max = 1, .sets_max = 2}};
  const auto list = builder.add_list(list_called("a")).value();
  EXPECT_EQ(builder.add_list(list_called("b")).error().code, ErrorCode::kLimit);
  ASSERT_TRUE(builder.add(list, "a.example", false).has_value());
  ASSERT_TRUE(builder.add(list, "b.example", true).has_value());
  EXPECT_EQ(builder.add(list, "c.example", false).error().code, ErrorCode::kLimit);
  EXPECT_EQ(builder.build(0).error().code, ErrorCode::kLimit) << "two sets and the empty one";
}

std::string with_checksum(std::string bytes) {
  constexpr std::size_t kUnchecked = offsetof(Header, checksum) + sizeof(Header::checksum);
  const std::uint64_t sum = XXH3_64bits(bytes.data() + kUnchecked, bytes.size() - kUnchecked);
  std::memcpy(bytes.data() + offsetof(Header, checksum), &sum, sizeof(sum));
  return bytes;
}

TEST(CategoryFile, RefusesAnyChangedByteAndAnyOtherLength) {
  const std::string good = small_file();
  ASSERT_EQ(with_checksum(good), good);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x20);
    const auto file = CategoryFile::from_bytes(bad, "bad.wcat");
    ASSERT_FALSE(file.has_value()) << at;
    EXPECT_EQ(file.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(file.error().at.file, "bad.wcat");
  }
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes)
    ASSERT_FALSE(CategoryFile::from_bytes(good.substr(0, bytes), "cut").has_value()) << bytes;
  ASSERT_FALSE(CategoryFile::from_bytes(good + '\0', "longer").has_value());
}

/// What nobody but an attacker makes: every number of the file replaced, and the checksum put right. It is
/// refused, or looks up something without reading beside the file (the sanitizers say so).
TEST(CategoryFile, LooksUpSafelyWhateverAFileSays) {
  const std::string good = small_file();
  std::size_t taken = 0;
  for (std::size_t at = 0; at + 4 <= good.size(); at += 2) {
    for (const std::uint32_t value : {0U, 1U, 0x7fffU, 0xffffU, 0xffff'ffffU}) {
      std::string bad = good;
      std::memcpy(bad.data() + at, &value, sizeof(value));
      const auto file = CategoryFile::from_bytes(with_checksum(bad), "forged");
      if (!file) continue;
      ++taken;
      for (const char* const name : {"www.bet.example", "news.example", "a.b"}) {
        file->lookup(name, [&](const CategoryHit& hit) { static_cast<void>(categories_of(*file, hit.set)); });
      }
      file->for_each([](std::string_view, std::uint16_t) {});
    }
  }
  EXPECT_GT(taken, 100U);
}

TEST(CategoryFile, IsOpenedFromDisk) {
  const test::TemporaryDirectory home;
  EXPECT_EQ(CategoryFile::open(home.file("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(CategoryFile::open(home.path()).error().code, ErrorCode::kCorrupt);
  std::ofstream(home.file("text")) << "bet.example\n";
  EXPECT_EQ(CategoryFile::open(home.file("text")).error().code, ErrorCode::kCorrupt);
  std::ofstream(home.file("long-text")) << std::string(1'000, 'x');
  EXPECT_NE(to_text(CategoryFile::open(home.file("long-text")).error()).find("is not a category file"),
            std::string::npos);
  std::ofstream(home.file("good"), std::ios::binary) << small_file();
  const auto file = CategoryFile::open(home.file("good"));
  ASSERT_TRUE(file.has_value()) << to_text(file.error());
  std::filesystem::remove(home.file("good"));  // what is mapped stays
  EXPECT_EQ(look(*file, "news.example").size(), 1U);
}

TEST(CategoryFile, AnotherVersionSaysWhatToDo) {
  std::string other = small_file();
  other[offsetof(Header, version)] = 2;
  EXPECT_NE(to_text(CategoryFile::from_bytes(other, "v2").error()).find("version 2"), std::string::npos);
}

}  // namespace
}  // namespace weir::policy
