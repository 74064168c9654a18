// SPDX-License-Identifier: Apache-2.0
#include "policy/store/people.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>

#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

const EventText kAsItIs = [](const std::string& kept) { return kept; };

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr TimeNs kDay = 86'400 * kSecond;

class PeopleTest : public ::testing::Test {
 protected:
  PeopleTest() : store_(std::move(*Store::open(home_.file("weir.db"), StoreAccess::kWrite))) {}
  void in_batch(const std::function<void(Batch&)>& work) {
    auto batch = store_.begin();
    ASSERT_TRUE(batch) << to_text(batch.error());
    work(*batch);
    const auto done = batch->commit();
    ASSERT_TRUE(done) << to_text(done.error());
  }
  /// A violation, a product, a quota and a flow of this client, seen then.
  void know(const std::string& client, TimeNs at, const std::string& user = "") {
    in_batch([&](Batch& batch) {
      ASSERT_TRUE(batch.record(ViolationSighting{"r", "web", "block", false, Severity::kHigh, client,
                                                 "bet.example", "f-" + client, 1, at}));
      ASSERT_TRUE(
          batch.record(SoftwareSighting{client, "curl", "7", "agent", "f-" + client, std::nullopt, at}));
      ASSERT_TRUE(batch.quota("q", user.empty() ? client : user, at, at + 1));
      ASSERT_TRUE(batch.add_to_minute("q", user.empty() ? client : user, 1, 5));
      FlowRecord flow;
      flow.flow_id = "f-" + client;
      flow.ended = at;
      flow.initiator = client;
      flow.responder = "192.0.2.1";
      flow.event = user.empty() ? "{}" : R"({"client":{"user":")" + user + R"("}})";
      ASSERT_TRUE(batch.record(flow));
    });
  }
  std::string file_bytes() const {
    std::ostringstream all;
    for (const char* const name : {"weir.db", "weir.db-wal"})
      all << std::ifstream(home_.file(name), std::ios::binary).rdbuf();
    return all.str();
  }
  std::map<std::string, std::uint64_t> trim(const RetentionSettings& keep, TimeNs now,
                                            std::uint32_t count = 100) {
    std::map<std::string, std::uint64_t> gone;
    in_batch([&](Batch& batch) { gone = trim_by_age(batch, keep, now, count).value(); });
    return gone;
  }

  test::TemporaryDirectory home_;
  Store store_;
};

TEST_F(PeopleTest, AllThatIsKeptAboutOneIsHandedOutAndNothingOfOthers) {
  know("10.0.0.2", 1, "anna@EXAMPLE.COM");
  know("10.0.0.3", 1);
  const auto about = rows_about(store_, "10.0.0.2", kAsItIs).value();
  EXPECT_EQ(about.size(), 3U);
  for (const char* const table : {"violations", "software", "flows"})
    EXPECT_EQ(about.at(table).size(), 1U) << table;
  EXPECT_THAT(about.at("violations")[0],
              Contains(std::pair<std::string, std::string>{"object", "bet.example"}));
  const auto user = rows_about(store_, "anna@EXAMPLE.COM", kAsItIs).value();
  for (const char* const table : {"quotas", "quota_minutes", "flows"})
    EXPECT_EQ(user.at(table).size(), 1U) << table;
  EXPECT_THAT(rows_about(store_, "nobody", kAsItIs).value(), IsEmpty());
  EXPECT_THAT(rows_about(store_, "anna_EXAMPLE.COM", kAsItIs).value(), IsEmpty()) << "_ is no wildcard";
  EXPECT_THAT(subjects_known(store_).value(), Contains("anna@EXAMPLE.COM"));
}

TEST_F(PeopleTest, WhoIsErasedIsInNoFileOfTheStore) {
  know("10.11.12.13", 1, "anna@EXAMPLE.COM");
  know("10.0.0.3", 1);
  ASSERT_NE(file_bytes().find("anna@EXAMPLE.COM"), std::string::npos);
  for (const char* const subject : {"10.11.12.13", "anna@EXAMPLE.COM"})
    in_batch([&](Batch& batch) { EXPECT_FALSE(erase_rows_about(batch, subject, kAsItIs).value().empty()); });
  ASSERT_TRUE(overwrite_erased(store_));
  EXPECT_EQ(file_bytes().find("anna@EXAMPLE.COM"), std::string::npos);
  EXPECT_EQ(file_bytes().find("10.11.12.13"), std::string::npos);
  EXPECT_THAT(rows_about(store_, "10.11.12.13", kAsItIs).value(), IsEmpty());
  EXPECT_EQ(rows_about(store_, "10.0.0.3", kAsItIs).value().size(), 5U) << "others stay";
}

TEST_F(PeopleTest, WhatIsOlderThanItsClassIsKeptGoes) {
  know("10.0.0.2", 1 * kDay);
  know("10.0.0.3", 50 * kDay);
  const RetentionSettings keep{
      .flows_days = 10, .violations_days = 20, .software_days = 30, .identities_days = 40, .audit_days = 0};
  using Gone = std::map<std::string, std::uint64_t>;
  EXPECT_EQ(trim(keep, 5 * kDay), Gone{});
  EXPECT_EQ(trim(keep, 12 * kDay), (Gone{{"flows", 1}}));
  EXPECT_EQ(trim(keep, 22 * kDay), (Gone{{"violations", 1}}));
  EXPECT_EQ(trim(keep, 32 * kDay), (Gone{{"software", 1}}));
  EXPECT_EQ(trim(keep, 42 * kDay), (Gone{{"identities", 1}}));
  EXPECT_EQ(trim(RetentionSettings{0, 0, 0, 0, 0}, 10'000 * kDay), Gone{}) << "0: for ever";
  EXPECT_THAT(rows_about(store_, "10.0.0.3", kAsItIs).value(), Not(IsEmpty()));
}

TEST_F(PeopleTest, NoMoreGoesAtOnceThanWasSaid) {
  for (int i = 0; i < 5; ++i) know("10.0.0." + std::to_string(i), kDay);
  const RetentionSettings keep{
      .flows_days = 1, .violations_days = 0, .software_days = 0, .identities_days = 0, .audit_days = 0};
  EXPECT_EQ(trim(keep, 9 * kDay, 3).at("flows"), 3U);
  EXPECT_EQ(trim(keep, 9 * kDay, 3).at("flows"), 2U);
}

TEST_F(PeopleTest, ARequestWaitsIsApprovedAndUsedOnce) {
  std::int64_t id = 0;
  in_batch([&](Batch& batch) {
    id = ask_to_reveal(batch,
                       {.pseudonym = "client-aaaaaaaaaa", .reason = "r", .asked_by = "anna", .asked = 5})
             .value();
    RevealRequest request = reveal_request(batch, id).value();
    EXPECT_EQ(request.asked_by, "anna");
    EXPECT_EQ(request.asked, 5);
    EXPECT_EQ(request.approved_by, "");
    request.approved_by = "berta";
    request.approved = 7;
    ASSERT_TRUE(put(batch, request));
    request = reveal_request(batch, id).value();
    EXPECT_EQ(request.approved_by, "berta");
    request.used = 9;
    ASSERT_TRUE(put(batch, request));
    EXPECT_EQ(reveal_request(batch, id).error().code, ErrorCode::kNotFound) << "used up";
  });
  const auto all = reveal_requests(store_, 10).value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].used, 9);
}

}  // namespace
}  // namespace weir::policy
