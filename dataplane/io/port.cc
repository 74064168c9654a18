// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/port.h"

#include <fmt/format.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "dataplane/io/eal.h"
#include "dataplane/io/packet_pool.h"

namespace weir::dataplane {
namespace {

constexpr std::uint16_t kDescriptors = 1'024;  // per queue; the driver rounds it to what it has

std::string device_name(const std::string& device) { return device.substr(0, device.find(',')); }

constexpr std::size_t kRssKeyBytesMax = 256;  // longer than any driver's

/// What is asked of the port, cut to what it says it can do. `key` outlives the configuration.
rte_eth_conf port_configuration(const rte_eth_dev_info& info, PortSide side, std::span<std::uint8_t> key) {
  rte_eth_conf conf{};
  // The address that stays the same for both directions of an inside host's flows.
  const std::uint64_t side_bit =
      side == PortSide::kInside ? RTE_ETH_RSS_L3_SRC_ONLY : RTE_ETH_RSS_L3_DST_ONLY;
  const bool by_host = (side_bit & info.flow_type_rss_offloads) != 0;
  // Else both addresses, but no ports: fragments stay in line with the rest of their flow.
  const std::uint64_t wanted =
      RTE_ETH_RSS_IP | (by_host ? side_bit | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP : 0ULL);
  if ((RTE_ETH_RSS_IP & info.flow_type_rss_offloads) != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = wanted & info.flow_type_rss_offloads;
    if (info.hash_key_size > 0 && info.hash_key_size <= key.size()) {
      conf.rx_adv_conf.rss_conf.rss_key = key.data();
      conf.rx_adv_conf.rss_conf.rss_key_len = info.hash_key_size;
    }
  }
  conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_CHECKSUM;
  conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
  return conf;
}

/// A table that gives each bucket to its worker's queue. A port that has none, or refuses it, spreads as it
/// likes: the workers look at every packet anyway.
bool set_table(std::uint16_t id, const rte_eth_dev_info& info, const Steering& steering) {
  if (info.reta_size == 0) return false;
  const auto groups = (info.reta_size + RTE_ETH_RETA_GROUP_SIZE - 1U) / RTE_ETH_RETA_GROUP_SIZE;
  std::vector<rte_eth_rss_reta_entry64> table(groups);
  for (std::uint32_t entry = 0; entry < info.reta_size; ++entry) {
    rte_eth_rss_reta_entry64& group = table[entry / RTE_ETH_RETA_GROUP_SIZE];
    group.mask |= 1ULL << (entry % RTE_ETH_RETA_GROUP_SIZE);
    group.reta[entry % RTE_ETH_RETA_GROUP_SIZE] =
        static_cast<std::uint16_t>(steering.owner(entry % kSteeringBuckets));
  }
  return rte_eth_dev_rss_reta_update(id, table.data(), info.reta_size) == 0;
}

/// Buffers for more than an ordinary frame are there to be used: the port's MTU is raised to what they and
/// the device hold. A port that refuses keeps the MTU it has, which is told with it.
void take_long_frames(std::uint16_t id, const rte_eth_dev_info& info, rte_mempool* packets) {
  constexpr std::uint32_t kLinkBytes = 14 + 3 * 4;  // Ethernet and three VLAN tags, which no MTU counts
  const std::uint32_t frame_bytes = rte_pktmbuf_data_room_size(packets) - RTE_PKTMBUF_HEADROOM;
  if (frame_bytes <= kPacketBufferBytes) return;
  const auto mtu =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(frame_bytes - kLinkBytes, info.max_mtu));
  static_cast<void>(rte_eth_dev_set_mtu(id, mtu));
}

}  // namespace

Result<std::unique_ptr<Port>> Port::open(const std::string& device, PortSide side, rte_mempool* packets,
                                         const Steering& steering) {
  const bool pci = is_pci_address(device);
  std::uint16_t id = 0;
  // What exists already is taken as it is (rings that a program made for itself).
  if (!pci && rte_eth_dev_get_port_by_name(device_name(device).c_str(), &id) != 0) {
    const int made = rte_dev_probe(device.c_str());
    if (made < 0) {
      return failure(ErrorCode::kUnavailable,
                     fmt::format("port '{}' cannot be made: {}", device, rte_strerror(-made)),
                     "check the driver's name and its interface or file");
    }
  }
  if (rte_eth_dev_get_port_by_name(device_name(device).c_str(), &id) != 0) {
    return failure(ErrorCode::kUnavailable, fmt::format("port '{}' does not exist", device),
                   pci ? "write the full address such as 0000:03:00.0 and bind the device to vfio-pci"
                       : "write a virtual device such as net_af_packet0,iface=eth0");
  }
  std::unique_ptr<Port> port(new Port(device, id));
  if (auto started = port->start(side, packets, steering); !started) {
    return tl::unexpected(started.error());
  }
  return port;
}

