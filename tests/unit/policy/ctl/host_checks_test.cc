// SPDX-License-Identifier: Apache-2.0
// What doctor says of hosts that are made up: folders that stand for /.
#include "policy/ctl/host_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A host on which nothing is wrong, with two ports on vfio-pci; a test breaks one thing of it.
class HostChecks : public ::testing::Test {
 protected:
  HostChecks() {
    settings_.pairs.resize(1);
    settings_.pairs[0].inside.device = "0000:03:00.0";
    settings_.pairs[0].outside.device = "03:00.1";
    file("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
    file("sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
    file("sys/class/iommu/dmar0/name", "");
    file("sys/module/vfio_pci/refcnt", "2\n");
    for (const std::string port : {"0000:03:00.0", "0000:03:00.1"}) {
      file("sys/bus/pci/devices/" + port + "/numa_node", "0\n");
      driver(port, "vfio-pci");
    }
    file("sys/devices/system/node/node0/cpulist", "0-1\n");
    file("sys/devices/system/node/node0/cpu0", "");
    file("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    file("sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet acpi_pm\n");
    file("run/systemd/timesync/synchronized", "");
  }
  void file(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path{home_.file(path)}.parent_path());
    std::ofstream(home_.file(path)) << text;
  }
  void gone(const std::string& path) const { fs::remove_all(home_.file(path)); }
  void driver(const std::string& port, const std::string& name) const {
    gone("sys/bus/pci/devices/" + port + "/driver");
    if (!name.empty()) {
      fs::create_symlink("../../../bus/pci/drivers/" + name,
                         home_.file("sys/bus/pci/devices/" + port + "/driver"));
    }
  }
  void second_node() const {
    file("sys/devices/system/node/node1/cpulist", "2-3\n");
    file("sys/devices/system/node/node1/cpu2", "");
  }
  void kernel_ports(const std::string& driver, const std::string& queues) {
    settings_.pairs[0].inside.device = driver + "0,iface=lan0" + queues;
    settings_.pairs[0].outside.device = driver + "1,iface=wan0" + queues;
    for (const std::string port : {"lan0", "wan0"}) {
      file("sys/class/net/" + port + "/operstate", "up\n");
      file("sys/class/net/" + port + "/queues/rx-0/rps_cpus", "");
    }
  }
  [[nodiscard]] HostCheck about(const std::string& what) const {
    for (const HostCheck& check : check_host(settings_, home_.path())) {
      if (check.about == what) return check;
    }
    return {"nothing about " + what, HostState::kUnknown, "", ""};
  }
  void expect(const std::string& what, HostState state, const std::string& words,
              const std::string& advice) const {
    const HostCheck check = about(what);
    EXPECT_EQ(check.state, state) << check.about << ": " << check.what;
    EXPECT_THAT(check.what, HasSubstr(words));
    EXPECT_THAT(check.advice, HasSubstr(advice));
  }

  Settings settings_;
  test::TemporaryDirectory home_;
};

TEST_F(HostChecks, OfAGoodHostNothingIsWrong) {
  for (const HostCheck& check : check_host(settings_, home_.path())) {
    EXPECT_EQ(check.state, HostState::kGood) << check.about << ": " << check.what;
    EXPECT_EQ(check.advice, "") << check.about;
  }
}

TEST_F(HostChecks, TooFewHugepagesAndHowManyItTakes) {
  EXPECT_EQ(packet_memory(settings_.memory) >> 20U, 100U);  // 16,384 buffers of 2,304 bytes, and 64 MiB
  file("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "49\n");
  expect("hugepages", HostState::kWrong, "98 MiB are reserved, the packet buffers need 100 MiB",
         "vm.nr_hugepages=50");
  file("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "50\n");
  expect("hugepages", HostState::kGood, "100 MiB", "");
  gone("sys/kernel/mm/hugepages");
  expect("hugepages", HostState::kWrong, "0 MiB are reserved", "kernel's arguments");
  settings_.memory.hugepages = false;
  expect("hugepages", HostState::kGood, "memory.hugepages is off", "");
}

TEST_F(HostChecks, NoIommu) {
  gone("sys/class/iommu");
  expect("iommu", HostState::kWrong, "there is none", "intel_iommu=on");
  kernel_ports("net_af_packet", "");
  expect("iommu", HostState::kGood, "no port is a PCI device", "");
}

TEST_F(HostChecks, APortOfTheKernelsDriver) {
  driver("0000:03:00.1", "ixgbe");
  expect("driver 03:00.1", HostState::kWrong, "bound to ixgbe",
         "dpdk-devbind.py --bind=vfio-pci 0000:03:00.1");
  expect("driver 0000:03:00.0", HostState::kGood, "vfio-pci", "");
  gone("sys/module/vfio_pci");
  expect("driver 03:00.1", HostState::kWrong, "ixgbe", "modprobe vfio-pci");
  driver("0000:03:00.1", "");
  expect("driver 03:00.1", HostState::kWrong, "bound to no driver", "devbind");
  driver("0000:03:00.1", "mlx5_core");
  expect("driver 03:00.1", HostState::kGood, "mlx5_core", "");
  gone("sys/bus/pci/devices/0000:03:00.1");
  expect("driver 03:00.1", HostState::kWrong, "no such device", "lspci");
}

TEST_F(HostChecks, AnInterfaceThatIsDownOrNotThere) {
  kernel_ports("net_af_packet", "");
  expect("driver net_af_packet0,iface=lan0", HostState::kGood, "lan0 is up", "");
  file("sys/class/net/lan0/operstate", "down\n");
  expect("driver net_af_packet0,iface=lan0", HostState::kWrong, "lan0 is down", "ip link set lan0 up");
  gone("sys/class/net/wan0");
  expect("driver net_af_packet1,iface=wan0", HostState::kWrong, "no interface wan0", "ip link");
}

TEST_F(HostChecks, PortsAndCoresOnOtherNodes) {
  second_node();
  settings_.cores = "0";
  expect("numa", HostState::kGood, "node 0", "");
  settings_.cores = "2";
  expect("numa", HostState::kWrong, "ports are on node 0, core 2 on node 1", "cores of 0-1");
  settings_.cores = "auto";
  expect("numa", HostState::kUnknown, "cores is auto", "cores of 0-1");
  file("sys/bus/pci/devices/0000:03:00.1/numa_node", "1\n");
  expect("numa", HostState::kWrong, "0000:03:00.0 is on node 0, 03:00.1 on node 1", "same processor");
}

TEST_F(HostChecks, FewerQueuesThanWorkers) {
  settings_.workers = 2;
  expect("rss 03:00.1", HostState::kUnknown, "once the data plane runs", "host_affinity");
  kernel_ports("net_af_xdp", ",queue_count=2");
  expect("rss net_af_xdp0,iface=lan0,queue_count=2", HostState::kWrong, "1 queues for 2 workers",
         "ethtool -L lan0 combined 2");
  file("sys/class/net/lan0/queues/rx-1/rps_cpus", "");
  expect("rss net_af_xdp0,iface=lan0,queue_count=2", HostState::kGood, "2 queues for 2 workers", "");
}

TEST_F(HostChecks, ASlowClockAndOneThatNobodySets) {
  file("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
  expect("clock source", HostState::kWrong, "hpet", "tsc hpet acpi_pm");
  gone("run/systemd/timesync");
  expect("clock", HostState::kWrong, "not synchronised", "timedatectl set-ntp true");
}

}  // namespace
}  // namespace weir::ctl
