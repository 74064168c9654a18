// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "policy/audit/appliance_keys.h"
#include "policy/audit/later_log.h"
#include "policy/audit/private_file.h"
#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeNs kDay = 86'400 * kSecond;

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() {
    settings_.state_directory = home_.path();
    settings_.engine.store = home_.file("weir.db");
    settings_.retention.audit_days = 0;
  }
  Store open() const {
    auto opened = Store::open(settings_.engine.store, StoreAccess::kWrite);
    EXPECT_TRUE(opened) << to_text(opened.error());
    return std::move(*opened);
  }
  AuditLog log() const {
    auto opened = AuditLog::open(settings_);
    EXPECT_TRUE(opened) << to_text(opened.error());
    return std::move(*opened);
  }
  static AuditEntry entry(const std::string& object, TimeNs at = 1) {
    return {.at = at,
            .who = "anna",
            .origin = "ssh 192.0.2.1",
            .verb = "policy apply",
            .object = object,
            .reason = "ticket 4711",
            .result = "done"};
  }
  void write(int count, TimeNs first_at = 1) const {
    Store store = open();
    for (int i = 0; i < count; ++i) {
      const auto written = log().write(store, entry("text " + std::to_string(i), first_at + i));
      ASSERT_TRUE(written) << to_text(written.error());
    }
  }
  /// "3: it was changed", one a fault.
  std::vector<std::string> faults() const {
    Store store = open();
    const auto found = log().verify(store);
    EXPECT_TRUE(found) << to_text(found.error());
    std::vector<std::string> lines;
    for (const AuditFault& one : *found) lines.push_back(std::to_string(one.number) + ": " + one.what);
    return lines;
  }
  /// What somebody does who may write the store and lacks the key.
  void sql(const std::string& statement) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(settings_.engine.store.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statement.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }
  void tamper(const std::function<void(Batch&)>& work) const {
    Store store = open();
    auto batch = store.begin();
    ASSERT_TRUE(batch);
    work(*batch);
    ASSERT_TRUE(batch->commit());
  }

  test::TemporaryDirectory home_;
  Settings settings_;
};

TEST_F(AuditLogTest, EntriesFollowEachOtherAndStandAsTheyWereWritten) {
  write(3);
  EXPECT_THAT(faults(), IsEmpty());
  Store store = open();
  const auto rows = audit_rows(store, 1, 10).value();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].previous, "");
  EXPECT_EQ(rows[1].previous, rows[0].hash);
  EXPECT_EQ(rows[2].previous, rows[1].hash);
  EXPECT_EQ(rows[1].who, "anna");
  EXPECT_EQ(rows[1].reason, "ticket 4711");
}

TEST_F(AuditLogTest, AnEmptyLogHasNoFault) { EXPECT_THAT(faults(), IsEmpty()); }

TEST_F(AuditLogTest, KeysAreForTheirOwnerAlone) {
  write(1);
  struct stat what {};
  for (const char* const file : {"sign.key", "audit.head"}) {
    ASSERT_EQ(stat((keys_folder(home_.path()) + "/" + file).c_str(), &what), 0) << file;
    EXPECT_EQ(what.st_mode & 0777U, 0600U) << file;
  }
  ASSERT_EQ(stat(keys_folder(home_.path()).c_str(), &what), 0);
  EXPECT_EQ(what.st_mode & 0777U, 0700U);
  ASSERT_EQ(chmod((keys_folder(home_.path()) + "/sign.key").c_str(), 0644), 0);
  EXPECT_EQ(AuditLog::open(settings_).error().code, ErrorCode::kCorrupt);
}