Error Port::refused(const char* what, int error) const {
  return {ErrorCode::kSystem,
          fmt::format("port '{}' refuses {}: {}", device_, what, rte_strerror(-error)),
          {},
          {}};
}

Result<void> Port::start(PortSide side, rte_mempool* packets, const Steering& steering) {
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(id_, &info); error != 0)
    return tl::unexpected(refused("to say what it is", error));
  driver_ = info.driver_name == nullptr ? "" : info.driver_name;

  std::array<std::uint8_t, kRssKeyBytesMax> key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::uint8_t>(i % 2 == 0 ? kSteeringKey >> 8U : kSteeringKey & 0xffU);
  }
  rte_eth_conf conf = port_configuration(info, side, key);
  // More than one queue is of use only where the port itself spreads packets over them: by RSS, or a virtual
  // device that was made with several.
  const bool is_virtual = !is_pci_address(device_);
  if (is_virtual || conf.rx_adv_conf.rss_conf.rss_hf != 0) {
    queues_ = static_cast<std::uint16_t>(
        std::min<std::uint32_t>({steering.workers(), info.max_rx_queues, info.max_tx_queues}));
  }
  int error = rte_eth_dev_configure(id_, queues_, queues_, &conf);
  if (error != 0) {  // some drivers offer what they then refuse; a plain port is enough
    conf = rte_eth_conf{};
    queues_ = 1;
    error = rte_eth_dev_configure(id_, queues_, queues_, &conf);
  }
  if (error != 0) return tl::unexpected(refused("its configuration", error));
  const std::uint64_t l4_sums = RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
  verifies_checksums_ = (conf.rxmode.offloads & l4_sums) == l4_sums;

  take_long_frames(id_, info, packets);
  if (auto started = start_queues(packets); !started) return started;
  const bool spreads_by_host =
      (conf.rx_adv_conf.rss_conf.rss_hf & (RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L3_DST_ONLY)) != 0;
  const bool table = queues_ > 1 && queues_ == steering.workers() && set_table(id_, info, steering);
  host_affinity_ = spreads_by_host && (queues_ == 1 || table);
  // A bridge takes every frame. Virtual devices without the notion already do.
  error = rte_eth_promiscuous_enable(id_);
  if (error != 0 && error != -ENOTSUP) return tl::unexpected(refused("promiscuous mode", error));
  static_cast<void>(rte_eth_dev_get_mtu(id_, &mtu_bytes_));
  return {};
}

Result<void> Port::start_queues(rte_mempool* packets) {
  std::uint16_t receive_descriptors = kDescriptors;
  std::uint16_t send_descriptors = kDescriptors;
  int error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive_descriptors, &send_descriptors);
  if (error != 0) return tl::unexpected(refused("its descriptors", error));
  const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(id_));
  for (std::uint16_t queue = 0; queue < queues_; ++queue) {
    error = rte_eth_rx_queue_setup(id_, queue, receive_descriptors, socket, nullptr, packets);
    if (error != 0) return tl::unexpected(refused("a receive queue", error));
    error = rte_eth_tx_queue_setup(id_, queue, send_descriptors, socket, nullptr);
    if (error != 0) return tl::unexpected(refused("a send queue", error));
  }
  error = rte_eth_dev_start(id_);
  if (error != 0) return tl::unexpected(refused("to start", error));
  return {};
}

Port::~Port() {
  static_cast<void>(rte_eth_dev_stop(id_));
  static_cast<void>(rte_eth_dev_close(id_));
}

std::uint16_t Port::receive(rte_mbuf** packets, std::uint16_t count, std::uint16_t queue) noexcept {
  return rte_eth_rx_burst(id_, queue, packets, count);
}

std::uint16_t Port::send(rte_mbuf** packets, std::uint16_t count, std::uint16_t queue) noexcept {
  return rte_eth_tx_burst(id_, queue, packets, count);
}

PortState Port::state() const {
  PortState state;
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) == 0) {
    state.link_up = link.link_status == RTE_ETH_LINK_UP;
    state.link_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
  }
  rte_eth_stats stats{};
  if (rte_eth_stats_get(id_, &stats) == 0) {
    state.missed = stats.imissed;
    state.no_buffer = stats.rx_nombuf;
    state.bad_frames = stats.ierrors;
  }
  return state;
}

}  // namespace weir::dataplane
