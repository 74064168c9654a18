// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/stream_groups.h"

namespace weir::policy {

Result<std::vector<std::string>> groups_of(RedisConnection& connection, const std::string& stream) {
  const auto reply = connection.command({"XINFO", "GROUPS", stream});
  if (!reply && reply.error().what.starts_with("ERR no such key")) return std::vector<std::string>{};
  if (!reply) return tl::unexpected(reply.error());
  std::vector<std::string> names;
  for (const RedisReply& group : reply->items) {
    for (std::size_t i = 0; i + 1 < group.items.size(); i += 2) {
      if (group.items[i].text == "name") names.push_back(group.items[i + 1].text);
    }
  }
  return names;
}

Result<void> remove_group(RedisConnection& connection, const std::string& stream, const std::string& group) {
  const auto reply = connection.command({"XGROUP", "DESTROY", stream, group});
  if (!reply) return tl::unexpected(reply.error());
  return {};
}

}  // namespace weir::policy
