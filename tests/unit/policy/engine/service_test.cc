// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/service.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace weir::policy {
namespace {

TEST(EngineService, WhereMachinesShareARedisAnEngineIsCalledAsItsMachine) {
  Settings settings;
  EXPECT_EQ(default_consumer(settings), "engine-1");
  settings.redis.nodes = "10.0.0.1:6379";
  std::array<char, 256> host{};
  ASSERT_EQ(gethostname(host.data(), host.size() - 1), 0);
  EXPECT_EQ(default_consumer(settings), std::string{host.data()} + "-1");
}

}  // namespace
}  // namespace weir::policy
