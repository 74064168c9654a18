// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/list_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

struct ListFile : testing::Test {
  DomainTable table;
  DomainSet set = table.add_set().value();

  bool holds(std::string_view name) const {
    DomainMatches matches;
    table.lookup(name, matches);
    return matches.test(index_of(set));
  }
  std::vector<std::string> mistakes(std::string_view text, ListFileLimits limits = {}) {
    const auto read = read_list(text, "gambling.txt", set, table, limits);
    std::vector<std::string> texts;
    if (read) return texts;
    for (const Error& error : read.error()) texts.push_back(to_text(error));
    return texts;
  }
};

TEST_F(ListFile, PlainAndHostsLines) {
  const auto read = read_list(
      "# gambling\nbet.example\r\n\n  Casino.example  # the big one\n"
      "0.0.0.0 poker.example www.poker.example\n127.0.0.1 localhost\n::1 ip6-localhost\n"
      "0.0.0.0 0.0.0.0\n*.dice.example",
      "gambling.txt", set, table);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, 5U);
  for (const char* const name : {"bet.example", "x.casino.example", "poker.example", "a.dice.example"}) {
    EXPECT_TRUE(holds(name)) << name;
  }
  EXPECT_FALSE(holds("localhost"));
  EXPECT_FALSE(holds("dice.example"));
}

TEST_F(ListFile, MistakesHaveTheirLine) {
  EXPECT_THAT(mistakes("bet.example\n||ads.example^\n  a.example b.example\n"),
              ElementsAre("gambling.txt:2:1: error: \"||ads.example^\" is not a domain (write name.example "
                          "for a name and what "
                          "is below it, *.name.example for what is below it only)",
                          "gambling.txt:3:13: error: \"b.example\" after the domain (one domain a line)"));
}

TEST_F(ListFile, LimitsHold) {
  EXPECT_THAT(mistakes("abcdef.example\n", {.line_bytes_max = 10}),
              ElementsAre("gambling.txt:1:1: error: a line of more than 10 bytes (one domain a line)"));
  std::string bad;
  for (int i = 0; i < 100; ++i) bad += "not/a/domain\n";
  EXPECT_THAT(mistakes(bad, {.mistakes_max = 7}), SizeIs(7));
  DomainTable small{{.domains_max = 1}};
  const DomainSet only = small.add_set().value();
  const auto read = read_list("a.example\nb.example\n", "f", only, small);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().front().code, ErrorCode::kLimit);
}

TEST_F(ListFile, AMissingFileIsSaid) {
  const auto read = load_list("/nonexistent/gambling.txt", set, table);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().front().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace weir::policy
