// SPDX-License-Identifier: Apache-2.0
#include "classifier/software/pattern_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "policy/lang/catalogue.h"

namespace weir::classifier {
namespace {

std::vector<std::uint32_t> matches(const std::vector<std::string_view>& patterns, std::string_view text) {
  auto set = PatternSet::compile(patterns);
  EXPECT_TRUE(set.has_value()) << set.error().what;
  std::vector<std::uint32_t> numbers;
  if (set) set->matches(text, numbers);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST(PatternSet, SaysWhichMatchWhole) {
  using testing::ElementsAre;
  const std::vector<std::string_view> patterns{"curl/{version}*", "*(x.y)+[z]*", "CURL/7.88.1", "curl/",
                                               "*\n"};
  EXPECT_THAT(matches(patterns, "curl/7.88.1"), ElementsAre(0U, 2U));
  EXPECT_THAT(matches(patterns, "curl/x"), ElementsAre());
  EXPECT_THAT(matches(patterns, "a(x.y)+[z]b"), ElementsAre(1U));
  EXPECT_THAT(matches(patterns, "a(xqy)+[z]b"), ElementsAre());
  EXPECT_THAT(matches(patterns, "curl/7.88.1\n"), ElementsAre(0U, 4U));
  EXPECT_THAT(matches({}, "curl/7.88.1"), ElementsAre());
}

/// What the slow matcher takes, Vectorscan takes: texts and patterns of few letters, so that many match.
TEST(PatternSet, MissesNothingThatTheMatcherTakes) {
  std::mt19937 random{7};
  const auto word = [&](std::string_view letters, std::size_t longest) {
    std::string text;
    const std::size_t size = 1 + random() % longest;
    for (std::size_t i = 0; i < size; ++i) text += letters[random() % letters.size()];
    return text;
  };
  std::vector<std::string> patterns;
  for (int i = 0; i < 300; ++i) {
    std::string pattern = word("aB/*.\\$", 6) + "a";
    if (i % 3 == 0) pattern.insert(random() % pattern.size(), "{version}");
    patterns.push_back(pattern);
  }
  const std::vector<std::string_view> views(patterns.begin(), patterns.end());
  auto set = PatternSet::compile(views);
  ASSERT_TRUE(set.has_value()) << set.error().what;
  std::size_t taken = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::string text = word("Ab/.1\\$a", 8);
    std::vector<std::uint32_t> numbers;
    set->matches(text, numbers);
    for (std::uint32_t n = 0; n < patterns.size(); ++n) {
      if (!policy::match_pattern(patterns[n], text)) continue;
      ++taken;
      EXPECT_NE(std::find(numbers.begin(), numbers.end(), n), numbers.end()) << patterns[n] << " on " << text;
    }
  }
  EXPECT_GT(taken, 1'000U);
}

TEST(PatternSet, LimitsHold) {
  const std::string long_text(kPatternSetBytesMax + 1, 'x');
  const auto refused = PatternSet::compile(std::vector<std::string_view>{long_text});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  const std::string text = std::string(kPatternTextBytesMax, 'a') + "b";
  EXPECT_THAT(matches({"*b"}, text), testing::ElementsAre());
  EXPECT_THAT(matches({"*b"}, text.substr(1)), testing::ElementsAre(0U));
}

}  // namespace
}  // namespace weir::classifier
