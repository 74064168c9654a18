// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/port.h"

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include "dataplane/io/eal.h"
#include "dataplane/io/packet_pool.h"

namespace weir::dataplane {
namespace {

class PortTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    eal_ = std::move(*Eal::start({.hugepages = false, .megabytes = 64, .cores = {}, .workers = 0}, {}));
    pool_ = std::move(*PacketPool::create("packets", 2'048));
  }
  static void TearDownTestSuite() {
    pool_.reset();
    eal_.reset();
  }
  static inline std::unique_ptr<Eal> eal_;
  static inline std::unique_ptr<PacketPool> pool_;
};

TEST_F(PortTest, AVirtualPortReceivesAndSends) {
  auto port = Port::open("net_null7,size=100", PortSide::kInside, pool_->get());
  ASSERT_TRUE(port) << to_text(port.error());
  EXPECT_EQ((*port)->driver(), "net_null");
  EXPECT_TRUE((*port)->state().link_up);
  std::array<rte_mbuf*, 8> packets{};
  ASSERT_EQ((*port)->receive(packets.data(), 8), 8);
  EXPECT_EQ(packets[0]->pkt_len, 100U);
  EXPECT_EQ((*port)->send(packets.data(), 8), 8);
}

TEST_F(PortTest, MistakesAreOneSentenceThatNamesTheDevice) {
  for (const char* device :
       {"net_nonsense0", "net_pcap9,rx_pcap=/nowhere/file.pcap", "0000:ff:1f.7", "eth0"}) {
    const auto port = Port::open(device, PortSide::kInside, pool_->get());
    ASSERT_FALSE(port) << device;
    EXPECT_NE(port.error().what.find(device), std::string::npos) << port.error().what;
    EXPECT_FALSE(port.error().advice.empty());
  }
}

TEST_F(PortTest, APoolThatDoesNotFitSaysWhatToLower) {
  const auto pool = PacketPool::create("huge", 1U << 20U);
  ASSERT_FALSE(pool);
  EXPECT_NE(pool.error().advice.find("memory."), std::string::npos);
  EXPECT_FALSE(PacketPool::create("wide", 16, kPacketBufferBytesMax + 1));
}

TEST(Devices, PciAddressesAreToldFromVirtualDevices) {
  EXPECT_TRUE(is_pci_address("0000:03:00.0"));
  EXPECT_TRUE(is_pci_address("03:00.1"));
  EXPECT_FALSE(is_pci_address("net_af_xdp0,iface=wan"));
  EXPECT_FALSE(is_pci_address("eth0"));
}

TEST(Cores, AreOneForEachWorkerAndThere) {
  EXPECT_EQ(worker_cores("auto", 10'000)->at(9'999), "");  // fewer cores than workers: none is pinned
  EXPECT_FALSE(worker_cores("", 1));
  EXPECT_FALSE(worker_cores("x", 1));
  EXPECT_FALSE(worker_cores("999", 1));
  EXPECT_FALSE(worker_cores("0", 2));
}

}  // namespace
}  // namespace weir::dataplane