/// Every column of an entry is under its hash.
TEST_F(AuditLogTest, AChangedEntryIsNamed) {
  const std::vector<std::function<void(AuditRow&)>> changes{
      [](AuditRow& row) { row.at += 1; },           [](AuditRow& row) { row.who = "berta"; },
      [](AuditRow& row) { row.origin = ""; },       [](AuditRow& row) { row.verb = "policy show"; },
      [](AuditRow& row) { row.object += "x"; },     [](AuditRow& row) { row.reason = ""; },
      [](AuditRow& row) { row.result = "refused"; }};
  for (const auto& change : changes) {
    std::filesystem::remove_all(home_.file("weir.db"));
    std::filesystem::remove_all(keys_folder(home_.path()));
    write(4);
    Store store = open();
    AuditRow row = audit_rows(store, 2, 1).value().at(0);
    change(row);
    sql("DELETE FROM audit WHERE number = 2");
    tamper([&](Batch& batch) { ASSERT_TRUE(append(batch, row)); });
    EXPECT_THAT(faults(), ElementsAre("2: it was changed"));
  }
}

TEST_F(AuditLogTest, AnEntryThatWasTakenOutIsNamed) {
  write(5);
  sql("DELETE FROM audit WHERE number = 3");
  EXPECT_THAT(faults(), ElementsAre("3: entry 3 was taken out"));
}

TEST_F(AuditLogTest, AnEntryThatWasPutInHasNoSignatureOfTheAppliance) {
  write(3);
  Store store = open();
  const auto rows = audit_rows(store, 1, 10).value();
  const SigningKey other = SigningKey::from_seed(std::string(64, 'a')).value();
  // In the place of entry 2, with a hash that fits and another key; entry 3 does not follow it.
  const AuditRow forged = next_row({1, rows[0].hash, 1, "", ""}, entry("forged"), other);
  sql("DELETE FROM audit WHERE number = 2");
  tamper([&](Batch& batch) { ASSERT_TRUE(append(batch, forged)); });
  EXPECT_THAT(faults(), ElementsAre("2: it is not this appliance's: it was put in, or written anew",
                                    "3: it does not follow entry 2 as that is now"));
}

TEST_F(AuditLogTest, AnEntryBehindTheEndIsNamed) {
  write(2);
  Store store = open();
  const AuditHead head = audit_head(store).value();
  const AuditRow forged =
      next_row(head, entry("forged"), SigningKey::from_seed(std::string(64, 'a')).value());
  tamper([&](Batch& batch) { ASSERT_TRUE(append(batch, forged)); });
  EXPECT_THAT(faults(), ElementsAre("3: it is not this appliance's: it was put in, or written anew",
                                    "3: it stands behind the end of the log, which is entry 2"));
}

TEST_F(AuditLogTest, AnEndThatWasCutOffIsNamed) {
  write(5);
  sql("DELETE FROM audit WHERE number >= 4");
  EXPECT_THAT(faults(), ElementsAre("4: entries 4 to 5 were cut off the end"));
}

/// Who kept the store of yesterday and puts all of it back has a chain that holds; the anchor knows better.
TEST_F(AuditLogTest, AnOlderStoreThatWasPutBackIsNamed) {
  write(2);
  const std::string older = home_.file("older.db");
  std::filesystem::copy_file(home_.file("weir.db"), older);
  write(2, 10);
  std::filesystem::remove(home_.file("weir.db-wal"));
  std::filesystem::remove(home_.file("weir.db-shm"));
  std::filesystem::copy_file(older, home_.file("weir.db"), std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(faults(), ElementsAre("3: entries 3 to 4 were cut off the end"));
}

TEST_F(AuditLogTest, ALogThatWasEmptiedIsNamed) {
  write(2);
  sql("DELETE FROM audit");
  tamper([](Batch& batch) { ASSERT_TRUE(put(batch, AuditHead{})); });
  EXPECT_THAT(faults(), ElementsAre("1: entries 1 to 2 were cut off the end"));
}

TEST_F(AuditLogTest, WithoutItsAnchorNobodyKnowsHowFarItWent) {
  write(2);
  std::filesystem::remove(keys_folder(home_.path()) + "/audit.head");
  ASSERT_EQ(faults().size(), 1U);
  ASSERT_TRUE(
      write_private(keys_folder(home_.path()) + "/audit.head",
                    to_line(Anchor{9, std::string(kHashDigits, '0'), std::string(kSignatureDigits, '0')})));
  EXPECT_THAT(faults(), ElementsAre("0: how far the log went is not signed by this appliance"));
}

TEST_F(AuditLogTest, WritersAtTheSameTimeMakeOneChain) {
  constexpr int kWriters = 4;
  constexpr int kEach = 15;
  write(1);
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) writers.emplace_back([this] { write(kEach); });
  for (std::thread& one : writers) one.join();
  EXPECT_THAT(faults(), IsEmpty());
  Store store = open();
  EXPECT_EQ(audit_head(store).value().number, 1 + kWriters * kEach);
}

