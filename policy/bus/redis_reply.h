// SPDX-License-Identifier: Apache-2.0
// What Redis says: a small tree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::policy {

struct RedisReply {
  enum class Kind : std::uint8_t { kNil, kText, kInteger, kList, kError };
  Kind kind = Kind::kNil;
  std::string text;  // kText (bytes, may hold anything), kError
  std::int64_t integer = 0;
  std::vector<RedisReply> items;
};

}  // namespace weir::policy
