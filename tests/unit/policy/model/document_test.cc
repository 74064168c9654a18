// SPDX-License-Identifier: Apache-2.0
#include "policy/model/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> mistakes_of(std::string_view text, DocumentLimits limits = {}) {
  const auto node = parse_document(text, "f", limits);
  std::vector<std::string> texts;
  if (node) return texts;
  for (const Error& error : node.error()) texts.push_back(to_text(error));
  return texts;
}

std::string only_mistake(std::string_view text, DocumentLimits limits = {}) {
  const auto texts = mistakes_of(text, limits);
  return texts.size() == 1 ? texts.front() : "not one mistake: " + testing::PrintToString(texts);
}

TEST(Document, KeepsOrderPlacesAndQuotes) {
  const auto root = parse_document("b: 1\na:\n  - \"x\"\n  - {k: v}\nn:\n", "f");
  ASSERT_TRUE(root.has_value());
  ASSERT_EQ(root->entries.size(), 3U);
  EXPECT_EQ(root->entries[0].key, "b");
  EXPECT_EQ(root->entries[1].line, 2);
  const Node* const list = root->find("a");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->items.size(), 2U);
  EXPECT_TRUE(list->items[0].quoted);
  EXPECT_EQ(list->items[0].line, 3);
  EXPECT_EQ(list->items[0].column, 5);
  EXPECT_EQ(list->items[1].find("k")->text, "v");
  EXPECT_EQ(root->find("n")->kind, Node::Kind::kNull);
  EXPECT_EQ(root->find("n")->line, 5);
  EXPECT_EQ(root->find("absent"), nullptr);
}

TEST(Document, RefusesWhatMakesATextMeanTwoThings) {
  EXPECT_THAT(only_mistake("a: &x 1\n"), HasSubstr("f:1:4: error: anchors (&name) are not accepted"));
  EXPECT_THAT(mistakes_of("a: &x 1\nb: *x\n"),
              ElementsAre(HasSubstr("f:1:4: error: anchors"), HasSubstr("f:2:4: error: aliases")));
  EXPECT_THAT(only_mistake("a: !!str 1\n"), HasSubstr("f:1:4: error: the tag"));
  EXPECT_THAT(only_mistake("<<: {a: 1}\n"), HasSubstr("f:1:1: error: merge keys (<<)"));
  EXPECT_EQ(only_mistake("a: 1\nb: 2\na: 3\n"),
            "f:3:1: error: the key a is already in this map, on line 1 (keep one of the two)");
  EXPECT_THAT(only_mistake("a: 1\n---\nb: 1\n"), HasSubstr("a second document begins here"));
  EXPECT_THAT(only_mistake("[a]: 1\n"), HasSubstr("a key must be text"));
}

TEST(Document, SaysWhereTheYamlBreaks) {
  EXPECT_THAT(only_mistake("a: 1\n\tb: 2\n"), HasSubstr("f:2:1: error: not valid YAML: illegal tab"));
  EXPECT_THAT(only_mistake("a: [1, 2\nb: 3\n"), HasSubstr("f:2:2: error: not valid YAML"));
}

TEST(Document, RefusesBytesThatTheLibraryWouldMisread) {
  EXPECT_THAT(only_mistake("a: 1\nb: \x04\nc: 2\n"), HasSubstr("f:2:4: error: control byte 0x04"));
  EXPECT_THAT(only_mistake(std::string_view("a: \0b", 5)), HasSubstr("control byte 0x00"));
  EXPECT_THAT(only_mistake("a: \xc0\xaf"), HasSubstr("f:1:4: error: these bytes are not UTF-8"));
  EXPECT_THAT(only_mistake("a: \xed\xa0\x80"), HasSubstr("not UTF-8"));
  EXPECT_THAT(only_mistake("\xff\xfe"), HasSubstr("not UTF-8"));
  EXPECT_TRUE(mistakes_of("a: \"gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8a\"\n").empty());
}

TEST(Document, LimitsHold) {
  const DocumentLimits limits{.bytes_max = 40, .depth_max = 2, .nodes_max = 6};
  EXPECT_TRUE(mistakes_of("a: [1, 2, 3]\n", limits).empty());
  EXPECT_THAT(only_mistake(std::string(41, 'a'), limits), HasSubstr("41 bytes, more than 40"));
  EXPECT_THAT(only_mistake("a: [[1]]\n", limits), HasSubstr("f:1:5: error: nested more than 2 levels deep"));
  EXPECT_THAT(only_mistake("[1, 2, 3, 4, 5, 6]\n", limits), HasSubstr("more than 6 values in one document"));
}

TEST(Document, HostileNestingEndsQuickly) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "- ";
  EXPECT_THAT(only_mistake(deep), HasSubstr("nested more than 32 levels deep"));
  std::string braces(200'000, '{');
  EXPECT_FALSE(mistakes_of(braces).empty());
}

TEST(Mistakes, TypedReadsSayWhatIsThere) {
  const auto root = parse_document("n: 7\nq: \"7\"\nb: yes\nt: true\nl: [a, [b]]\nm: {}\n", "f");
  ASSERT_TRUE(root.has_value());
  Mistakes mistakes{"f"};
  EXPECT_EQ(mistakes.integer(*root->find("n"), "n", 1, 9), 7);
  EXPECT_EQ(mistakes.boolean(*root->find("t"), "t"), true);
  EXPECT_TRUE(mistakes.empty());
  EXPECT_FALSE(mistakes.integer(*root->find("n"), "n", 8, 9).has_value());
  EXPECT_FALSE(mistakes.integer(*root->find("q"), "q", 1, 9).has_value());
  EXPECT_FALSE(mistakes.boolean(*root->find("b"), "b").has_value());
  EXPECT_EQ(mistakes.scalars(*root->find("l"), "l").size(), 1U);
  EXPECT_EQ(mistakes.text(*root->find("m"), "m"), "");
  std::vector<std::string> texts;
  for (const Error& error : mistakes.take()) texts.push_back(to_text(error));
  EXPECT_THAT(texts, ElementsAre("f:1:4: error: n is \"7\", not a whole number from 8 to 9",
                                 "f:2:4: error: q is \"7\", not a whole number from 1 to 9",
                                 "f:3:4: error: b is \"yes\", not a yes or no (write true or false)",
                                 "f:5:8: error: l must hold plain values, not a list",
                                 "f:6:4: error: m must be text, not a map"));
}

TEST(DidYouMean, FindsTheNearestOrNothing) {
  const std::vector<std::string_view> known{"network", "web", "email", "software"};
  EXPECT_EQ(did_you_mean("netwrok", known), "network");
  EXPECT_EQ(did_you_mean("wep", known), "web");
  EXPECT_EQ(did_you_mean("quota", known), "");
  EXPECT_EQ(did_you_mean(std::string(65, 'a'), known), "");
}

}  // namespace
}  // namespace weir
