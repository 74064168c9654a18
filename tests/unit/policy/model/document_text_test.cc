// SPDX-License-Identifier: Apache-2.0
// Text of trees that is read again is the same tree: for every policy that the repository has, and for random
// ones.
#include "policy/model/document_text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace weir {
namespace {

namespace fs = std::filesystem;

/// The same but for places, and for quotes around what is a text without them.
testing::AssertionResult same(const Node& one, const Node& other) {
  const bool alike = one.kind == other.kind && one.text == other.text &&
                     one.items.size() == other.items.size() && one.entries.size() == other.entries.size() &&
                     (!one.quoted || other.quoted);
  if (!alike) return testing::AssertionFailure() << inline_text(one) << " is not " << inline_text(other);
  for (std::size_t i = 0; i < one.items.size(); ++i)
    if (auto result = same(one.items[i], other.items[i]); !result) return result;
  for (std::size_t i = 0; i < one.entries.size(); ++i) {
    if (one.entries[i].key != other.entries[i].key)
      return testing::AssertionFailure() << one.entries[i].key << " is not " << other.entries[i].key;
    if (auto result = same(one.entries[i].value, other.entries[i].value); !result) return result;
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult comes_back(const Node& root) {
  const std::string text = document_text(root);
  const auto again = parse_document(text, "again");
  if (!again) return testing::AssertionFailure() << to_text(again.error().front()) << "\n" << text;
  if (auto result = same(root, *again); !result) return result << "\n" << text;
  if (document_text(*again) != text) return testing::AssertionFailure() << "written in another way again";
  return testing::AssertionSuccess();
}

std::string read_all(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(DocumentText, EveryPolicyOfTheRepositoryComesBack) {
  std::size_t files = 0;
  for (const char* const folder :
       {"docs/cookbook", "images/lab/etc/policy", "tests/unit/policy/lang/broken"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(WEIR_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".yaml") continue;
      const auto root = parse_document(read_all(entry.path()), "f");
      if (!root) continue;  // one that is broken as a text
      ++files;
      EXPECT_TRUE(comes_back(*root)) << entry.path();
    }
  }
  EXPECT_GT(files, 30U);
}

TEST(DocumentText, IsAsAPersonWouldWriteIt) {
  const auto root = parse_document(
      "weir-policy: 1\nweb:\n- rule: a\n  match:\n    domain:\n    - x.example\n    - \"*.y.example\"\n"
      "  tell_user: Ask, please\nempty: []\nnone:\ngroups:\n  g: {vlans: [3]}\n",
      "f");
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(document_text(*root),
            "weir-policy: 1\nweb:\n"
            "  - {rule: a, match: {domain: [x.example, \"*.y.example\"]}, tell_user: \"Ask, please\"}\n"
            "empty: []\nnone: null\ngroups:\n  g: {vlans: [3]}\n");
}

/// Few characters, those that mean something in YAML among them.
std::string random_text(std::mt19937& random) {
  constexpr std::string_view kCharacters = "ab-?:,[]{}#&*!|>'\"%@`~ \\\n\t\x01\x7f";
  std::string text;
  for (auto left = random() % 8; left > 0; --left) text += kCharacters[random() % kCharacters.size()];
  return text;
}

Node random_node(std::mt19937& random, int depth) {
  Node node;
  const auto kind = random() % (depth > 0 ? 4 : 2);
  node.kind = static_cast<Node::Kind>(kind);
  if (node.kind == Node::Kind::kScalar) {
    node.text = random_text(random);
    node.quoted = random() % 2 == 0;
  }
  const auto count = random() % 4;
  for (unsigned i = 0; i < count && node.kind == Node::Kind::kList; ++i)
    node.items.push_back(random_node(random, depth - 1));
  for (unsigned i = 0; i < count && node.kind == Node::Kind::kMap; ++i)
    node.entries.push_back({std::to_string(i) + random_text(random), 0, 0, random_node(random, depth - 1)});
  return node;
}

TEST(DocumentText, RandomTreesComeBack) {
  std::mt19937 random{20261128};
  for (int i = 0; i < 20'000; ++i) {
    Node root;
    root.kind = Node::Kind::kMap;
    for (unsigned entry = 0; entry < 3; ++entry)
      root.entries.push_back({std::to_string(entry) + random_text(random), 0, 0, random_node(random, 3)});
    ASSERT_TRUE(comes_back(root)) << i;
  }
}

}  // namespace
}  // namespace weir
