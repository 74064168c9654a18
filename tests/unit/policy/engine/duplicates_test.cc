// SPDX-License-Identifier: Apache-2.0
// A round of which some events were applied before: the others have the effects that they would have had
// alone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "policy/bus/event_batch.h"
#include "policy/bus/streams.h"
#include "policy/engine/engine.h"
#include "policy/lang/compile.h"
#include "policy/store/flow_sums.h"
#include "tests/support/redis_server.h"
#include "tests/support/stored_violations.h"
#include "tests/unit/policy/engine/event_builder.h"

namespace weir::policy {
namespace {

constexpr std::size_t kEvents = 60;

class DuplicatesTest : public ::testing::Test {
 protected:
  using Rounds = std::vector<std::vector<StreamEntry>>;

  void SetUp() override {
    ASSERT_TRUE(redis_.up());
    const auto compiled = compile(
        "weir-policy: 1\ndetect: {many-blocks: {count: 8, within: 1h}, new-software: {learn_days: 0}}\n", {});
    ASSERT_TRUE(compiled);
    policy_ = *compiled;
    for (std::uint64_t i = 1; i <= kEvents; ++i) {
      event::FlowEvent event = test::flow_event(i);
      test::add_hit(event, "no-gambling", "n" + std::to_string(i % 7) + ".example");
      test::add_software(event, "product" + std::to_string(i), "7.88");
      event.mutable_counters()->set_bytes_from_initiator(i);
      events_.push_back(event.SerializeAsString());
    }
  }
  [[nodiscard]] StreamEntry entry(std::size_t from, std::size_t until) const {
    const std::span<const std::string> some = std::span{events_}.subspan(from, until - from);
    return {flow_stream(0), "0-1", encode_batch(some), false};
  }
  [[nodiscard]] std::string store_path() const { return home_.file("weir.db"); }

  /// What an empty store holds after these, as text, sorted.
  std::string after(const Rounds& rounds) {
    for (const char* const end : {"", "-wal", "-shm"}) std::filesystem::remove(store_path() + end);
    StreamReader reader{redis_.connect(), std::string{kEngineGroup}, "engine-1", {flow_stream(0)}};
    Engine engine{std::move(reader),
                  StreamWriter{redis_.connect(), kDeadLettersMax},
                  Store::open(store_path(), StoreAccess::kWrite).value(),
                  [](const auto&, const auto&) { return SoftwareState::kUnknown; },
                  QuotaLedger{[] { return nullptr; }, FactsWriter{redis_.connect()}},
                  Tries{redis_.connect(), std::string{kEngineGroup}},
                  {},
                  Detection{[this] { return policy_; }}};
    Round sum;
    for (const std::vector<StreamEntry>& entries : rounds) {
      engine.take_up_policy();
      const auto taken = engine.apply(entries, kSecond, sum);
      EXPECT_TRUE(taken) << (taken ? "" : to_text(taken.error()));
      EXPECT_EQ(taken.value_or(0), entries.size());
    }
    EXPECT_EQ(sum.applied, kEvents);
    return tables();
  }
  [[nodiscard]] std::string tables() const {
    Store store = Store::open(store_path(), StoreAccess::kRead).value();
    const std::vector<Violation> violations = test::violations(store, false, 1'000).value();
    const std::vector<Software> software = store.software("", 1'000).value();
    const auto usage = usage_by(store, kByClient, {0, 2 * kSumDay}, 10, kSecond).value();
    std::vector<std::string> lines;
    for (const Violation& row : violations) {
      const Violation one = store.violation(row.id).value();
      std::string& text = lines.emplace_back();
      text = fmt::format("{} {} {} {} {} {} {}", one.rule, one.subject, one.object, one.count, one.first_seen,
                         one.last_seen, one.text);
      for (const std::string& flow : one.evidence) text += " " + flow;
    }
    for (const Software& one : software)
      lines.push_back(fmt::format("{} {} {} {}", one.client, one.product, one.count, one.last_seen));
    for (const NamedUsage& one : usage)
      lines.push_back(fmt::format("{} {} flows, {} bytes", one.name, one.sum.flows, one.sum.bytes_up));
    std::sort(lines.begin(), lines.end());
    return fmt::format("{}", fmt::join(lines, "\n"));
  }

  test::RedisServer redis_;
  test::TemporaryDirectory home_;
  std::shared_ptr<const Policy> policy_;
  std::vector<std::string> events_;
};

TEST_F(DuplicatesTest, AtTheBeginTheMiddleOrTheEndOfARound) {
  const std::string once = after({{entry(0, 60)}});
  for (const char* const part :
       {"many-blocks 10.0.0.2", "new-software 10.0.0.2 product60", "10.0.0.2 60 flows, 1830 bytes"})
    EXPECT_NE(once.find(part), std::string::npos) << part << "\n" << once;
  EXPECT_EQ(after({{entry(0, 60)}, {entry(0, 60)}}), once);
  EXPECT_EQ(after({{entry(0, 60), entry(0, 60)}}), once);
  EXPECT_EQ(after({{entry(0, 20)}, {entry(0, 30), entry(30, 60)}}), once);
  EXPECT_EQ(after({{entry(0, 20)}, {entry(20, 30), entry(5, 45)}, {entry(30, 60)}}), once);
}

}  // namespace
}  // namespace weir::policy
