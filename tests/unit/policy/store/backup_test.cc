// SPDX-License-Identifier: Apache-2.0
// A backup and its restoration give the same queues, on either database and from one to the other.
#include "policy/store/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "policy/store/flow_sums.h"
#include "policy/store/violation_store.h"
#include "tests/support/any_store.h"
#include "tests/support/stored_violations.h"

namespace weir::policy {
namespace {

using ::testing::HasSubstr;

constexpr TimeNs kNow = 1'732'700'000 * kSecond;

class BackedUpStore : public test::AnyStore {
 protected:
  static ViolationSighting sighting(const std::string& object, TimeNs at) {
    return {"it's-odd",         "web",  "block",      true, Severity::kHigh,
            "anna@EXAMPLE.COM", object, "f" + object, 7,    at};
  }
  static void fill(Store& store) {
    in_batch(store, [](Batch& batch) {
      for (const std::uint64_t sequence : {1U, 2U, 5U})
        ASSERT_TRUE(batch.first_time({"weir", 7, 0, sequence}, kNow).value());
      for (int i = 0; i < 40; ++i)
        ASSERT_TRUE(
            batch.record(sighting("caf\xc3\xa9 \"" + std::to_string(i % 30) + "\" \\ ' ;", kNow + i)));
      ASSERT_TRUE(batch.record(
          SoftwareSighting{"10.0.0.2", "firefox", "115", "ua", "f", SoftwareState::kAuthorised, 5}));
      ASSERT_TRUE(batch.record(FlowRecord{"f1", 5, "10.0.0.2", 1, "192.0.2.1", 443, 6, "kept"}));
      auto quota = batch.quota("video", "anna", 0, 100);
      ASSERT_TRUE(quota);
      quota->used.bytes = UINT32_MAX * 5ULL;
      ASSERT_TRUE(batch.put(*quota));
      FlowSums sums;
      FlowSample flow;
      flow.ended = kNow;
      flow.client = "10.0.0.2";
      flow.server = "video.example";
      flow.round_trip_us = 40'000;
      flow.usage = {1, 2, 3};
      sums.add(flow);
      ASSERT_TRUE(add_flow_sums(batch, sums, kNow));
      Suppression made;
      made.rule = "noise";
      made.subject = made.object = "*";
      made.owner = made.by = made.reason = "vera";
      made.made = kNow;
      made.ends = kNow + kStoreDay;
      ASSERT_TRUE(suppress(batch, made));
    });
    const std::int64_t id = test::violations(store, true, 1).value().at(0).id;
    in_batch(store, [&](Batch& batch) {
      ASSERT_TRUE(move_violation(batch, id, "confirmed", {"vera", kNow, "seen it"}));
      ASSERT_TRUE(note_violation(batch, id, {"vera", kNow, "line one"}));
      ASSERT_TRUE(move_violation(batch, id - 1, "justified", {"vera", kNow, "asked"}));
      ASSERT_TRUE(move_violation(batch, id - 1, "closed", {"vera", kNow, "done"}));
    });
  }
  /// All that people see of it.
  static std::string shown(Store& store) {
    std::ostringstream text;
    ViolationFilter filter;
    filter.states.assign(kViolationStates.begin(), kViolationStates.end());
    const auto page = violation_page(store, filter, "", 1'000).value();
    for (const Violation& one : page.rows) {
      text << one.id << one.rule << one.subject << one.object << one.state << one.resolution << one.count
           << ' ' << one.first_seen << ' ' << one.last_seen << one.would_block << to_string(one.severity);
      for (const std::string& flow : one.evidence) text << ' ' << flow;
      const auto history = violation_history(store, one.id).value();
      for (const ViolationChange& change : history)
        text << change.who << change.what << change.to << change.reason;
      text << '\n';
    }
    const auto software = store.software("", 10).value();
    for (const Software& one : software)
      text << one.client << one.product << one.version << one.count << '\n';
    const auto quotas = store.quotas({}, 10).value();
    for (const QuotaRecord& one : quotas) text << one.rule << one.subject << one.used.bytes << '\n';
    const auto quiet = suppressions(store, 0, true).value();
    for (const Suppression& one : quiet) text << one.id << one.rule << one.ends << '\n';
    const auto servers = servers_by(store, kServer, {kNow - kSumHour, kNow + kSumHour}, 9, kNow).value();
    for (const NamedServer& one : servers) text << one.server << one.sum.round_trips.percentile(0.5) << '\n';
    text << store.flow("f1").value().event << store.missing_events().value();
    return text.str();
  }
  std::string backup(Store& store) {
    const std::string file = home_.file("backup");
    const auto made = back_up(store, file, kNow);
    EXPECT_TRUE(made) << to_text(made.error());
    return file;
  }
};

TEST_P(BackedUpStore, GivesTheSameQueuesBack) {
  Store store = open();
  fill(store);
  const std::string before = shown(store);
  EXPECT_GT(before.size(), 3'000U);
  const std::string file = backup(store);
  const auto mode = std::filesystem::status(file).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  in_batch(store, [](Batch& batch) {
    for (int i = 0; i < 9; ++i)
      ASSERT_TRUE(batch.record(sighting("later " + std::to_string(i), kNow + 900 + i)));
  });
  EXPECT_NE(shown(store), before);
  const auto restored = restore(store, file, kNow + 5);
  ASSERT_TRUE(restored) << to_text(restored.error());
  EXPECT_EQ(restored->rows.at("violations"), 30U);
  EXPECT_EQ(shown(store), before);
  EXPECT_TRUE(check_store(store).value().empty());
  // It lives on: numbers go on, parts of objects are found, what was applied stays applied.
  in_batch(store, [](Batch& batch) {
    EXPECT_FALSE(batch.first_time({"weir", 7, 0, 5}, kNow).value());
    EXPECT_TRUE(batch.first_time({"weir", 7, 0, 3}, kNow).value());
    ASSERT_TRUE(batch.record(sighting("after all", kNow + 2'000)));
  });
  ViolationFilter filter;
  filter.object_part = "fter al";
  EXPECT_EQ(violation_page(store, filter, "", 9).value().rows.size(), 1U);
  filter.object_part = "\"17\"";
  EXPECT_EQ(violation_page(store, filter, "", 9).value().rows.size(), 1U);
}

TEST_P(BackedUpStore, MovesToTheOtherDatabase) {
  Store store = open();
  fill(store);
  const std::string file = backup(store);
  std::string other = home_.file("other.db");
  if (on_sqlite()) {
    if (!test::PostgresqlServer::missing().empty()) GTEST_SKIP() << test::PostgresqlServer::missing();
    other = test::PostgresqlServer::shared().database();
  }
  Store moved = Store::open(other, StoreAccess::kWrite).value();
  const auto restored = restore(moved, file, kNow);
  ASSERT_TRUE(restored) << to_text(restored.error());
  EXPECT_EQ(restored->database, on_sqlite() ? "sqlite" : "postgresql");
  EXPECT_EQ(shown(moved), shown(store));
  in_batch(moved, [](Batch& batch) { ASSERT_TRUE(batch.record(sighting("new here", kNow + 5'000))); });
  EXPECT_EQ(test::violations(moved, true, 100).value().size(),
            test::violations(store, true, 100).value().size() + 1);
}

TEST_P(BackedUpStore, ADamagedBackupIsRefusedByNameAndNothingChanges) {
  Store store = open();
  fill(store);
  const std::string file = backup(store);
  std::string whole;
  {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    whole = text.str();
  }
  in_batch(store, [](Batch& batch) { ASSERT_TRUE(batch.record(sighting("since then", kNow + 900))); });
  const std::string present = shown(store);
  const auto refusal = [&](const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
    const auto refused = restore(store, file, kNow);
    EXPECT_FALSE(refused);
    return refused ? Error{} : refused.error();
  };
  for (std::size_t at = 7; at < whole.size(); at += whole.size() / 40) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    const Error error = refusal(bytes);
    EXPECT_EQ(error.code, ErrorCode::kCorrupt) << at << " " << to_text(error);
    EXPECT_THAT(error.what, HasSubstr(file));
  }
  EXPECT_THAT(refusal(whole.substr(0, whole.size() / 2)).what, HasSubstr("no whole backup"));
  EXPECT_THAT(refusal(whole.substr(0, whole.rfind("{\"end\""))).what, HasSubstr("its end is missing"));
  EXPECT_THAT(refusal(whole + "x\n").what, HasSubstr("behind its end"));
  EXPECT_THAT(refusal("").what, HasSubstr("its end is missing"));
  EXPECT_EQ(restore(store, home_.file("nothing"), kNow).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(shown(store), present);
}

TEST_P(BackedUpStore, WhatCannotBeWrittenLeavesNoFile) {
  Store store = open();
  EXPECT_EQ(back_up(store, "/nonexistent/backup", kNow).error().code, ErrorCode::kSystem);
  const std::string file = backup(store);
  EXPECT_FALSE(std::filesystem::exists(file + ".part"));
  EXPECT_EQ(read_backup(file).value().rows.at("violations"), 0U);
}

WEIR_ON_EVERY_DATABASE(BackedUpStore);

}  // namespace
}  // namespace weir::policy
