// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/url_path.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

TEST(NormalPath, EverySpellingIsOne) {
  for (const char* spelling :
       {"/a/b", "//a///b", "/./a/./b", "/a/x/../b", "/%61/b", "/a%2Fb", "/a/%2e/b", "/a/.%2e/../a/b",
        "/../../a/b", "\\a\\b", "/a/b?query", "/a/b#part", "/a/b?/../..", "a/b", "/x/%2E%2e\\a/b"}) {
    EXPECT_EQ(normal_path(spelling), "/a/b") << spelling;
  }
}

TEST(NormalPath, WhatIsNotTheSame) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},         {"*", "*"},         {"/", "/"},         {"/..", "/"},
      {"/a/", "/a/"},   {"/a/.", "/a/"},    {"/a/b/..", "/a/"}, {"/A", "/A"},
      {"/...", "/..."}, {"/%00", "/%00"},   {"/%0a", "/%0A"},   {"/%c3%a9", "/%C3%A9"},
      {"/%20", "/%20"}, {"/%252e", "/%2e"}, {"/a%", "/a%"},     {"/a%4", "/a%4"},
      {"/%zz", "/%zz"}, {"?x", ""},
  };
  for (const auto& [target, path] : cases) EXPECT_EQ(normal_path(target), path) << target;
}

TEST(NormalPath, IsNotLongerThanTheTargetAndOne) {
  const std::string longest(10'000, 'x');
  EXPECT_EQ(normal_path(longest), "/" + longest);
}

}  // namespace
}  // namespace weir::classifier
