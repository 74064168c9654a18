// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/cluster_slots.h"

#include <algorithm>
#include <charconv>

namespace weir::policy {
namespace {

using Kind = RedisReply::Kind;

tl::unexpected<Error> not_slots() {
  return failure(ErrorCode::kCorrupt, "Redis answered CLUSTER SLOTS in a form that is not known");
}

/// Redis leaves a host out, or says "?", where it does not know its own.
std::optional<SocketAddress> address_of(std::string_view host, std::int64_t port,
                                        const SocketAddress& asked) {
  if (port < 1 || port > 65'535) return std::nullopt;
  SocketAddress address{asked.address, static_cast<std::uint16_t>(port)};
  if (host.empty() || host == "?") return address;
  const auto parsed = IpAddress::parse(host);
  if (!parsed) return std::nullopt;
  address.address = *parsed;
  return address;
}

/// "3999 127.0.0.1:6381", behind MOVED or ASK; an IPv6 address has no brackets.
std::optional<SocketAddress> redirect_target(std::string_view words, const SocketAddress& asked) {
  const std::size_t blank = words.find(' ');
  const std::size_t colon = words.rfind(':');
  if (blank == std::string_view::npos || colon == std::string_view::npos || colon < blank)
    return std::nullopt;
  const std::string_view port_text = words.substr(colon + 1);
  std::int64_t port = 0;
  const auto [stopped, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc{} || stopped != port_text.data() + port_text.size()) return std::nullopt;
  return address_of(words.substr(blank + 1, colon - blank - 1), port, asked);
}

}  // namespace

std::uint16_t key_slot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  unsigned crc = 0;
  for (const char c : key) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8U;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
  }
  return static_cast<std::uint16_t>((crc & 0xffffU) % kClusterSlots);
}

std::optional<std::string_view> key_of(std::span<const std::string_view> command) {
  if (command.size() < 2) return std::nullopt;
  std::size_t at = 1;
  if (command[0] == "XREAD" || command[0] == "XREADGROUP") {
    const auto streams = std::ranges::find(command, "STREAMS");
    at = static_cast<std::size_t>(streams - command.begin()) + 1;
  } else if (command[0] == "XGROUP" || command[0] == "XINFO" || command[0] == "MEMORY") {
    at = 2;
  }
  return at < command.size() ? std::optional{command[at]} : std::nullopt;
}

Result<SlotMap> SlotMap::parse(const RedisReply& reply, const SocketAddress& asked) {
  if (reply.kind != Kind::kList) return not_slots();
  SlotMap map;
  for (const RedisReply& range : reply.items) {
    if (range.items.size() < 3 || range.items[2].items.size() < 2) return not_slots();
    const std::int64_t first = range.items[0].integer;
    const std::int64_t last = range.items[1].integer;
    if (first < 0 || last < first || last >= kClusterSlots) return not_slots();
    const RedisReply& node = range.items[2];  // its replicas follow
    const auto master = address_of(node.items[0].text, node.items[1].integer, asked);
    if (!master) return not_slots();
    auto known = std::ranges::find(map.masters_, *master);
    if (known == map.masters_.end()) {
      if (map.masters_.size() >= kClusterMastersMax) return not_slots();
      known = map.masters_.insert(known, *master);
    }
    const auto index = static_cast<std::uint16_t>(known - map.masters_.begin());
    std::fill(map.owners_.begin() + first, map.owners_.begin() + last + 1, index);
  }
  if (map.masters_.empty())
    return failure(ErrorCode::kUnavailable, "the Redis Cluster has nobody for any slot",
                   "join its nodes: redis-cli --cluster check");
  return map;
}

const SocketAddress* SlotMap::master_of(std::uint16_t slot) const {
  if (slot >= kClusterSlots || owners_[slot] == kNobody) return nullptr;
  return &masters_[owners_[slot]];
}

Redirect redirect_of(const RedisReply& reply, const SocketAddress& asked) {
  if (reply.kind != Kind::kError) return {};
  const std::string_view words = reply.text;
  for (const std::string_view later :
       {"TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "NOREPLICAS", "UNBLOCKED"}) {
    if (words.starts_with(later)) return {Redirect::Kind::kLater, {}};
  }
  for (const auto& [word, kind] : {std::pair{std::string_view{"MOVED "}, Redirect::Kind::kMoved},
                                   std::pair{std::string_view{"ASK "}, Redirect::Kind::kAsk}}) {
    if (!words.starts_with(word)) continue;
    const auto target = redirect_target(words.substr(word.size()), asked);
    return target ? Redirect{kind, *target} : Redirect{Redirect::Kind::kLater, {}};
  }
  return {};
}

}  // namespace weir::policy
