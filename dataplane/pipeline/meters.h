// SPDX-License-Identifier: Apache-2.0
// Rates that verdicts set: one meter for a flow, or one for all limited flows of a client. Single rate,
// colour blind (RFC 2697 as rte_meter does it, without an excess bucket): what does not fit is for the caller
// to drop. Fixed size; where there is no meter left a flow is not limited, which the caller counts.
#pragma once

#include <rte_meter.h>

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/flow/index_map.h"
#include "policy/model/time.h"

namespace weir::dataplane {

/// The inside end of a flow.
struct ClientKey {
  std::array<std::uint8_t, 16> address{};  // IPv4 as ::ffff:a.b.c.d
  std::uint16_t vlan = 0;
  std::uint16_t pair = 0;
  bool operator==(const ClientKey&) const = default;
};
struct ClientHash {
  std::uint32_t seed = 0;  // clients choose their addresses
  std::uint32_t operator()(const ClientKey& key) const noexcept;
};

class Meters {
 public:
  /// `meters` rates over `flows` limited flows.
  Meters(std::uint32_t meters, std::uint32_t flows, std::uint32_t hash_seed);

  /// From now on the flow's packets count against `bytes_s` (not 0) of frame bytes, both directions together;
  /// with a client against the one meter of that client, whose rate this sets. A meter starts full. False
  /// when there is no room: the flow is not limited.
  [[nodiscard]] bool limit(std::uint32_t slot, const ClientKey* client, std::uint32_t bytes_s,
                           TimeNs now) noexcept;
  /// The flow is not limited any more. The last one takes its meter with it.
  void release(std::uint32_t slot) noexcept;
  /// Whether a packet of a limited flow fits the rate; counts it if so.
  [[nodiscard]] bool admits(std::uint32_t slot, std::uint32_t bytes, TimeNs now) noexcept;

  /// The clock was set by `step`.
  void shift_time(TimeNs step) noexcept;
  [[nodiscard]] std::uint32_t in_use() const noexcept { return used_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Meter {
    rte_meter_srtcm_profile profile{};
    rte_meter_srtcm state{};
    ClientKey client;
    std::uint32_t bytes_s = 0;
    std::uint32_t flows = 0;
    std::uint32_t next_free = kNoIndex;
    bool shared = false;
  };
  [[nodiscard]] std::uint32_t take() noexcept;
  void set_rate(Meter& meter, std::uint32_t bytes_s, TimeNs now) noexcept;

  std::vector<Meter> meters_;
  IndexMap<std::uint32_t, SlotHash> by_slot_;
  IndexMap<ClientKey, ClientHash> by_client_;
  std::uint32_t free_ = kNoIndex;
  std::uint32_t used_ = 0;
};

}  // namespace weir::dataplane
