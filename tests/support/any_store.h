// SPDX-License-Identifier: Apache-2.0
// What tests of the store share: each runs on SQLite and on PostgreSQL. A test is a TEST_P of a class derived
// from AnyStore, and WEIR_ON_EVERY_DATABASE(ThatClass) runs them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "policy/store/store.h"
#include "tests/support/postgresql_server.h"
#include "tests/support/temporary_directory.h"

namespace weir::test {

enum class Database { kSqlite, kPostgresql };

class AnyStore : public ::testing::TestWithParam<Database> {
 protected:
  void SetUp() override {
    if (GetParam() == Database::kSqlite) {
      where_ = home_.file("weir.db");
      return;
    }
    if (!PostgresqlServer::missing().empty()) GTEST_SKIP() << PostgresqlServer::missing();
    where_ = PostgresqlServer::shared().database();
    ASSERT_FALSE(where_.empty()) << "the PostgreSQL server did not start";
  }
  [[nodiscard]] static bool on_sqlite() { return GetParam() == Database::kSqlite; }
  /// A path or a URL, the same through the whole test.
  [[nodiscard]] const std::string& where() const { return where_; }

  policy::Store open(policy::StoreLimits limits = {}) {
    auto opened = policy::Store::open(where_, policy::StoreAccess::kWrite, limits);
    EXPECT_TRUE(opened) << to_text(opened.error());
    return std::move(*opened);
  }
  static void in_batch(policy::Store& store, const std::function<void(policy::Batch&)>& work) {
    auto batch = store.begin();
    ASSERT_TRUE(batch) << to_text(batch.error());
    work(*batch);
    const auto done = batch->commit();
    ASSERT_TRUE(done) << to_text(done.error());
  }
  TemporaryDirectory home_;

 private:
  std::string where_;
};

#define WEIR_ON_EVERY_DATABASE(fixture)                                                        \
  INSTANTIATE_TEST_SUITE_P(                                                                    \
      Database, fixture,                                                                       \
      ::testing::Values(::weir::test::Database::kSqlite, ::weir::test::Database::kPostgresql), \
      [](const auto& one) {                                                                    \
        return one.param == ::weir::test::Database::kSqlite ? "Sqlite" : "Postgresql";         \
      })

}  // namespace weir::test
