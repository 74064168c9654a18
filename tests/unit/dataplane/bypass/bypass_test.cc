// SPDX-License-Identifier: Apache-2.0
// Bridges in a network namespace of the test's own; skipped where the kernel gives it none.
#include "dataplane/bypass/bypass.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "dataplane/bypass/kernel_links.h"
#include "dataplane/bypass/process_lock.h"
#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

void ip(const std::string& words) { ASSERT_EQ(std::system(("ip " + words).c_str()), 0) << words; }

PairSettings pair_over(const std::string& driver, bool fail_open) {
  PairSettings pair;
  pair.name = "lan-wan";
  pair.inside.device = "net_" + driver + "0,iface=in0";
  pair.outside.device = "net_" + driver + "1,iface=out0";
  pair.fail_open = fail_open;
  return pair;
}

class BypassTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root for a network namespace";
    ip("link add in0 type veth peer name in1");
    ip("link add out0 type veth peer name out1");
    for (const char* port : {"in0", "in1", "out0", "out1"}) ip("link set " + std::string(port) + " up");
  }
  static std::optional<KernelLink> find(const std::string& name) {
    auto links = KernelLinks::open();
    return *links->find(name);
  }
  static bool bridged() {
    const auto bridge = find("weir-lan-wan");
    return bridge && bridge->up && find("in0")->master == bridge->index &&
           find("out0")->master == bridge->index;
  }
};

TEST_F(BypassTest, UnderXdpTheBridgeStandsWhileWeirLives) {
  const auto bypass = make_bypass(pair_over("af_xdp", true));
  EXPECT_EQ(bypass->name(), "kernel bridge weir-lan-wan");
  EXPECT_EQ(bypass->on_death(), "frames pass over the kernel bridge weir-lan-wan");
  EXPECT_EQ(*bypass->state(), BypassState::kOff);
  ASSERT_TRUE(bypass->release());
  EXPECT_TRUE(bridged());
  EXPECT_EQ(*bypass->state(), BypassState::kStandby);
  ASSERT_TRUE(bypass->release()) << "a restart finds it";
  ASSERT_TRUE(bypass->engage());
  EXPECT_TRUE(bridged());
}

/// An XDP program that passes everything, at an interface; false: the kernel lets nobody have one here.
bool attach_xdp(const std::string& interface) {
  const std::array<bpf_insn, 2> pass = {
      bpf_insn{
          .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = XDP_PASS},
      bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  const int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass.data(), pass.size(), nullptr);
  if (program < 0) return false;
  const bool attached =
      bpf_xdp_attach(static_cast<int>(if_nametoindex(interface.c_str())), program, 0, nullptr) == 0;
  close(program);
  return attached;
}

TEST_F(BypassTest, WhatADeadDataPlaneLeftAtThePortsIsTakenOff) {
  if (!attach_xdp("in0") || !attach_xdp("out0")) GTEST_SKIP() << "the kernel gives no XDP";
  ASSERT_NE(find("in0")->xdp, XDP_ATTACHED_NONE);
  for (const bool fail_open : {true, false}) {
    ASSERT_TRUE(make_bypass(pair_over("af_xdp", fail_open))->release());
    EXPECT_EQ(find("in0")->xdp, XDP_ATTACHED_NONE);
    EXPECT_EQ(find("out0")->xdp, XDP_ATTACHED_NONE);
    ASSERT_TRUE(attach_xdp("in0"));
    ASSERT_TRUE(attach_xdp("out0"));
  }
}

TEST_F(BypassTest, UnderXdpThatFailsClosedThereIsNoBridgeUntilSomebodyWantsIt) {
  const auto bypass = make_bypass(pair_over("af_xdp", false));
  EXPECT_EQ(bypass->on_death(), "nothing passes");
  ASSERT_TRUE(bypass->release());
  EXPECT_FALSE(find("weir-lan-wan"));
  ASSERT_TRUE(bypass->engage());
  EXPECT_TRUE(bridged());
  ASSERT_TRUE(bypass->release());
  EXPECT_FALSE(find("weir-lan-wan"));
}

