// SPDX-License-Identifier: Apache-2.0
// weirctl policy apply --at and what becomes of it, run as a program with a classifier that is played.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "policy/ctl/scheduled.h"
#include "policy/lang/moment.h"
#include "policy/model/wall_clock.h"
#include "tests/unit/policy/ctl/control_stub.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOld = "weir-policy: 1\nweb: [{rule: r, match: {domain: old.example}, then: block}]\n";
constexpr const char* kNew =
    "weir-policy: 1\ntimezone: America/Toronto\nweb: [{rule: r, match: {domain: new.example}, then: "
    "block}]\n";
constexpr const char* kOther =
    "weir-policy: 1\nweb: [{rule: r, match: {domain: else.example}, then: block}]\n";
constexpr std::chrono::seconds kDeadline{30};

std::string rfc3339(TimeNs time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time / kSecond)); }

class WeirctlSchedule : public ::testing::Test {
 protected:
  WeirctlSchedule() {
    weirctl_.write("old.yaml", kOld);
    weirctl_.write("new.yaml", kNew);
    weirctl_.write("other.yaml", kOther);
    EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("old.yaml")}).code, 0);
  }
  ~WeirctlSchedule() override { fs::remove_all(weirctl_.file("policy")); }  // whoever still waits ends

  std::string current() const { return test::read_whole(weirctl_.file("policy/current.yaml")); }
  std::string path() const { return weirctl_.file("policy/current.yaml"); }
  test::Ran at(const std::string& when, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"policy", "apply", weirctl_.file("new.yaml"), "--at", when};
    words.insert(words.end(), more.begin(), more.end());
    return weirctl_(words);
  }
  /// As if it had been scheduled for another time.
  void move(std::uint32_t number, TimeNs to) const {
    auto one = read_scheduled(path(), number);
    ASSERT_TRUE(one.has_value());
    one->at = to;
    const auto folder = PolicyFolder::lock(path());
    ASSERT_TRUE(folder.has_value());
    ASSERT_TRUE(put_scheduled(*folder, *one).has_value());
  }
  /// For the far future, and then moved: nobody else wakes up for it meanwhile.
  void due_since(TimeNs ago, std::vector<std::string> more = {}) const {
    const TimeNs far = wall_clock() + 24 * 3'600 * kSecond;
    ASSERT_EQ(at(rfc3339(far), std::move(more)).code, 0);
    fs::copy_file(weirctl_.file("policy/scheduled-1"), weirctl_.file("policy/scheduled-7"));
    ASSERT_EQ(weirctl_({"policy", "unschedule", "1"}).code, 0);  // and with it who waits for it
    move(7, wall_clock() - ago);
  }
  nlohmann::json listed() const { return weirctl_({"-o", "json", "policy", "scheduled"}).json(); }
  static bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return holds();
  }

  test::Weirctl weirctl_;
  std::atomic<bool> refuses_{false};
  test::ControlStub classifier_{weirctl_.file("run/classifier-0.sock"), [this](const std::string&) {
                                  if (refuses_) return std::string{R"({"ok":false,"error":"no room"})"};
                                  return fmt::format(R"({{"ok":true,"revision":{}}})",
                                                     revision_on_disk(path()));
                                }};
};

TEST_F(WeirctlSchedule, TheTimeIsCheckedAndSaidInThePolicysZone) {
  const auto zone = policy::TimeZone::load("America/Toronto");
  ASSERT_TRUE(zone.has_value());
  const TimeNs day = 24 * 3'600 * kSecond;
  const TimeNs when =
      (wall_clock() / day + 40) * day + 17 * 3'600 * kSecond;  // 17:00 UTC: no clock changes then
  const std::string local = policy::local_text(*zone, when);
  const test::Ran scheduled = at(local.substr(0, 16), {"--reason", "quiet hours"});
  ASSERT_EQ(scheduled.code, 0) << scheduled.err;
  EXPECT_TRUE(scheduled.out.starts_with("comes into force at " + local + ", in 39d ") ||
              scheduled.out.starts_with("comes into force at " + local + ", in 40d "))
      << scheduled.out;
  const auto row = listed()[0];
  EXPECT_EQ(row["number"], 1);
  EXPECT_EQ(row["at"], rfc3339(when).substr(0, 19) + ".000Z");
  EXPECT_EQ(row["reason"], "quiet hours");
  EXPECT_EQ(row["over_revision"], 1);
  EXPECT_EQ(row["state"], "waits");
  EXPECT_EQ(weirctl_({"policy", "scheduled", "1"}).out, kNew);
  EXPECT_EQ(current(), kOld);
  EXPECT_EQ(weirctl_({"policy", "unschedule", "1"}).code, 0);
  EXPECT_EQ(weirctl_({"policy", "unschedule", "1"}).code, 1);
  EXPECT_TRUE(listed().empty());
}

