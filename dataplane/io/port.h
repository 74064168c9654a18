// SPDX-License-Identifier: Apache-2.0
// One port of a pair: any DPDK ethdev. What it can do is asked, never assumed. Receiving and sending by a
// queue are for the one worker that owns the queue; `state` may be called by the control thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dataplane/packet/steering.h"
#include "policy/model/error.h"

struct rte_mbuf;
struct rte_mempool;

namespace weir::dataplane {

enum class PortSide : std::uint8_t { kInside, kOutside };

struct PortState {
  bool link_up = false;
  std::uint32_t link_mbps = 0;   // 0: not known
  std::uint64_t missed = 0;      // frames the device dropped because Weir did not fetch them in time
  std::uint64_t no_buffer = 0;   // frames the device dropped because the packet pool was empty
  std::uint64_t bad_frames = 0;  // frames the device found damaged
};

class Port {
 public:
  /// Makes (a virtual device) or takes (a PCI device) the port and starts it, with a queue for each worker
  /// where it has as many; where it can, it spreads packets over them as `steering` does.
  [[nodiscard]] static Result<std::unique_ptr<Port>> open(const std::string& device, PortSide side,
                                                          rte_mempool* packets,
                                                          const Steering& steering = Steering(1));
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// Bursts; the number of packets received, or taken over for sending.
  [[nodiscard]] std::uint16_t receive(rte_mbuf** packets, std::uint16_t count,
                                      std::uint16_t queue = 0) noexcept;
  [[nodiscard]] std::uint16_t send(rte_mbuf** packets, std::uint16_t count, std::uint16_t queue = 0) noexcept;

  [[nodiscard]] PortState state() const;
  [[nodiscard]] const std::string& device() const { return device_; }
  [[nodiscard]] const std::string& driver() const { return driver_; }
  [[nodiscard]] std::uint16_t mtu_bytes() const { return mtu_bytes_; }
  /// Of each kind, for receiving and sending; at most the number of workers.
  [[nodiscard]] std::uint16_t queues() const { return queues_; }
  /// The port spreads packets over queues by the inside address alone, so that few need to be handed over.
  [[nodiscard]] bool has_host_affinity() const { return host_affinity_; }
  [[nodiscard]] bool verifies_checksums() const { return verifies_checksums_; }

 private:
  Port(std::string device, std::uint16_t id) : device_(std::move(device)), id_(id) {}
  [[nodiscard]] Result<void> start(PortSide side, rte_mempool* packets, const Steering& steering);
  [[nodiscard]] Result<void> start_queues(rte_mempool* packets);
  [[nodiscard]] Error refused(const char* what, int error) const;

  std::string device_;
  std::string driver_;
  std::uint16_t id_;
  std::uint16_t mtu_bytes_ = 0;
  std::uint16_t queues_ = 1;
  bool host_affinity_ = false;
  bool verifies_checksums_ = false;
};

}  // namespace weir::dataplane
