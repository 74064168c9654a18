// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/port.h"

#include <fmt/format.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <cstdlib>

#include "dataplane/io/eal.h"

namespace weir::dataplane {
namespace {

constexpr std::uint16_t kDescriptors = 1'024;  // per queue; the driver rounds it to what it has

std::string device_name(const std::string& device) { return device.substr(0, device.find(',')); }

/// What is asked of the port, cut to what it says it can do.
rte_eth_conf port_configuration(const rte_eth_dev_info& info, PortSide side) {
  rte_eth_conf conf{};
  // The address that stays the same for both directions of an inside host's flows.
  const std::uint64_t side_bit =
      side == PortSide::kInside ? RTE_ETH_RSS_L3_SRC_ONLY : RTE_ETH_RSS_L3_DST_ONLY;
  const std::uint64_t ip = (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6) & info.flow_type_rss_offloads;
  if (ip != 0 && (info.flow_type_rss_offloads & side_bit) != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = ip | side_bit;
  }
  conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_CHECKSUM;
  conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
  return conf;
}

}  // namespace

Result<std::unique_ptr<Port>> Port::open(const std::string& device, PortSide side, rte_mempool* packets) {
  const bool pci = is_pci_address(device);
  if (!pci) {
    const int made = rte_dev_probe(device.c_str());
    if (made < 0) {
      return failure(ErrorCode::kUnavailable,
                     fmt::format("port '{}' cannot be made: {}", device, rte_strerror(-made)),
                     "check the driver's name and its interface or file");
    }
  }
  std::uint16_t id = 0;
  if (rte_eth_dev_get_port_by_name(device_name(device).c_str(), &id) != 0) {
    return failure(ErrorCode::kUnavailable, fmt::format("port '{}' does not exist", device),
                   pci ? "write the full address such as 0000:03:00.0 and bind the device to vfio-pci"
                       : "write a virtual device such as net_af_packet0,iface=eth0");
  }
  std::unique_ptr<Port> port(new Port(device, id, !pci));
  if (auto started = port->start(side, packets); !started) {
    return tl::unexpected(started.error());
  }
  return port;
}

Result<void> Port::start(PortSide side, rte_mempool* packets) {
  const auto refused = [this](const char* what, int error) {
    return failure(ErrorCode::kSystem,
                   fmt::format("port '{}' refuses {}: {}", device_, what, rte_strerror(-error)));
  };
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(id_, &info); error != 0)
    return refused("to say what it is", error);
  driver_ = info.driver_name == nullptr ? "" : info.driver_name;

  rte_eth_conf conf = port_configuration(info, side);
  int error = rte_eth_dev_configure(id_, 1, 1, &conf);
  if (error != 0) {  // some drivers offer what they then refuse; a plain port is enough for one worker
    conf = rte_eth_conf{};
    error = rte_eth_dev_configure(id_, 1, 1, &conf);
  }
  if (error != 0) return refused("its configuration", error);
  host_affinity_ = conf.rx_adv_conf.rss_conf.rss_hf != 0;
  const std::uint64_t l4_sums = RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
  verifies_checksums_ = (conf.rxmode.offloads & l4_sums) == l4_sums;

  std::uint16_t receive_descriptors = kDescriptors;
  std::uint16_t send_descriptors = kDescriptors;
  error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive_descriptors, &send_descriptors);
  if (error != 0) return refused("its descriptors", error);
  const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(id_));
  error = rte_eth_rx_queue_setup(id_, 0, receive_descriptors, socket, nullptr, packets);
  if (error != 0) return refused("a receive queue", error);
  error = rte_eth_tx_queue_setup(id_, 0, send_descriptors, socket, nullptr);
  if (error != 0) return refused("a send queue", error);
  error = rte_eth_dev_start(id_);
  if (error != 0) return refused("to start", error);
  // A bridge takes every frame. Virtual devices without the notion already do.
  error = rte_eth_promiscuous_enable(id_);
  if (error != 0 && error != -ENOTSUP) return refused("promiscuous mode", error);
  static_cast<void>(rte_eth_dev_get_mtu(id_, &mtu_bytes_));
  return {};
}

Port::~Port() {
  static_cast<void>(rte_eth_dev_stop(id_));
  static_cast<void>(rte_eth_dev_close(id_));
}

std::uint16_t Port::receive(rte_mbuf** packets, std::uint16_t count) noexcept {
  return rte_eth_rx_burst(id_, 0, packets, count);
}

std::uint16_t Port::send(rte_mbuf** packets, std::uint16_t count) noexcept {
  return rte_eth_tx_burst(id_, 0, packets, count);
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
