// SPDX-License-Identifier: Apache-2.0
#include "policy/console/answerers.h"

#include <gtest/gtest.h>

#include <future>

namespace weir::console {
namespace {

Request post(const std::string& target) {
  Request request;
  request.method = "POST";
  request.target = target;
  return request;
}

TEST(Answerers, ALaneHasItsThreadsAndItsLimit) {
  boost::asio::io_context context;
  Lane lane{4, 2, 3};
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::vector<int> statuses;
  const auto ask = [&] {
    return lane.ask(
        context,
        [gone](std::size_t mine) {
          gone.wait();
          return Response{.status = static_cast<int>(mine), .body = ""};
        },
        [&](const Response& response) { statuses.push_back(response.status); });
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask());
  EXPECT_FALSE(ask()) << "three wait";
  go.set_value();
  lane.join();
  context.run();
  ASSERT_EQ(statuses.size(), 3U);
  for (const int mine : statuses) EXPECT_TRUE(mine == 4 || mine == 5) << mine;
}

TEST(Answerers, LoginsWaitAmongThemselves) {
  EXPECT_TRUE(is_login(post("/api/v1/session")));
  EXPECT_TRUE(is_login(post("/api/v1/session/totp")));
  EXPECT_TRUE(is_login(post("/api/v1/session/password")));
  EXPECT_TRUE(is_login(post("/api/v1/setup")));
  EXPECT_FALSE(is_login(post("/api/v1/violations/changes")));
  Request reads = post("/api/v1/session");
  reads.method = "GET";
  EXPECT_FALSE(is_login(reads)) << "it asks who is logged in";

  boost::asio::io_context context;
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  ServerOptions options;
  options.answer = [gone](std::size_t mine, const Request& request) {
    EXPECT_EQ(mine >= kWorkAnswerers, is_login(request));
    if (is_login(request)) gone.wait();
    return Response{};
  };
  Answerers answerers{options};
  std::size_t answered = 0;
  const auto ask = [&](const Request& request) {
    return answerers.ask(context, request, false, [&](const Response&) { ++answered; });
  };
  for (std::size_t i = 0; i < kLoginsWaitingMax; ++i) EXPECT_TRUE(ask(post("/api/v1/session")));
  EXPECT_FALSE(ask(post("/api/v1/session"))) << "too many logins";
  EXPECT_TRUE(ask(reads)) << "others are answered meanwhile";
  auto more = boost::asio::make_work_guard(context);
  while (answered == 0) context.run_one();
  go.set_value();
  answerers.join();
  more.reset();
  context.run();
  EXPECT_EQ(answered, kLoginsWaitingMax + 1);
}

TEST(Answerers, SoManyWaitAndNoMore) {
  boost::asio::io_context context;
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  ServerOptions options;
  options.answer = [gone](std::size_t, const Request&) {
    gone.wait();
    return Response{};
  };
  Answerers answerers{options};
  for (std::size_t i = 0; i < kWaitingMax; ++i)
    EXPECT_TRUE(answerers.ask(context, post("/api/v1/reveals"), false, [](const Response&) {}));
  EXPECT_FALSE(answerers.ask(context, post("/api/v1/reveals"), false, [](const Response&) {}));
  go.set_value();
  answerers.join();
}

}  // namespace
}  // namespace weir::console
