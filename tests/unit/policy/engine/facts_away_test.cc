// SPDX-License-Identifier: Apache-2.0
// Facts of quotas where Redis is a cluster, and the node that has them is away: they stay owed, and whoever
// tells them goes on.
#include <gtest/gtest.h>

#include "policy/bus/streams.h"
#include "policy/engine/quota_ledger.h"
#include "tests/support/redis_cluster_servers.h"

namespace weir::policy {
namespace {

using std::chrono::milliseconds;
using test::RedisClusterServers;

constexpr TimeNs kDay = 86'400 * kSecond;
constexpr TimeNs kNoon = 20'000 * kDay + kDay / 2;

void use_up(Store& store, QuotaLedger& ledger) {
  ASSERT_TRUE(ledger.look(store, kNoon));
  auto batch = store.begin();
  ASSERT_TRUE(batch);
  EXPECT_TRUE(ledger.add(*batch, {"video", "anna", {0, 0, 10, 0}, "flow", 1, kNoon}, kNoon).value());
  ASSERT_TRUE(batch->commit());
}

TEST(FactsAway, FactsStayOwedUntilTheirNodeIsBack) {
  RedisClusterServers cluster{2};
  ASSERT_TRUE(cluster.up());
  test::TemporaryDirectory home;
  Store store = Store::open(home.file("weir.db"), StoreAccess::kWrite).value();
  QuotaRules rules;
  rules.rules["video"] = {{{0, 0, 10, 0}, QuotaPer::kUser, QuotaEvery::kDay}, Section::kWeb, Severity::kHigh};
  const auto in_force = std::make_shared<const QuotaRules>(std::move(rules));
  QuotaLedger ledger{[in_force] { return in_force; }, FactsWriter{cluster.connect()}};
  use_up(store, ledger);

  const std::size_t home_of_facts = cluster.home_of(kFactsStream);
  cluster.server(home_of_facts).stop(SIGKILL);
  const auto refused = ledger.tell(store, kNoon);
  ASSERT_TRUE(refused) << to_text(refused.error());
  EXPECT_TRUE(*refused) << "the reason";
  EXPECT_TRUE(store.owes_facts().value());
  cluster.server(home_of_facts).start();
  ASSERT_TRUE(cluster.settled());
  EXPECT_TRUE(RedisClusterServers::eventually([&] {
    const auto told = ledger.tell(store, kNoon);
    return told && !*told;
  }));
  EXPECT_FALSE(store.owes_facts().value());
  EXPECT_EQ(FactsReader{cluster.connect()}.read(milliseconds{1'000}).value().back().subject, "anna");
}

}  // namespace
}  // namespace weir::policy
