// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/port.h"

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <vector>

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

TEST_F(PortTest, PacketsOfAPoolLieSideBySide) {
  // AF_XDP's driver registers so much memory and no more; a packet outside of it is lost for receiving.
  rte_mempool* pool = pool_->get();
  const std::size_t each = pool->header_size + pool->elt_size + pool->trailer_size;
  const auto* first = reinterpret_cast<const char*>(STAILQ_FIRST(&pool->mem_list)->addr);
  std::vector<rte_mbuf*> all(pool->size);
  for (rte_mbuf*& packet : all) packet = rte_pktmbuf_alloc(pool);
  const auto* last = reinterpret_cast<const char*>(*std::max_element(all.begin(), all.end()));
  EXPECT_LT(static_cast<std::size_t>(last - first), pool->size * each + 2 * RTE_CACHE_LINE_SIZE);
  EXPECT_EQ(rte_mbuf_iova_get(all[0]), reinterpret_cast<std::uintptr_t>(all[0]->buf_addr));
  for (rte_mbuf* packet : all) rte_pktmbuf_free(packet);
}

TEST_F(PortTest, APortWithQueuesGivesEachWorkerOne) {
  auto port = Port::open("net_null8", PortSide::kInside, pool_->get(), Steering(2));
  ASSERT_TRUE(port) << to_text(port.error());
  EXPECT_EQ((*port)->queues(), 2);
  std::array<rte_mbuf*, 4> packets{};
  for (std::uint16_t queue = 0; queue < 2; ++queue) {
    ASSERT_EQ((*port)->receive(packets.data(), 4, queue), 4);
    EXPECT_EQ((*port)->send(packets.data(), 4, queue), 4);
  }
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
  const auto twice = worker_cores("0,0", 2);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().what, "cores '0,0' names core 0 twice");
}

}  // namespace
}  // namespace weir::dataplane
