// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/click.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

HttpFacts post(std::string path) {
  return {.seen = true, .method = "POST", .host = "shop.example", .path = std::move(path)};
}

TEST(Click, IsReadAsItWasWritten) {
  const HttpFacts http = post(click_target({"no-shopping", "00ff", "/a?rule=b&token=c&to=/d&e"}));
  const auto click = read_click(http);
  ASSERT_TRUE(click);
  EXPECT_EQ(click->rule, "no-shopping");
  EXPECT_EQ(click->token, "00ff");
  EXPECT_EQ(click->path, "/a?rule=b&token=c&to=/d&e");
}

TEST(Click, AnythingElseIsNone) {
  HttpFacts fetched_ahead = post(click_target({"r", "00ff", "/"}));
  fetched_ahead.method = "GET";
  EXPECT_FALSE(read_click(fetched_ahead));
  for (const char* const path :
       {"", "/", "/.well-known/weir-continue", "/.well-known/weir-continue?rule=r",
        "/.well-known/weir-continue?rule=r&token=00", "/.well-known/weir-continue?rule=r&to=/&token=00",
        "/.well-known/weir-continue?rule=r&token=00&to=", "/.well-known/weir-continue?rule=r&token=00&to=a",
        "/a/.well-known/weir-continue?rule=r&token=00&to=/"}) {
    EXPECT_FALSE(read_click(post(path))) << path;
  }
}

}  // namespace
}  // namespace weir::classifier
