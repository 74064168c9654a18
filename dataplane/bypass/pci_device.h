// SPDX-License-Identifier: Apache-2.0
// Gives a PCI device to the kernel's network driver and back to vfio-pci, through sysfs. `sysfs` is where
// that is mounted, so that a test can have one of its own. Drivers that share a device with the kernel (mlx5)
// are left alone: their interface is always there.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "policy/model/error.h"

namespace weir::dataplane {

inline constexpr std::chrono::milliseconds kInterfacePatience{5'000};  // until a driver made its interface

class PciDevice {
 public:
  /// `address`: "0000:03:00.0".
  PciDevice(std::string sysfs, std::string address)
      : sysfs_(std::move(sysfs)), address_(std::move(address)) {}

  /// The driver it is bound to; empty: none.
  [[nodiscard]] std::string driver() const;
  /// The kernel's interface of this device; nullopt: it has none now.
  [[nodiscard]] std::optional<std::string> interface() const;

  /// Binds it to the driver that the kernel itself would choose; the name of its interface.
  [[nodiscard]] Result<std::string> give_to_kernel(
      std::chrono::milliseconds patience = kInterfacePatience) const;
  /// Binds it to vfio-pci, unless its driver shares it.
  [[nodiscard]] Result<void> give_to_user() const;

 private:
  [[nodiscard]] std::string path(const std::string& file) const {
    return sysfs_ + "/bus/pci/devices/" + address_ + "/" + file;
  }
  [[nodiscard]] Result<void> rebind(const std::string& override_with) const;

  std::string sysfs_;
  std::string address_;
};

}  // namespace weir::dataplane
