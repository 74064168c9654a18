// SPDX-License-Identifier: Apache-2.0
// Which node of a Redis Cluster has a key: 16,384 slots, and how Redis says that it is another node than
// thought (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/). Pure; no connection.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "policy/bus/redis_reply.h"
#include "policy/model/error.h"
#include "policy/model/socket_address.h"

namespace weir::policy {

inline constexpr std::uint16_t kClusterSlots = 16'384;
inline constexpr std::size_t kClusterMastersMax = 256;  // that a map of slots may name

/// CRC-16/XMODEM of the key modulo kClusterSlots; of a key with braces ("weir:flows:{north:0}") of what is
/// between the first "{" and the next "}", unless that is nothing.
[[nodiscard]] std::uint16_t key_slot(std::string_view key);

/// The key that decides where a command goes: the first stream of XREAD and XREADGROUP, the word behind the
/// subcommand of XGROUP and XINFO, else the first word. nullopt: any node may be asked.
[[nodiscard]] std::optional<std::string_view> key_of(std::span<const std::string_view> command);

class SlotMap {
 public:
  /// From the reply to CLUSTER SLOTS of `asked`, which is who is meant where the reply does not name a host.
  /// kCorrupt: not such a reply, a slot out of range, or more than kClusterMastersMax masters; kUnavailable:
  /// it knows of no slots.
  [[nodiscard]] static Result<SlotMap> parse(const RedisReply& reply, const SocketAddress& asked);

  /// nullptr: nobody serves the slot.
  [[nodiscard]] const SocketAddress* master_of(std::uint16_t slot) const;
  [[nodiscard]] const std::vector<SocketAddress>& masters() const { return masters_; }

 private:
  static constexpr std::uint16_t kNobody = 0xffff;
  SlotMap() : owners_(kClusterSlots, kNobody) {}

  std::vector<SocketAddress> masters_;
  std::vector<std::uint16_t> owners_;  // by slot: index into masters_
};

/// What a reply asks a client of a cluster to do.
struct Redirect {
  enum class Kind : std::uint8_t {
    kNone,   // it is the answer
    kMoved,  // ask `to`, which has the slot for good
    kAsk,    // ask `to`, this once
    kLater,  // nobody can answer now: TRYAGAIN, CLUSTERDOWN, LOADING, MASTERDOWN, NOREPLICAS, UNBLOCKED
  };
  Kind kind = Kind::kNone;
  SocketAddress to{};  // of kMoved and kAsk
};
/// `asked` gave the reply; it is meant where a redirection names no host. A redirection that cannot be read
/// is kLater.
[[nodiscard]] Redirect redirect_of(const RedisReply& reply, const SocketAddress& asked);

}  // namespace weir::policy
