// SPDX-License-Identifier: Apache-2.0
#include "policy/model/socket_address.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(SocketAddress, IsReadAndWrittenAlike) {
  for (const char* text : {"10.0.0.1:6379", "[fd00::1]:1", "[::1]:65535"}) {
    const auto address = SocketAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
}

TEST(SocketAddress, WhatIsNoneIsRefused) {
  for (const char* text : {"", ":", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:x",
                           "10.0.0.1:1x", ":6379", "fd00::1:6379", "[10.0.0.1]:6379", "[fd00::1]",
                           "[fd00::1]6379", "host.example:6379", "[]:1", "10.0.0.1:-1", " 10.0.0.1:1"})
    EXPECT_FALSE(SocketAddress::parse(text)) << text;
}

}  // namespace
}  // namespace weir
