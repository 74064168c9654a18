// SPDX-License-Identifier: Apache-2.0
// A PCI device changes hands, on a sysfs of the test's own. Files stand for attributes, so what was written
// last is what they hold; nobody probes, so the driver link is the test's to move.
#include "dataplane/bypass/pci_device.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "dataplane/bypass/device.h"
#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAddress = "0000:03:00.0";

class PciDeviceTest : public testing::Test {
 protected:
  PciDeviceTest() {
    fs::create_directories(device_);
    for (const char* driver : {"vfio-pci", "ixgbe", "mlx5_core"}) {
      fs::create_directories(pci_ / "drivers" / driver);
      write(pci_ / "drivers" / driver / "unbind", "");
    }
    write(pci_ / "drivers_probe", "");
    write(device_ / "driver_override", "");
  }
  void bind(const std::string& driver) {
    fs::remove(device_ / "driver");
    if (!driver.empty()) fs::create_directory_symlink(pci_ / "drivers" / driver, device_ / "driver");
  }
  static void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }
  static std::string read(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  test::TemporaryDirectory root_;
  fs::path pci_ = fs::path(root_.path()) / "bus/pci";
  fs::path device_ = pci_ / "devices" / kAddress;
  PciDevice pci_device_{root_.path(), kAddress};
};

TEST_F(PciDeviceTest, FromVfioToTheKernel) {
  bind("vfio-pci");
  fs::create_directories(device_ / "net/ens3f0");  // as the driver does after the probe
  const auto interface = pci_device_.give_to_kernel();
  ASSERT_TRUE(interface) << to_text(interface.error());
  EXPECT_EQ(*interface, "ens3f0");
  EXPECT_EQ(read(device_ / "driver_override"), "\n") << "the kernel chooses";
  EXPECT_EQ(read(pci_ / "drivers/vfio-pci/unbind"), kAddress);
  EXPECT_EQ(read(pci_ / "drivers_probe"), kAddress);
}

TEST_F(PciDeviceTest, AlreadyTheKernelsIsLeftAlone) {
  bind("ixgbe");
  fs::create_directories(device_ / "net/ens3f0");
  EXPECT_EQ(*pci_device_.give_to_kernel(), "ens3f0");
  EXPECT_EQ(read(pci_ / "drivers/ixgbe/unbind"), "");
  EXPECT_EQ(read(pci_ / "drivers_probe"), "");
}

TEST_F(PciDeviceTest, ADriverThatMakesNoInterfaceIsSaid) {
  bind("");
  const auto interface = pci_device_.give_to_kernel(std::chrono::milliseconds(1));
  ASSERT_FALSE(interface);
  EXPECT_NE(interface.error().what.find(kAddress), std::string::npos);
  EXPECT_EQ(read(pci_ / "drivers_probe"), kAddress) << "it was tried";
}

TEST_F(PciDeviceTest, FromTheKernelToVfio) {
  bind("ixgbe");
  ASSERT_TRUE(pci_device_.give_to_user());
  EXPECT_EQ(read(device_ / "driver_override"), "vfio-pci");
  EXPECT_EQ(read(pci_ / "drivers/ixgbe/unbind"), kAddress);
  EXPECT_EQ(read(pci_ / "drivers_probe"), kAddress);
}

TEST_F(PciDeviceTest, WhatIsTheUsersOrSharedStays) {
  for (const char* driver : {"vfio-pci", "mlx5_core"}) {
    bind(driver);
    ASSERT_TRUE(pci_device_.give_to_user());
    EXPECT_EQ(read(pci_ / "drivers" / driver / "unbind"), "") << driver;
  }
}

TEST_F(PciDeviceTest, ADeviceThatIsNotThereIsAnError) {
  EXPECT_FALSE(PciDevice(root_.path(), "0000:04:00.0").give_to_user());
}

TEST(Device, IsReadFromWhatDpdkCallsIt) {
  EXPECT_EQ(parse_device("0000:03:00.1").kind, DeviceKind::kPci);
  EXPECT_EQ(parse_device("03:00.1,option=1").place, "0000:03:00.1");
  const Device xdp = parse_device("net_af_xdp0,iface=lan0,queue_count=2");
  EXPECT_EQ(xdp.kind, DeviceKind::kAfXdp);
  EXPECT_EQ(xdp.place, "lan0");
  EXPECT_EQ(parse_device("net_af_packet1,framecnt=4096,iface=wan0").place, "wan0");
  EXPECT_EQ(parse_device("net_null0,size=64").kind, DeviceKind::kOther);
  EXPECT_EQ(parse_device("net_af_packet0").kind, DeviceKind::kOther) << "no interface";
}

}  // namespace
}  // namespace weir::dataplane
