// SPDX-License-Identifier: Apache-2.0
// Which flow streams there are in a Redis that several appliances share: each publisher says its own in the
// set weir:streams, engines look there. What a classifier says is checked: nothing but names of flow streams
// comes back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/bus/redis_connection.h"

namespace weir::policy {

inline constexpr std::size_t kStreamsMax = 256;       // that a reader follows
inline constexpr std::size_t kAnnouncedMax = 65'536;  // names in the set that are looked at

/// Another Redis than the appliance's own, which others use too.
[[nodiscard]] inline bool is_shared(const RedisSettings& settings) { return !settings.nodes.empty(); }
/// The stream of a worker of this appliance: weir:flows:0, in a shared Redis weir:flows:{APPLIANCE:0}.
[[nodiscard]] std::string flow_stream(const Settings& settings, unsigned worker);
/// Those of all its workers.
[[nodiscard]] std::vector<std::string> flow_streams(const Settings& settings);

/// Once more is no harm.
[[nodiscard]] Result<void> announce(RedisConnection& connection, std::string_view stream);

/// Whose streams: everybody's, or these appliances'.
struct Appliances {
  bool all = true;
  std::vector<std::string> named{};

  [[nodiscard]] bool has(std::string_view appliance) const;
};
[[nodiscard]] Appliances appliances_of(const RedisSettings& settings);

struct Announced {
  std::vector<std::string> streams;  // by name, at most kStreamsMax
  std::uint64_t left_out = 0;        // further ones
};
/// Names of flow streams of shared kind, of these appliances; others are passed over.
[[nodiscard]] Result<Announced> announced(RedisConnection& connection, const Appliances& appliances);
/// The appliance of weir:flows:{APPLIANCE:N}; empty: it is not the name of such a stream.
[[nodiscard]] std::string_view appliance_of(std::string_view stream);

}  // namespace weir::policy
