// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/domain_table.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "policy/categories/category_builder.h"

namespace weir::policy {
namespace {

bool holds(const DomainTable& table, DomainSet set, std::string_view name) {
  DomainMatches matches;
  table.lookup(name, matches);
  return matches.test(index_of(set));
}

TEST(DomainTable, ANameAndWhatIsBelowIt) {
  DomainTable table;
  const DomainSet set = table.add_set().value();
  ASSERT_TRUE(table.add(set, "Bet.Example.").has_value());
  EXPECT_TRUE(holds(table, set, "bet.example"));
  EXPECT_TRUE(holds(table, set, "www.bet.example"));
  EXPECT_TRUE(holds(table, set, "a.b.c.bet.example"));
  EXPECT_FALSE(holds(table, set, "alphabet.example"));
  EXPECT_FALSE(holds(table, set, "example"));
  EXPECT_FALSE(holds(table, set, "bet.example.org"));
  EXPECT_FALSE(holds(table, set, ""));
}

TEST(DomainTable, AStarMeansOnlyWhatIsBelow) {
  DomainTable table;
  const DomainSet below = table.add_set().value();
  const DomainSet both = table.add_set().value();
  ASSERT_TRUE(table.add(below, "*.bet.example").has_value());
  ASSERT_TRUE(table.add(both, "*.bet.example").has_value());
  ASSERT_TRUE(table.add(both, "bet.example").has_value());
  EXPECT_FALSE(holds(table, below, "bet.example"));
  EXPECT_TRUE(holds(table, below, "www.bet.example"));
  EXPECT_TRUE(holds(table, both, "bet.example"));
  EXPECT_EQ(table.domains(), 2U);
}

TEST(DomainTable, ANameMayBeInManySets) {
  DomainTable table;
  const DomainSet first = table.add_set().value();
  const DomainSet second = table.add_set().value();
  const DomainSet third = table.add_set().value();
  ASSERT_TRUE(table.add(first, "a.example").has_value());
  ASSERT_TRUE(table.add(second, "example").has_value());
  ASSERT_TRUE(table.add(third, "b.example").has_value());
  DomainMatches matches;
  table.lookup("x.a.example", matches);
  EXPECT_EQ(matches.count(), 2U);
  EXPECT_TRUE(matches.test(index_of(first)) && matches.test(index_of(second)));
}

TEST(DomainTable, RefusesWhatIsNotADomain) {
  DomainTable table;
  const DomainSet set = table.add_set().value();
  for (const char* const pattern :
       {"", "*", "*.", "a.*.example", "http://a.example", "a.example:80", "a b", "*a.x"}) {
    const auto added = table.add(set, pattern);
    ASSERT_FALSE(added.has_value()) << pattern;
    EXPECT_EQ(added.error().code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(table.domains(), 0U);
}

TEST(DomainTable, LimitsHold) {
  DomainTable table{{.domains_max = 3, .sets_max = 2}};
  const DomainSet set = table.add_set().value();
  ASSERT_TRUE(table.add_set().has_value());
  EXPECT_EQ(table.add_set().error().code, ErrorCode::kLimit);
  for (const char* const name : {"a.x", "b.x", "c.x"}) EXPECT_TRUE(table.add(set, name).has_value());
  EXPECT_EQ(table.add(set, "d.x").error().code, ErrorCode::kLimit);
  DomainTable most;
  for (std::size_t i = 0; i < kDomainSetsMax; ++i) ASSERT_TRUE(most.add_set().has_value());
  EXPECT_FALSE(most.add_set().has_value());
}

/// Against the plainest possible search, over many random names of few labels, so that most of them collide.
TEST(DomainTable, AgreesWithASearchThroughAllPatterns) {
  std::mt19937 random{20'261'122};
  const auto name = [&] {
    std::string text;
    const auto labels = 1 + random() % 4;
    for (unsigned i = 0; i < labels; ++i) {
      if (i > 0) text += '.';
      const auto letters = 1 + random() % 2;
      for (unsigned j = 0; j < letters; ++j) text += static_cast<char>('a' + random() % 4);
    }
    return text;
  };
  DomainTable table;
  std::vector<std::set<std::string>> sets(8);
  for (auto& set : sets) {
    const DomainSet id = table.add_set().value();
    for (int i = 0; i < 150; ++i) {
      const std::string pattern = (random() % 3 == 0 ? "*." : "") + name();
      set.insert(pattern);
      ASSERT_TRUE(table.add(id, pattern).has_value());
    }
  }
  for (int i = 0; i < 20'000; ++i) {
    const std::string asked = name();
    DomainMatches matches;
    table.lookup(asked, matches);
    for (std::size_t s = 0; s < sets.size(); ++s) {
      bool expected = sets[s].count(asked) > 0;
      for (std::size_t dot = asked.find('.'); dot != std::string::npos; dot = asked.find('.', dot + 1)) {
        const std::string parent = asked.substr(dot + 1);
        expected = expected || sets[s].count(parent) > 0 || sets[s].count("*." + parent) > 0;
      }
      ASSERT_EQ(matches.test(s), expected) << asked << " in set " << s;
    }
  }
}

TEST(DomainTable, ImportedCategoriesAreLookedUpWithIt) {
  CategoryBuilder builder;
  const auto list = [&](const char* category) {
    return builder.add_list({category, "", "", "", 0, 0}).value();
  };
  const auto bets = list("gambling");
  const auto more_bets = list("gambling");
  const auto ads = list("ads");
  ASSERT_TRUE(builder.add(bets, "bet.example", false).has_value());
  ASSERT_TRUE(builder.add(more_bets, "casino.example", true).has_value());
  ASSERT_TRUE(builder.add(ads, "bet.example", false).has_value());
  ASSERT_TRUE(builder.add(bets, "example.com", false).has_value());
  builder.allow("good.example.com");
  const auto file = CategoryFile::from_bytes(builder.build(0).value(), "made").value();
  DomainTable table;
  const DomainSet own = table.add_set().value();
  const DomainSet gambling = table.add_set().value();
  ASSERT_TRUE(table.add(own, "good.example.com").has_value());
  EXPECT_FALSE(table.import(file, "gamblin", gambling));
  EXPECT_TRUE(table.import(file, "gambling", gambling));
  EXPECT_TRUE(holds(table, gambling, "www.bet.example"));
  EXPECT_TRUE(holds(table, gambling, "x.casino.example"));
  EXPECT_FALSE(holds(table, gambling, "casino.example"));
  EXPECT_TRUE(holds(table, gambling, "example.com"));
  EXPECT_FALSE(holds(table, gambling, "x.good.example.com")) << "an override";
  EXPECT_TRUE(holds(table, own, "x.good.example.com")) << "which concerns imported categories alone";
  const auto examples = table.examples(gambling, 2);
  EXPECT_EQ(examples.size(), 2U);
  for (const std::string& name : examples) EXPECT_TRUE(holds(table, gambling, name)) << name;
  EXPECT_FALSE(holds(table, own, "bet.example"));
}

TEST(DomainTable, GivesExamplesOfASet) {
  DomainTable table;
  const DomainSet own = *table.add_set();
  const DomainSet other = *table.add_set();
  const DomainSet empty = *table.add_set();
  for (const char* name : {"a.example", "*.b.example", "c.example"}) ASSERT_TRUE(table.add(own, name));
  ASSERT_TRUE(table.add(other, "d.example"));
  const auto examples = table.examples(own, 10);
  EXPECT_EQ(examples.size(), 3U);
  for (const std::string& name : examples) {
    DomainMatches matches;
    table.lookup(name, matches);
    EXPECT_TRUE(matches.test(index_of(own))) << name;
  }
  EXPECT_EQ(table.examples(own, 2).size(), 2U);
  EXPECT_TRUE(table.examples(empty, 2).empty());
}

}  // namespace
}  // namespace weir::policy
