// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/overload_log.h"

#include <gtest/gtest.h>

namespace weir::dataplane {
namespace {

TEST(OverloadLog, OneLineAtMostASecondAndWorkerAndTheLastLevelIsSaidInTheEnd) {
  OverloadLog log(2);
  EXPECT_FALSE(log.look(0, InspectedLevel::kFull, 0));
  EXPECT_TRUE(log.look(0, InspectedLevel::kL4, 1));
  EXPECT_FALSE(log.look(0, InspectedLevel::kBypass, kSecond));
  EXPECT_TRUE(log.look(1, InspectedLevel::kBypass, kSecond));
  EXPECT_TRUE(log.look(0, InspectedLevel::kBypass, kSecond + 1));
  EXPECT_FALSE(log.look(0, InspectedLevel::kFull, kSecond + 2));
  EXPECT_TRUE(log.look(0, InspectedLevel::kFull, 3 * kSecond));
  EXPECT_FALSE(log.look(0, InspectedLevel::kFull, 9 * kSecond));
}

}  // namespace
}  // namespace weir::dataplane
