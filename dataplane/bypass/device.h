// SPDX-License-Identifier: Apache-2.0
// What a DPDK device is to the kernel, read from the text of the settings alone.
#pragma once

#include <cstdint>
#include <string>

namespace weir::dataplane {

enum class DeviceKind : std::uint8_t {
  kAfXdp,     // net_af_xdp: the interface stays the kernel's, XDP takes its frames
  kAfPacket,  // net_af_packet: the interface stays the kernel's and sees every frame too
  kPci,       // the device is taken from the kernel (vfio-pci), or shared with it (mlx5)
  kOther,     // nothing that the kernel could bridge
};

struct Device {
  DeviceKind kind = DeviceKind::kOther;
  std::string place;  // the interface's name, or the full PCI address; empty: not known
};

[[nodiscard]] Device parse_device(const std::string& text);

}  // namespace weir::dataplane