TEST_F(WeirctlSchedule, WhatCannotBeIsRefusedNow) {
  const TimeNs now = wall_clock();
  EXPECT_NE(at(rfc3339(now - 60 * kSecond)).err.find("is over"), std::string::npos);
  EXPECT_NE(at(rfc3339(now + kScheduledAheadMax + 60 * kSecond)).err.find("more than 366 days ahead"),
            std::string::npos);
  EXPECT_EQ(at("tomorrow").code, 2);
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("new.yaml"), "--over-changes"}).code, 2)
      << "only with --at";
  weirctl_.write("new.yaml", "weir-policy: 1\nweb: [{rule: r, then: blok}]\n");
  EXPECT_EQ(at(rfc3339(now + 3'600 * kSecond)).code, 3);
  EXPECT_TRUE(listed().empty());
}

TEST_F(WeirctlSchedule, AtItsTimeItIsAppliedByWhoWasLeftBehind) {
  const TimeNs when = wall_clock() + 2 * kSecond;
  ASSERT_EQ(at(rfc3339(when), {"--reason", "soon", "--confirm-within", "1h"}).code, 0);
  ASSERT_TRUE(until([&] { return listed().empty(); }));
  EXPECT_GE(wall_clock(), when / kSecond * kSecond);
  EXPECT_EQ(current(), kNew);
  const auto log = weirctl_({"-o", "json", "policy", "log"}).json();
  EXPECT_EQ(log[0]["revision"], 2);
  EXPECT_EQ(log[0]["reason"], "soon (scheduled)");
  EXPECT_EQ(log[0]["state"], "to be confirmed");
  EXPECT_EQ(weirctl_({"policy", "confirm"}).code, 0);
}

TEST_F(WeirctlSchedule, AfterARestartTheTimerAppliesIt) {
  due_since(2 * 3'600 * kSecond);
  const test::Ran ran = weirctl_({"policy", "apply-scheduled"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(current(), kNew);
  EXPECT_TRUE(listed().empty());
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).out, "") << "once";
}

TEST_F(WeirctlSchedule, OneThatIsTooLateIsMissedAndSaidSo) {
  due_since(kScheduledLateMax + 60 * kSecond);
  const test::Ran ran = weirctl_({"policy", "apply-scheduled"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("it was missed, more than 6h ago"), std::string::npos) << ran.err;
  EXPECT_EQ(current(), kOld);
  EXPECT_TRUE(std::string{listed()[0]["state"]}.starts_with("given up: it was missed")) << listed().dump();
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 0) << "said once";
  EXPECT_EQ(weirctl_({"policy", "unschedule", "7"}).code, 0);
}

TEST_F(WeirctlSchedule, OverAnotherPolicyItIsRefused) {
  due_since(kSecond);
  const test::Ran other = weirctl_({"policy", "apply", weirctl_.file("other.yaml")});
  EXPECT_NE(other.err.find("was made over revision 1, and will be refused"), std::string::npos) << other.err;
  EXPECT_TRUE(std::string{listed()[0]["state"]}.starts_with("waits, and will be refused"));
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 1);
  EXPECT_EQ(current(), kOther);
  EXPECT_TRUE(std::string{listed()[0]["state"]}.starts_with("given up: another policy than revision 1"));
}

TEST_F(WeirctlSchedule, OverTheSameTextInAnotherRevisionOrOverAnyItIsNot) {
  due_since(kSecond);
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("old.yaml")}).err, "") << "the same text: no warning";
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 0);
  EXPECT_EQ(current(), kNew);
  due_since(kSecond, {"--over-changes"});
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("other.yaml")}).err, "");
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 0);
  EXPECT_EQ(current(), kNew);
}

