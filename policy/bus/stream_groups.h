// SPDX-License-Identifier: Apache-2.0
// Which consumer groups a stream has, and the end of one.
#pragma once

#include <string>
#include <vector>

#include "policy/bus/redis_connection.h"

namespace weir::policy {

/// Their names; none where there is no such stream.
[[nodiscard]] Result<std::vector<std::string>> groups_of(RedisConnection& connection,
                                                         const std::string& stream);
/// With it goes what it owes.
[[nodiscard]] Result<void> remove_group(RedisConnection& connection, const std::string& stream,
                                        const std::string& group);

}  // namespace weir::policy
