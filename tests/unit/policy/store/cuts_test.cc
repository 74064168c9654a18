// SPDX-License-Identifier: Apache-2.0
// How what was seen is cut into transactions, and in which order it comes, makes no difference to what the
// store says.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "policy/store/sources.h"
#include "policy/store/store.h"
#include "tests/support/stored_violations.h"
#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

using Random = std::mt19937_64;

std::vector<ViolationSighting> sightings(Random& random) {
  std::vector<ViolationSighting> all;
  for (int i = 0; i < 200; ++i) {
    ViolationSighting one;
    one.rule = random() % 2 == 0 ? "no-gambling" : "no-games";
    one.section = "web";
    one.subject = "10.0.0." + std::to_string(random() % 3);
    one.object = "host" + std::to_string(random() % 4) + ".example";
    one.severity = static_cast<Severity>(random() % 5);
    one.at = 1'000 + i;  // no two at the same time: the latest word is one
    one.revision = static_cast<std::uint32_t>(i);
    one.action = random() % 2 == 0 ? "report" : "block";
    one.flow_id = "f" + std::to_string(random() % 200);
    all.push_back(std::move(one));
  }
  return all;
}

/// Everything that is said of violations and software, sorted.
std::multiset<std::string> tables(Store& store) {
  std::multiset<std::string> all;
  const auto violations = test::violations(store, false, 1'000).value();
  for (const Violation& row : violations) {
    const Violation one = store.violation(row.id).value();
    std::string text = one.rule + " " + one.subject + " " + one.object + " " + one.action + " " +
                       std::to_string(one.revision) + " " + std::to_string(static_cast<int>(one.severity)) +
                       " " + std::to_string(one.count) + " " + std::to_string(one.first_seen) + " " +
                       std::to_string(one.last_seen);
    for (const std::string& flow : one.evidence) text += " " + flow;
    all.insert(std::move(text));
  }
  const auto software = store.software("", 1'000).value();
  for (const Software& one : software) {
    all.insert(one.client + " " + one.product + " " + one.version + " " + one.evidence + " " + one.flow_id +
               " " + std::to_string(one.count) + " " + std::to_string(one.first_seen) + " " +
               std::to_string(one.last_seen));
  }
  return all;
}

/// Transactions of 1 to `most` sightings; some are given up and done again.
std::multiset<std::string> after(const std::vector<ViolationSighting>& seen, std::size_t most,
                                 Random& random) {
  const test::TemporaryDirectory home;
  Store store = Store::open(home.file("weir.db"), StoreAccess::kWrite, {.evidence_flows = 5}).value();
  for (std::size_t at = 0; at < seen.size();) {
    const std::size_t end = std::min(seen.size(), at + 1 + random() % most);
    Batch batch = store.begin().value();
    for (std::size_t i = at; i < end; ++i) {
      EXPECT_TRUE(batch.record(seen[i]));
      const SoftwareSighting software{seen[i].subject, "curl",       seen[i].object, seen[i].action,
                                      seen[i].flow_id, std::nullopt, seen[i].at};
      EXPECT_TRUE(batch.record(software));
    }
    if (random() % 4 == 0) continue;  // never happened
    EXPECT_TRUE(batch.commit());
    at = end;
  }
  return tables(store);
}

TEST(Cuts, TransactionsAndOrderMakeNoDifference) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Random random{seed};
    std::vector<ViolationSighting> seen = sightings(random);
    const auto expected = after(seen, seen.size(), random);
    EXPECT_EQ(after(seen, 1, random), expected) << "seed " << seed;
    EXPECT_EQ(after(seen, 50, random), expected) << "seed " << seed;
    std::ranges::shuffle(seen, random);
    EXPECT_EQ(after(seen, 50, random), expected) << "seed " << seed << ", in another order";
  }
}

TEST(AppliedNumbers, EachIsTakenOnceAndWhatIsMissingIsKnown) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random{seed};
    AppliedNumbers numbers;
    std::set<std::int64_t> taken;
    for (int i = 0; i < 2'000; ++i) {
      const auto number = static_cast<std::int64_t>(1 + random() % 300);
      bool changed = false;
      ASSERT_EQ(numbers.take(number, 1'000, changed), taken.insert(number).second) << "seed " << seed;
      ASSERT_EQ(numbers.high, *taken.rbegin());
    }
    std::int64_t missing = 0;
    for (const auto& [first, last] : numbers.gaps) missing += last - first + 1;
    EXPECT_EQ(missing, numbers.high - static_cast<std::int64_t>(taken.size()));
  }
}

TEST(AppliedNumbers, TheEndsOfTheRangeAndTooManyGaps) {
  AppliedNumbers numbers;
  bool changed = false;
  EXPECT_TRUE(numbers.take(INT64_MAX, 2, changed));
  EXPECT_FALSE(numbers.take(INT64_MAX, 2, changed));
  EXPECT_TRUE(numbers.take(INT64_MAX - 1, 2, changed));
  EXPECT_TRUE(numbers.take(1, 2, changed));
  AppliedNumbers few;
  for (const std::int64_t number : {3, 5, 7}) EXPECT_TRUE(few.take(number, 2, changed));
  EXPECT_EQ(few.lost, 2) << "1 and 2";
  EXPECT_FALSE(few.take(1, 2, changed));
  EXPECT_TRUE(few.take(4, 2, changed));
}

}  // namespace
}  // namespace weir::policy