TEST_F(AuditLogTest, WhatIsTooOldGoesAndTheRestStillHolds) {
  settings_.retention.audit_days = 10;
  write(3, 1 * kDay);
  write(1, 5 * kDay);
  write(1, 12 * kDay);
  Store store = open();
  EXPECT_EQ(audit_head(store).value().first, 4);
  EXPECT_EQ(audit_rows(store, 0, 10).value().size(), 2U);
  EXPECT_THAT(faults(), IsEmpty());
  sql("DELETE FROM audit WHERE number = 4");
  EXPECT_THAT(faults(), ElementsAre("4: entry 4 was taken out"));
}

TEST_F(AuditLogTest, WhatCouldNotBeWrittenComesBeforeTheNextEntry) {
  const std::string folder = later_folder(home_.path());
  ASSERT_TRUE(make_later_folder(folder, "no-such-group"));
  ASSERT_TRUE(write_later(folder, entry("in an emergency", 5)));
  ASSERT_TRUE(write_later(folder, entry("and another", 7)));
  write(1, 9);
  Store store = open();
  const auto rows = audit_rows(store, 1, 10).value();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].object, "in an emergency");
  EXPECT_EQ(rows[0].result, "done (written later)");
  EXPECT_EQ(rows[0].at, 5);
  EXPECT_EQ(rows[1].object, "and another");
  EXPECT_EQ(rows[2].object, "text 0");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(AuditLogTest, AFileThatNobodyWroteForTheLogIsSaidAndTakenAway) {
  const std::string folder = later_folder(home_.path());
  ASSERT_TRUE(make_later_folder(folder, "no-such-group"));
  std::ofstream(folder + "/1") << "no JSON";
  std::filesystem::create_symlink("/etc/passwd", folder + "/2");
  std::ofstream(folder + "/3") << R"({"verb": 7, "at_ns": "x"})";
  std::filesystem::create_directory(folder + "/4");
  write(1);
  Store store = open();
  const auto rows = audit_rows(store, 1, 10).value();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].verb, "unreadable");
  EXPECT_EQ(rows[1].verb, "unreadable");
  EXPECT_EQ(rows[2].verb, "");
  std::filesystem::remove(folder + "/4");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_TRUE(std::filesystem::exists("/etc/passwd"));
}

TEST_F(AuditLogTest, AnEntryIsCutToWhatAColumnHolds) {
  Store store = open();
  AuditEntry one = entry("x");
  one.reason = std::string(5'000, 'a') + "\n\x1b[2J";
  const auto row = log().write(store, one);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->reason.size(), kStoreTextBytesMax);
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(AuditLogTest, FaultsThatAreNamedAreLimited) {
  write(1);
  tamper([&](Batch& batch) {
    for (std::int64_t i = 2; i < 2 + 2 * static_cast<std::int64_t>(kAuditFaultsMax); ++i) {
      AuditRow row;
      row.number = i;
      ASSERT_TRUE(append(batch, row));
    }
  });
  EXPECT_EQ(faults().size(), kAuditFaultsMax);
}

}  // namespace
}  // namespace weir::policy