TEST_F(BypassTest, BesideAfPacketTheBridgeIsNeverThereWhileWeirLives) {
  const auto bypass = make_bypass(pair_over("af_packet", true));
  ASSERT_TRUE(bypass->engage());
  EXPECT_TRUE(bridged());
  EXPECT_EQ(*bypass->state(), BypassState::kEngaged);
  ASSERT_TRUE(bypass->release());
  EXPECT_FALSE(find("weir-lan-wan"));
  EXPECT_EQ(find("in0")->master, 0U);
}

TEST_F(BypassTest, SomebodyElsesBridgeIsSaidAndLeft) {
  ip("link add br9 type bridge");
  ip("link set in0 master br9");
  ip("link set out0 master br9");
  const auto bypass = make_bypass(pair_over("af_packet", true));
  const auto released = bypass->release();
  ASSERT_FALSE(released);
  EXPECT_NE(released.error().what.find("second time"), std::string::npos);
  EXPECT_FALSE(bypass->engage());
  EXPECT_EQ(find("in0")->master, find("br9")->index);
}

TEST_F(BypassTest, AnInterfaceOfTheBridgesNameThatIsNoBridgeIsLeft) {
  ip("link add weir-lan-wan type veth peer name other");
  EXPECT_FALSE(make_bypass(pair_over("af_packet", true))->release());
  EXPECT_FALSE(make_bypass(pair_over("af_xdp", true))->engage());
  EXPECT_TRUE(find("weir-lan-wan"));
}

TEST_F(BypassTest, ThePortsThatAreNotThereAreNamed) {
  ip("link del in0");
  const auto engaged = make_bypass(pair_over("af_packet", true))->engage();
  ASSERT_FALSE(engaged);
  EXPECT_NE(engaged.error().what.find("in0"), std::string::npos);
}

TEST_F(BypassTest, TheBridgeSaysNothingOfItsOwn) {
  ASSERT_TRUE(make_bypass(pair_over("af_packet", true))->engage());
  ASSERT_EQ(std::system("ip -6 addr show dev weir-lan-wan | grep -q inet6"), 256) << "no IPv6 address";
  ASSERT_EQ(std::system("ip link show dev weir-lan-wan | grep -q NOARP"), 0);
}

TEST(MakeBypass, ThereIsNoneWhereTheSettingsOrThePortsSayNone) {
  PairSettings pair = pair_over("af_xdp", true);
  pair.bypass = BypassKind::kNone;
  EXPECT_EQ(make_bypass(pair)->name(), "none");
  EXPECT_FALSE(make_bypass(pair)->engage());
  EXPECT_TRUE(make_bypass(pair)->release());
  pair.bypass = BypassKind::kAuto;
  pair.outside.device = "net_null0";
  EXPECT_EQ(make_bypass(pair)->name(), "none");
  EXPECT_EQ(make_bypass(pair)->on_death(), "nothing passes");
}

TEST(BridgeName, FitsTheKernelAndDiffersForDifferentPairs) {
  EXPECT_EQ(bridge_name("lan-wan"), "weir-lan-wan");
  EXPECT_EQ(bridge_name("0123456789"), "weir-0123456789");
  const std::string one = bridge_name("headquarters-floor-1");
  EXPECT_EQ(one.size(), 15U);
  EXPECT_NE(one, bridge_name("headquarters-floor-2"));
}

TEST(ProcessLock, OneHolderAtATime) {
  const test::TemporaryDirectory directory;
  Settings settings;
  settings.run_directory = directory.path();
  auto first = ProcessLock::take(settings, std::chrono::milliseconds(0));
  ASSERT_TRUE(first) << to_text(first.error());
  const auto second = ProcessLock::take(settings, std::chrono::milliseconds(0));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(second.error().what.find(std::to_string(getpid())), std::string::npos);
  first->reset();
  EXPECT_TRUE(ProcessLock::take(settings, std::chrono::milliseconds(0)));
}

}  // namespace
}  // namespace weir::dataplane