TEST_F(WeirctlSchedule, WhileARevisionIsNotConfirmedItWaits) {
  due_since(kSecond);
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("old.yaml"), "--confirm-within", "1h"}).code, 0);
  const test::Ran waits = weirctl_({"policy", "apply-scheduled"});
  EXPECT_EQ(waits.code, 1);
  EXPECT_NE(waits.err.find("revision 2 is not confirmed"), std::string::npos) << waits.err;
  EXPECT_EQ(listed()[0]["state"], "its time has come");
  EXPECT_EQ(weirctl_({"policy", "confirm"}).code, 0);
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 0);
  EXPECT_EQ(current(), kNew);
}

TEST_F(WeirctlSchedule, ChecksAreRepeatedAndARefusalIsKept) {
  due_since(kSecond);
  refuses_ = true;
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 1);
  EXPECT_EQ(listed()[0]["state"], "given up: worker 0 refused: no room");
  EXPECT_EQ(current(), kOld);
  refuses_ = false;
  ASSERT_EQ(weirctl_({"policy", "unschedule", "7"}).code, 0);
  weirctl_.write(
      "new.yaml",
      "weir-policy: 1\nlists: {l: {file: l.txt}}\nweb: [{rule: r, match: {domain: l}, then: block}]\n");
  weirctl_.write("policy/l.txt", "x.example\n");
  due_since(kSecond);
  fs::remove(weirctl_.file("policy/l.txt"));
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 1);
  EXPECT_NE(std::string{listed()[0]["state"]}.find("l.txt"), std::string::npos) << listed().dump();
  EXPECT_EQ(current(), kOld);
}

TEST_F(WeirctlSchedule, OneThatCameIntoForceIsNotAppliedAgain) {
  due_since(kSecond);
  const std::string kept = test::read_whole(weirctl_.file("policy/scheduled-7"));
  ASSERT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 0);
  // As if weirctl had been stopped before it took it out of the list; and then somebody went back.
  weirctl_.write("policy/scheduled-7", kept);
  auto one = *read_scheduled(path(), 7);
  one.becomes = 2;
  {
    const auto folder = PolicyFolder::lock(path());
    ASSERT_TRUE(put_scheduled(*folder, one).has_value());
  }
  ASSERT_EQ(weirctl_({"policy", "rollback"}).code, 0);
  EXPECT_EQ(weirctl_({"policy", "apply-scheduled"}).code, 0);
  EXPECT_EQ(current(), kOld);
  EXPECT_TRUE(listed().empty());
}

TEST_F(WeirctlSchedule, NoMoreThanThereMayBeAndNoneThatIsDamaged) {
  due_since(-3'600 * kSecond);
  const std::string kept = test::read_whole(weirctl_.file("policy/scheduled-7"));
  for (unsigned i = 101; i < 100 + kScheduledMax; ++i)
    weirctl_.write(fmt::format("policy/scheduled-{}", i), kept);
  const std::string far = rfc3339(wall_clock() + 3'600 * kSecond);
  EXPECT_NE(at(far).err.find("16 policies are scheduled already"), std::string::npos);
  for (const char* const damaged : {"", "{}\n", "[]\nx", "{\"at_ns\":1", "\n"}) {
    weirctl_.write("policy/scheduled-101", damaged);
    EXPECT_FALSE(read_scheduled(path(), 101)) << damaged;
  }
  weirctl_.write("policy/scheduled-x", kept);
  EXPECT_EQ(listed().size(), kScheduledMax - 1);
  EXPECT_EQ(at(far).code, 0);
}

}  // namespace
}  // namespace weir::ctl
