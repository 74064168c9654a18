// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/stream_registry.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "policy/bus/streams.h"
#include "policy/model/settings_table.h"

namespace weir::policy {

std::string flow_stream(const Settings& settings, unsigned worker) {
  return is_shared(settings.redis) ? flow_stream(settings.appliance, worker) : flow_stream(worker);
}

std::vector<std::string> flow_streams(const Settings& settings) {
  std::vector<std::string> streams;
  for (unsigned worker = 0; worker < settings.workers; ++worker)
    streams.push_back(flow_stream(settings, worker));
  return streams;
}

Result<void> announce(RedisConnection& connection, std::string_view stream) {
  const auto reply = connection.command({"SADD", kStreamRegistry, stream});
  if (!reply) return tl::unexpected(reply.error());
  return {};
}

bool Appliances::has(std::string_view appliance) const {
  return all || std::ranges::find(named, appliance) != named.end();
}

Appliances appliances_of(const RedisSettings& settings) {
  Appliances appliances;
  appliances.all = settings.appliances == "all";
  if (appliances.all) return appliances;
  for (const std::string_view name : comma_separated(settings.appliances))
    appliances.named.emplace_back(name);
  return appliances;
}

std::string_view appliance_of(std::string_view stream) {
  if (!stream.starts_with(kFlowStreamPrefix)) return {};
  stream.remove_prefix(kFlowStreamPrefix.size());
  const std::size_t colon = stream.find(':');
  if (!stream.starts_with('{') || !stream.ends_with('}') || colon == std::string_view::npos) return {};
  const std::string_view appliance = stream.substr(1, colon - 1);
  const std::string_view number = stream.substr(colon + 1, stream.size() - colon - 2);
  unsigned worker = 0;
  const auto [stopped, error] = std::from_chars(number.data(), number.data() + number.size(), worker);
  const bool plain = error == std::errc{} && worker < kWorkersMax && number == std::to_string(worker);
  if (!plain || appliance.size() > kApplianceNameBytesMax ||
      appliance.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string_view::npos)
    return {};
  return appliance;
}

Result<Announced> announced(RedisConnection& connection, const Appliances& appliances) {
  std::set<std::string> names;
  std::string cursor = "0";
  std::size_t looked_at = 0;
  Announced found;
  do {
    const auto reply = connection.command({"SSCAN", kStreamRegistry, cursor, "COUNT", "512"});
    if (!reply) return tl::unexpected(reply.error());
    if (reply->items.size() != 2)
      return failure(ErrorCode::kCorrupt, "Redis answered SSCAN in a form that is not known");
    cursor = reply->items[0].text;
    for (const RedisReply& name : reply->items[1].items) {
      ++looked_at;
      const std::string_view appliance = appliance_of(name.text);
      if (!appliance.empty() && appliances.has(appliance)) names.insert(name.text);
    }
  } while (cursor != "0" && looked_at < kAnnouncedMax);
  for (const std::string& name : names) {
    if (found.streams.size() < kStreamsMax) {
      found.streams.push_back(name);
    } else {
      ++found.left_out;
    }
  }
  return found;
}

}  // namespace weir::policy
