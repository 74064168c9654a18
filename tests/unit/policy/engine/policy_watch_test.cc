// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/policy_watch.h"

#include <gtest/gtest.h>

#include <fstream>

#include "policy/engine/quota_ledger.h"
#include "policy/lang/pending.h"
#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

class PolicyWatchTest : public ::testing::Test {
 protected:
  std::string path() const { return home_.file("current.yaml"); }
  void write(const std::string& text) const { std::ofstream(path()) << text; }
  test::TemporaryDirectory home_;
};

TEST_F(PolicyWatchTest, WithoutAPolicyNobodyJudges) {
  PolicyWatch watch{path()};
  EXPECT_EQ(watch.judge("firefox", "115"), std::nullopt);
}

TEST_F(PolicyWatchTest, WithoutASoftwareSectionNobodyJudges) {
  write("weir-policy: 1\n");
  PolicyWatch watch{path()};
  EXPECT_EQ(watch.judge("firefox", "115"), std::nullopt);
}

TEST_F(PolicyWatchTest, ProductsAreJudgedByTheSection) {
  write(
      "weir-policy: 1\n"
      "software:\n"
      "  unknown: report\n"
      "  authorised: [{product: firefox, versions: \">=115\"}]\n"
      "  unauthorised: [{product: bittorrent, then: block}]\n");
  PolicyWatch watch{path()};
  EXPECT_EQ(watch.judge("firefox", "115.3"), SoftwareState::kAuthorised);
  EXPECT_EQ(watch.judge("firefox", "52.0"), SoftwareState::kUnknown);
  EXPECT_EQ(watch.judge("bittorrent", ""), SoftwareState::kUnauthorised);
  EXPECT_EQ(watch.judge("curl", "7.88"), SoftwareState::kUnknown);
}

TEST_F(PolicyWatchTest, RulesWithAQuotaAreTheSameUntilThereIsAnotherPolicy) {
  PolicyWatch without{path()};
  EXPECT_EQ(without.quotas(), nullptr);
  write(
      "weir-policy: 1\nweb:\n"
      "  - {rule: video, match: {domain: video.example}, quota: {time: 45m, every: day}, then: block}\n");
  PolicyWatch watch{path()};
  const auto quotas = watch.quotas();
  ASSERT_NE(quotas, nullptr);
  EXPECT_EQ(quotas->rules.at("video").quota.limit.seconds, 2'700U);
  EXPECT_EQ(watch.quotas(), quotas);
}

TEST_F(PolicyWatchTest, WhatNobodyConfirmedInTimeDoesNotJudge) {
  const std::string software = "weir-policy: 1\nsoftware: {unauthorised: [{product: ";
  write(software + "new}]}\n");
  std::ofstream(home_.file("current.revision")) << "8\n";
  std::ofstream(home_.file("revision-7.yaml")) << software << "old}]}\n";
  std::ofstream(home_.file("pending")) << to_text(Pending{8, 7, 0, boot_id()});
  PolicyWatch watch{path()};
  EXPECT_EQ(watch.judge("old", ""), SoftwareState::kUnauthorised);
  EXPECT_EQ(watch.judge("new", ""), SoftwareState::kUnknown);
}

TEST_F(PolicyWatchTest, ACanaryAddsItsQuotasAndJudgesNobodysSoftware) {
  const auto text = [](const std::string& rule, const std::string& product) {
    return "weir-policy: 1\nweb:\n  - {rule: both, match: {domain: b.example}, quota: {time: " +
           std::string{product == "new" ? "10m" : "45m"} + ", every: day}, then: block}\n  - {rule: " + rule +
           ", match: {domain: c.example}, quota: {time: 45m, every: day}, then: block}\n" +
           "software: {unauthorised: [{product: " + product + "}]}\n";
  };
  write(text("trying", "new"));
  std::ofstream(home_.file("current.revision")) << "8\n";
  std::ofstream(home_.file("revision-7.yaml")) << text("running", "old");
  std::ofstream(home_.file("pending"))
      << to_text(Pending{8, 7, boot_time_now() + 60 * kSecond, boot_id(), "staff", true});
  PolicyWatch watch{path()};
  EXPECT_EQ(watch.judge("old", ""), SoftwareState::kUnauthorised);
  EXPECT_EQ(watch.judge("new", ""), SoftwareState::kUnknown);
  const auto quotas = watch.quotas();
  ASSERT_NE(quotas, nullptr);
  EXPECT_TRUE(quotas->rules.contains("running"));
  EXPECT_TRUE(quotas->rules.contains("trying"));
  EXPECT_EQ(quotas->rules.at("both").quota.limit.seconds, 2'700U) << "that of everybody else";
}

TEST_F(PolicyWatchTest, ABrokenPolicyJudgesNothing) {
  write("weir-policy: 1\nsoftware: 5\n");
  PolicyWatch watch{path()};
  EXPECT_EQ(watch.judge("firefox", "115"), std::nullopt);
}

TEST_F(PolicyWatchTest, TheRevisionIsADecimalBesideThePolicy) {
  EXPECT_EQ(read_revision(path()), 0U);
  std::ofstream(home_.file("current.revision")) << "17\n";
  EXPECT_EQ(read_revision(path()), 17U);
  std::ofstream(home_.file("current.revision")) << "17x\n";
  EXPECT_EQ(read_revision(path()), 0U);
}

}  // namespace
}  // namespace weir::policy
