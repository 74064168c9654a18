// SPDX-License-Identifier: Apache-2.0
// Opening a store, what is refused, and what the two databases have in common below the tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "policy/store/migrations.h"
#include "policy/store/statement.h"
#include "tests/support/any_store.h"
#include "tests/support/stored_violations.h"

namespace weir::policy {
namespace {

using test::PostgresqlServer;
using ::testing::HasSubstr;
using ::testing::Not;

class OpenedStore : public test::AnyStore {
 protected:
  static ViolationSighting sighting(const std::string& object) {
    return {"no-gambling", "web", "block", false, Severity::kMedium, "10.0.0.2", object, "f", 7, 1};
  }
};

TEST_P(OpenedStore, OneBatchKeepsEveryOtherOutUntilItEnds) {
  open();
  const auto take_turns = [this] {
    Store store = Store::open(where(), StoreAccess::kChange).value();
    for (int turn = 0; turn < 50; ++turn) {
      in_batch(store, [&](Batch& batch) {  // what was read stays true until it is written
        const EngineState state = store.engine_state().value();
        const auto found = state.find("turns");
        ASSERT_TRUE(batch.set("turns", found == state.end() ? 1 : found->second + 1));
      });
    }
  };
  std::thread other(take_turns);
  take_turns();
  other.join();
  EXPECT_EQ(open().engine_state().value().at("turns"), 100);
}

TEST_P(OpenedStore, WhoReadsSeesWhatWasCommittedAndIsKeptFromNothing) {
  Store writer = open();
  Store reader = Store::open(where(), StoreAccess::kRead).value();
  auto batch = writer.begin();
  ASSERT_TRUE(batch->count("turns", 1));
  EXPECT_TRUE(reader.engine_state().value().empty());
  ASSERT_TRUE(batch->commit());
  EXPECT_EQ(reader.engine_state().value().at("turns"), 1);
}

TEST_P(OpenedStore, BlobsKeepEveryByteAndTextsTheirOrder) {
  Store store = open();
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  soci::session& sql = store.connection().session;
  const Dialect& dialect = *store.connection().dialect;
  sql << in_dialect("CREATE TABLE samples (name TEXT PRIMARY KEY, content {blob} NOT NULL) {strict}",
                    dialect);
  Statement insert(store.connection());
  insert << "INSERT INTO samples (name, content) VALUES ";
  for (const auto& [name, bytes] : std::initializer_list<std::pair<const char*, std::string>>{
           {"b", all}, {"B", ""}, {"a-c", "x"}, {"ab", "y"}}) {
    insert.begin_row().next().value(name).next().bytes(bytes).end_row();
  }
  EXPECT_EQ(insert.run(), 4);
  std::string name, hex, order;
  Statement read(store.connection());
  read << "SELECT name, " << blob_column(dialect, "content") << " FROM samples ORDER BY name";
  read.into(name).into(hex);
  while (read.fetch()) {
    order += name + " ";
    if (name.size() == 1) {
      EXPECT_EQ(bytes_of(hex), name == "b" ? all : "");
    }
  }
  EXPECT_EQ(order, "B a-c ab b ") << "by bytes, whatever the database's locale";
}

TEST_P(OpenedStore, TextThatIsNoUtf8IsCleaned) {
  Store store = open();
  in_batch(store, [](Batch& batch) {
    ASSERT_TRUE(
        batch.record(sighting("caf\xc3\xa9 \xff\xc3 \xed\xa0\x80 \xc0\xaf \xf0\x9f\x98\x80 \xe2\x82")));
  });
  EXPECT_EQ(test::violations(store, true, 1).value().at(0).object, "caf\xc3\xa9    \xf0\x9f\x98\x80 ");
}

TEST_P(OpenedStore, AnotherVersionOfTheSchemaIsRefused) {
  {
    Store store = open();
    store.connection().session << "INSERT INTO schema_version (version) VALUES (1000)";
  }
  for (const StoreAccess access : {StoreAccess::kRead, StoreAccess::kWrite}) {
    const auto refused = Store::open(where(), access);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(refused.error().what, HasSubstr("has schema version 1000"));
  }
}

WEIR_ON_EVERY_DATABASE(OpenedStore);

TEST(StoreFile, WhatIsNotAStoreIsRefused) {
  test::TemporaryDirectory home;
  const std::string path = home.file("weir.db");
  std::ofstream(path) << "this is a text, long enough to be no database at all, and not a short one";
  EXPECT_FALSE(Store::open(path, StoreAccess::kWrite));
  EXPECT_FALSE(Store::open(path, StoreAccess::kRead));
  EXPECT_FALSE(Store::open("/nonexistent/weir.db", StoreAccess::kWrite));
  EXPECT_FALSE(Store::open("a\"b", StoreAccess::kWrite));
}

class StoreServer : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!PostgresqlServer::missing().empty()) GTEST_SKIP() << PostgresqlServer::missing();
    url_ = PostgresqlServer::shared().database();
    ASSERT_FALSE(url_.empty());
  }
  static Error refusal(const std::string& where) {
    const auto opened = Store::open(where, StoreAccess::kWrite);
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }
  std::string url_;
  test::TemporaryDirectory home_;
};

TEST_F(StoreServer, ThePasswordComesFromAFileAndIsNeverSaid) {
  PostgresqlServer& server = PostgresqlServer::shared();
  ASSERT_TRUE(server.execute(url_,
                             "CREATE ROLE guarded LOGIN PASSWORD 'two words & =%'; "
                             "GRANT ALL ON SCHEMA public TO guarded; "
                             "DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || "
                             "' TO guarded'; END $$"));
  std::string as_guarded = url_;
  as_guarded.replace(as_guarded.find("weir@"), 4, "guarded");
  EngineSettings engine;
  engine.store = as_guarded;
  engine.store_password_file = home_.file("password");
  std::ofstream(engine.store_password_file) << "two words & =%\n";
  EXPECT_TRUE(Store::open(engine, StoreAccess::kWrite));
  std::ofstream(engine.store_password_file) << "wrong-secret\n";
  const auto wrong = Store::open(engine, StoreAccess::kWrite);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(to_text(wrong.error()), Not(HasSubstr("wrong-secret")));
  std::ofstream(engine.store_password_file) << "\n";
  EXPECT_EQ(Store::open(engine, StoreAccess::kWrite).error().code, ErrorCode::kInvalid);
  engine.store_password_file = home_.file("none");
  EXPECT_THAT(to_text(Store::open(engine, StoreAccess::kWrite).error()), HasSubstr("store_password_file"));
}

TEST_F(StoreServer, WhatIsNoStoreIsRefusedByName) {
  EXPECT_EQ(refusal("postgresql://weir@/nobody?host=/nonexistent").code, ErrorCode::kUnavailable);
  const Error secret = refusal("postgresql://weir:secret@/weir?host=/nonexistent");
  EXPECT_EQ(secret.code, ErrorCode::kInvalid);
  EXPECT_THAT(to_text(secret), Not(HasSubstr("secret@")));
  EXPECT_THAT(refusal("postgresql://weir@/weir?password=secret").what, HasSubstr("holds a password"));
  PostgresqlServer& server = PostgresqlServer::shared();
  ASSERT_TRUE(server.execute(url_, "CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1'"));
  EXPECT_THAT(refusal(server.url("weir", "old")).what, HasSubstr("its encoding is LATIN1"));
}

}  // namespace
}  // namespace weir::policy
