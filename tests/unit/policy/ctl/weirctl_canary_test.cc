// SPDX-License-Identifier: Apache-2.0
// weirctl policy apply --canary and its ends, run as a program with a classifier that is played.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "policy/ctl/policy_files.h"
#include "policy/lang/pending.h"
#include "tests/unit/policy/ctl/control_stub.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

constexpr const char* kOld =
    "weir-policy: 1\ngroups: {staff: {vlans: [7]}, guests: {vlans: [8]}}\n"
    "web: [{rule: r, who: [staff, guests], match: {domain: old.example}, then: block}]\n";
constexpr const char* kNew = "weir-policy: 1\nweb: [{rule: r, match: {domain: new.example}, then: block}]\n";
constexpr std::chrono::seconds kDeadline{30};

class WeirctlCanary : public ::testing::Test {
 protected:
  WeirctlCanary() {
    weirctl_.write("old.yaml", kOld);
    weirctl_.write("new.yaml", kNew);
    EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("old.yaml")}).code, 0);
  }
  ~WeirctlCanary() override { std::filesystem::remove_all(weirctl_.file("policy")); }  // who waits ends

  test::Ran canary(std::vector<std::string> more) const {
    more.insert(more.begin(), {"policy", "apply", weirctl_.file("new.yaml")});
    return weirctl_(more);
  }
  std::string path() const { return weirctl_.file("policy/current.yaml"); }
  std::string current() const { return test::read_whole(path()); }
  nlohmann::json newest() const { return weirctl_({"-o", "json", "policy", "log"}).json()[0]; }
  static bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return holds();
  }
  bool waits() const { return policy::read_pending(path()).has_value(); }

  test::Weirctl weirctl_;
  std::atomic<bool> refuses_{false};
  test::ControlStub classifier_{weirctl_.file("run/classifier-0.sock"), [this](const std::string&) {
                                  if (refuses_) return std::string{R"({"ok":false,"error":"no room"})"};
                                  return fmt::format(R"({{"ok":true,"revision":{}}})",
                                                     revision_on_disk(path()));
                                }};
};

TEST_F(WeirctlCanary, IsForAGroupOfThePolicyInForceAndForATime) {
  EXPECT_EQ(canary({"--canary", "staff"}).code, 2);
  EXPECT_EQ(canary({"--for", "1h"}).code, 2);
  EXPECT_EQ(canary({"--then", "rollback"}).code, 2);
  EXPECT_EQ(canary({"--canary", "staff", "--for", "soon"}).code, 2);
  EXPECT_EQ(canary({"--canary", "staff", "--for", "1h", "--then", "perhaps"}).code, 2);
  EXPECT_EQ(canary({"--canary", "staff", "--for", "1h", "--confirm-within", "1h"}).code, 2);
  EXPECT_EQ(canary({"--canary", "staff", "--for", "1h", "--at", "2030-01-01 02:00"}).code, 2);
  const test::Ran near = canary({"--canary", "stafff", "--for", "1h"});
  EXPECT_EQ(near.code, 1);
  EXPECT_NE(near.err.find("has no group stafff (did you mean staff?)"), std::string::npos) << near.err;
  EXPECT_NE(canary({"--canary", "x", "--for", "1h"}).err.find("it has staff, guests"), std::string::npos);
  EXPECT_EQ(current(), kOld);
  EXPECT_FALSE(waits());
}

TEST_F(WeirctlCanary, ConfirmMakesItThePolicyForAll) {
  const test::Ran ran = canary({"--canary", "staff", "--for", "1h", "--reason", "new names"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("for staff alone, revision 1 for all others; in 1h it is for all"),
            std::string::npos)
      << ran.out;
  const policy::TextsInForce texts = policy::texts_in_force(path(), 2);
  EXPECT_EQ(texts.group, "staff");
  EXPECT_EQ(test::read_whole(texts.text.file), kNew);
  EXPECT_EQ(test::read_whole(texts.others.file), kOld);
  EXPECT_EQ(newest()["state"], "canary for staff");
  EXPECT_NE(weirctl_({"policy", "show"}).out.find(", a canary for staff; "), std::string::npos);
  const test::Ran other = weirctl_({"policy", "apply", weirctl_.file("old.yaml")});
  EXPECT_EQ(other.code, 1);
  EXPECT_NE(other.err.find("revision 2 is a canary for staff"), std::string::npos) << other.err;

  EXPECT_EQ(weirctl_({"policy", "confirm"}).out, "revision 3 in force on 1 of 1 workers\n");
  EXPECT_EQ(current(), kNew);
  EXPECT_FALSE(waits());
  EXPECT_EQ(newest()["reason"], "revision 2, the canary for staff, for all");
  EXPECT_EQ(newest()["state"], "in force");
  EXPECT_EQ(weirctl_({"policy", "confirm"}).code, 1) << "nothing waits";
}

TEST_F(WeirctlCanary, RollbackEndsIt) {
  ASSERT_EQ(canary({"--canary", "guests", "--for", "1h"}).code, 0);
  ASSERT_EQ(weirctl_({"policy", "rollback"}).code, 0);
  EXPECT_EQ(current(), kOld);
  EXPECT_FALSE(waits());
}

TEST_F(WeirctlCanary, AtItsEndItIsForAll) {
  ASSERT_EQ(canary({"--canary", "staff", "--for", "1s"}).code, 0);
  ASSERT_TRUE(until([&] { return revision_on_disk(path()) == 3 && !waits(); }));
  EXPECT_EQ(current(), kNew);
  EXPECT_EQ(newest()["reason"], "revision 2, the canary for staff, for all");
}

TEST_F(WeirctlCanary, OrForNobody) {
  const test::Ran ran = canary({"--canary", "staff", "--for", "1s", "--then", "rollback"});
  ASSERT_EQ(ran.code, 0);
  EXPECT_NE(ran.out.find("in 1s it goes away"), std::string::npos) << ran.out;
  ASSERT_TRUE(until([&] { return revision_on_disk(path()) == 3 && !waits(); }));
  EXPECT_EQ(current(), kOld);
  EXPECT_EQ(newest()["reason"], "back to revision 1: the canary for staff is over");
}

TEST_F(WeirctlCanary, WhatAClassifierRefusesLeavesNothingBehind) {
  refuses_ = true;
  EXPECT_EQ(canary({"--canary", "staff", "--for", "1h"}).code, 1);
  EXPECT_EQ(current(), kOld);
  EXPECT_FALSE(waits());
}

TEST_F(WeirctlCanary, TheTimerEndsWhatNobodyWaitsFor) {
  ASSERT_EQ(canary({"--canary", "staff", "--for", "1h"}).code, 0);
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).out, "") << "not over yet";
  const TimeNs later = policy::boot_time_now() + 3'600 * kSecond;
  weirctl_.write("policy/pending", policy::to_text({2, 1, later, "another-boot", "staff", true}));
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 0);
  EXPECT_EQ(current(), kOld) << "the machine was started again";
  EXPECT_EQ(revision_on_disk(path()), 3U);
  ASSERT_EQ(canary({"--canary", "staff", "--for", "1h"}).code, 0);
  weirctl_.write("policy/pending", policy::to_text({4, 3, 0, policy::boot_id(), "staff", true}));
  ASSERT_TRUE(until([&] { return weirctl_({"policy", "apply-scheduled"}).code == 0 && !waits(); }));
  EXPECT_EQ(current(), kNew);
  EXPECT_EQ(revision_on_disk(path()), 5U);
}

}  // namespace
}  // namespace weir::ctl
