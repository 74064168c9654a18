// SPDX-License-Identifier: Apache-2.0
// Quotas through a whole engine: uses in events become sums, violations and facts, whatever dies, once each.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "policy/bus/stream_browser.h"
#include "policy/bus/streams.h"
#include "policy/engine/engine.h"
#include "tests/support/redis_server.h"
#include "tests/support/stored_violations.h"
#include "tests/unit/policy/engine/event_builder.h"

namespace weir::policy {
namespace {

using std::chrono::milliseconds;

constexpr TimeNs kDay = 86'400 * kSecond;
constexpr TimeNs kNoon = 20'000 * kDay + kDay / 2;
constexpr TimeNs kMinute = 60 * kSecond;

class QuotaEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(redis_.up());
    limit({0, 0, 10, 0});
  }

  /// From now on the policy has one rule with a quota: `video`.
  void limit(const QuotaUse& amounts) {
    QuotaRules rules;
    rules.rules["video"] = {{amounts, QuotaPer::kUser, QuotaEvery::kDay}, Section::kWeb, Severity::kHigh};
    rules_ = std::make_shared<const QuotaRules>(std::move(rules));
  }
  Engine engine(const std::string& name = "engine-1", std::uint32_t facts_kept = kFactsKeptMax) {
    return engine_with(FactsWriter{redis_.connect(), facts_kept}, name);
  }
  Engine engine_with(FactsWriter facts, const std::string& name = "engine-1") {
    StreamReader reader{redis_.connect(), std::string{kEngineGroup}, name, {flow_stream(0)}};
    EXPECT_TRUE(reader.create_group());
    return {std::move(reader),
            StreamWriter{redis_.connect(), kDeadLettersMax},
            Store::open(store_path(), StoreAccess::kWrite).value(),
            [](const auto&, const auto&) { return std::nullopt; },
            QuotaLedger{[this] { return rules_; }, std::move(facts)},
            {redis_.connect(), std::string{kEngineGroup}}};
  }
  Store store() { return Store::open(store_path(), StoreAccess::kRead).value(); }
  std::string store_path() const { return home_.file("weir.db"); }

  /// An event, the next of its source, with one use.
  std::string use(const std::string& subject, const QuotaUse& used, TimeNs at = kNoon,
                  const std::string& rule = "video") {
    event::FlowEvent event = test::flow_event(++sequence_, event::KIND_UPDATE);
    event.set_time_ns(static_cast<std::uint64_t>(at));
    event::QuotaUse& said = *event.add_quota_uses();
    said.set_rule(rule);
    said.set_subject(subject);
    said.set_bytes(used.bytes);
    said.set_flows(used.flows);
    said.set_messages(used.messages);
    return event.SerializeAsString();
  }
  std::string flows(const std::string& subject, std::uint64_t flows) {
    return use(subject, {0, 0, flows, 0});
  }
  void publish(const std::vector<std::string>& payloads) {
    StreamWriter out{redis_.connect(), 100'000};
    for (const std::string& payload : payloads) ASSERT_TRUE(out.append(flow_stream(0), payload));
    ASSERT_FALSE(out.flush().error);
  }
  /// Rounds until the stream is read, and one more.
  static Round run_dry(Engine& engine, TimeNs now = kNoon) {
    Round sum;
    for (int i = 0; i < 100; ++i) {
      const auto round = engine.run_once(milliseconds{1}, now);
      if (!round) {
        ADD_FAILURE() << to_text(round.error());
        break;
      }
      if (round->entries() == 0) break;
      sum.applied += round->applied;
      sum.duplicates += round->duplicates;
      sum.quota_uses_ignored += round->quota_uses_ignored;
    }
    return sum;
  }
  QuotaUse sum_of(const std::string& subject, TimeNs at = kNoon) {
    const auto records = store().quotas({"", subject, at - kDay}, 1'000).value();
    for (const QuotaRecord& one : records)
      if (one.begins <= at && at < one.ends) return one.used;
    return {};
  }
  std::map<std::string, std::uint64_t> violations() {
    std::map<std::string, std::uint64_t> counts;
    const auto all = test::violations(store(), true, 1'000).value();
    for (const Violation& one : all)
      counts[one.subject + ": " + one.object + ", " + to_string(one.severity)] = one.count;
    return counts;
  }
  /// The flows of each fact that a classifier which starts now would read, in order: "anna 8, anna 10".
  std::string told() {
    std::string text;
    FactsReader reader{redis_.connect()};
    while (true) {
      const auto facts = reader.read(milliseconds{0});
      if (!facts || facts->empty()) return text;
      for (const QuotaFact& one : *facts) {
        text += (text.empty() ? "" : ", ") + one.subject + " " + std::to_string(one.used.flows);
      }
    }
  }
  std::int64_t counter(const std::string& name) {
    const EngineState state = store().engine_state().value();
    const auto found = state.find(name);
    return found == state.end() ? 0 : found->second;
  }

  test::RedisServer redis_;
  test::TemporaryDirectory home_;
  std::shared_ptr<const QuotaRules> rules_;
  std::uint64_t sequence_ = 0;
};

TEST_F(QuotaEngine, UsesAreSummedSaidAndTold) {
  Engine one = engine();
  publish({flows("anna@EXAMPLE.COM", 7), flows("10.0.0.7", 3)});
  EXPECT_EQ(run_dry(one).quota_uses_ignored, 0U);
  EXPECT_EQ(sum_of("anna@EXAMPLE.COM").flows, 7U);
  EXPECT_EQ(violations(), (std::map<std::string, std::uint64_t>{}));
  EXPECT_EQ(told(), "");
  publish({flows("anna@EXAMPLE.COM", 1)});
  run_dry(one);
  EXPECT_EQ(told(), "anna@EXAMPLE.COM 8");
  publish({flows("anna@EXAMPLE.COM", 1)});
  run_dry(one);
  EXPECT_EQ(told(), "anna@EXAMPLE.COM 8") << "not that often";
  publish({flows("anna@EXAMPLE.COM", 1)});
  run_dry(one);
  publish({flows("anna@EXAMPLE.COM", 5)});
  run_dry(one);
  EXPECT_EQ(told(), "anna@EXAMPLE.COM 8, anna@EXAMPLE.COM 10");
  publish({flows("anna@EXAMPLE.COM", 1)});
  run_dry(one, kNoon + kFactEvery);
  EXPECT_EQ(told(), "anna@EXAMPLE.COM 8, anna@EXAMPLE.COM 10, anna@EXAMPLE.COM 16");
  EXPECT_EQ(violations(), (std::map<std::string, std::uint64_t>{
                              {"anna@EXAMPLE.COM: quota 80 %: 8 of 10 flows today, info", 1},
                              {"anna@EXAMPLE.COM: quota 100 %: 10 of 10 flows today, high", 1}}));
  EXPECT_EQ(sum_of("10.0.0.7").flows, 3U);
  EXPECT_EQ(counter("quota_facts"), 3);
}

TEST_F(QuotaEngine, AFactHasTheWholeUseAndTheEndOfThePeriod) {
  limit({5'000, 0, 0, 0});
  Engine one = engine();
  publish({use("all", {4'096, 0, 1, 0}), use("all", {1'000, 0, 1, 2})});
  run_dry(one);
  FactsReader reader{redis_.connect()};
  const auto facts = reader.read(milliseconds{0}).value();
  ASSERT_EQ(facts.size(), 1U) << "one a round";
  EXPECT_EQ(facts[0], (QuotaFact{"video", "all", 20'001 * kDay, {5'096, 60, 2, 2}}));
}

TEST_F(QuotaEngine, AMinuteCountsWhenEnoughPassedInItInAnyOrder) {
  limit({0, 600, 0, 0});
  std::vector<std::string> story;
  const auto bytes = [&](std::uint64_t amount, TimeNs at) {
    story.push_back(use("all", {amount, 0, 0, 0}, at));
  };
  bytes(kQuotaMinuteBytes - 1, kNoon);            // too little alone
  bytes(1, kNoon + kMinute - 1);                  // enough together
  bytes(kQuotaMinuteBytes, kNoon + kMinute - 1);  // more of the same minute
  bytes(kQuotaMinuteBytes - 1, kNoon + kMinute);  // the next one: too little
  bytes(1'000'000'000, kNoon + 5 * kMinute);      // much in one minute is one minute
  bytes(kQuotaMinuteBytes, kNoon + 3 * kMinute);  // late
  int orders = 0;
  std::vector<std::size_t> order{0, 1, 2, 3, 4, 5};
  Engine one = engine();
  do {
    if (++orders % 48 != 0) continue;  // fifteen of them
    sequence_ += 100;
    std::vector<std::string> shuffled;
    for (const std::size_t i : order) {
      event::FlowEvent event;
      ASSERT_TRUE(event.ParseFromString(story[i]));
      event.mutable_id()->set_sequence(++sequence_);
      event.mutable_quota_uses(0)->set_subject("s" + std::to_string(orders));
      shuffled.push_back(event.SerializeAsString());
    }
    publish(shuffled);
    run_dry(one, kNoon + 10 * kMinute);
    EXPECT_EQ(sum_of("s" + std::to_string(orders)).seconds, 180U) << orders;
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(QuotaEngine, EverythingTwiceAndBackwardsChangesNothing) {
  std::vector<std::string> story;
  for (int i = 0; i < 12; ++i)
    story.push_back(use(i % 3 == 0 ? "all" : "10.0.0.7", {5'000, 0, 1, 0}, kNoon + i * kMinute / 2));
  publish(story);
  Engine one = engine();
  run_dry(one, kNoon + kMinute * 10);
  const QuotaUse first = sum_of("10.0.0.7");
  const auto said = violations();
  EXPECT_EQ(first, (QuotaUse{40'000, 6 * 60, 8, 0}));
  publish(story);
  std::reverse(story.begin(), story.end());
  publish(story);
  EXPECT_EQ(run_dry(one, kNoon + kMinute * 10).duplicates, 24U);
  EXPECT_EQ(sum_of("10.0.0.7"), first);
  EXPECT_EQ(violations(), said);
}

TEST_F(QuotaEngine, DyingBetweenCommitAndTellingLosesNoFact) {
  publish({flows("anna", 10), flows("ben", 8)});
  {
    test::RedisServer gone;
    FactsWriter broken{gone.connect()};
    gone.stop(SIGKILL);
    Engine dying = engine_with(std::move(broken));
    EXPECT_EQ(dying.run_once(milliseconds{1'000}, kNoon).error().code, ErrorCode::kUnavailable);
  }
  EXPECT_EQ(sum_of("anna").flows, 10U) << "committed";
  EXPECT_EQ(told(), "") << "and not told";
  Engine again = engine();
  EXPECT_EQ(run_dry(again).duplicates, 2U) << "it had not acknowledged either";
  EXPECT_EQ(told(), "anna 10, ben 8");
  EXPECT_EQ(sum_of("anna").flows, 10U);
}

TEST_F(QuotaEngine, AnotherEngineTellsWhatADeadOneOwes) {
  Engine heir = engine("engine-2");
  run_dry(heir);
  publish({flows("anna", 10)});
  {
    test::RedisServer gone;
    FactsWriter broken{gone.connect()};
    gone.stop(SIGKILL);
    Engine dying = engine_with(std::move(broken));
    EXPECT_FALSE(dying.run_once(milliseconds{1'000}, kNoon));
  }
  ASSERT_TRUE(heir.run_once(milliseconds{1}, kNoon)) << "an idle round, long before it takes over the event";
  EXPECT_EQ(told(), "anna 10");
}

TEST_F(QuotaEngine, WhatRedisRefusesStaysOwedAndTheEventsGoOn) {
  auto admin = redis_.connect();
  ASSERT_TRUE(admin.command({"SET", kFactsStream, "in the way"}));
  publish({flows("anna", 10)});
  Engine one = engine();
  const auto round = one.run_once(milliseconds{1'000}, kNoon);
  ASSERT_TRUE(round) << to_text(round.error());
  EXPECT_EQ(round->applied, 1U);
  ASSERT_TRUE(round->facts_refused);
  EXPECT_EQ(admin.command({"XPENDING", flow_stream(0), kEngineGroup})->items.at(0).integer, 0);
  EXPECT_TRUE(one.run_once(milliseconds{1}, kNoon)->facts_refused);
  ASSERT_TRUE(admin.command({"DEL", kFactsStream}));
  EXPECT_FALSE(one.run_once(milliseconds{1}, kNoon)->facts_refused);
  EXPECT_EQ(told(), "anna 10");
}

TEST_F(QuotaEngine, TwoEnginesOfOneStoreSumOnceAndTellInOrder) {
  limit({0, 0, 100, 0});
  Engine one = engine("engine-1");
  Engine two = engine("engine-2");
  std::vector<std::string> story;
  for (int i = 0; i < 100; ++i) story.push_back(flows("anna", 1));
  for (std::size_t i = 0; i < story.size(); ++i) {
    publish({story[i], story[i]});  // each is given twice
    const TimeNs now = kNoon + static_cast<TimeNs>(i) * 3 * kSecond;
    ASSERT_TRUE((i % 3 == 0 ? one : two).run_once(milliseconds{1'000}, now));
  }
  EXPECT_EQ(sum_of("anna").flows, 100U);
  EXPECT_EQ(told(), "anna 80, anna 84, anna 88, anna 92, anna 96, anna 100");
  EXPECT_EQ(violations().size(), 2U);
}

TEST_F(QuotaEngine, AnotherPolicyTellsWhomItConcerns) {
  Engine one = engine();
  publish({flows("anna", 6), flows("ben", 2)});
  run_dry(one);
  EXPECT_EQ(told(), "");
  limit({0, 0, 6, 0});
  run_dry(one);
  EXPECT_EQ(told(), "anna 6") << "nobody used anything since";
  limit({0, 0, 1'000, 0});
  run_dry(one);
  EXPECT_EQ(told(), "anna 6, anna 6") << "told before: the stream might have lost it";
  rules_ = nullptr;
  run_dry(one);
  EXPECT_EQ(told(), "anna 6, anna 6");
}

TEST_F(QuotaEngine, WhatIsNoUseOfAQuotaIsIgnoredAndCounted) {
  Engine one = engine();
  publish({use("all", {1, 0, 1, 0}, kNoon, "other"), use("", {1, 0, 1, 0}), use("all", {0, 0, 0, 0}),
           use(std::string(kFactSubjectBytesMax + 1, 's'), {1, 0, 1, 0}),
           use("all", {1, 0, 1, 0}, kNoon + kQuotaAheadMax + 1), use("a\nb", {1, 0, 1, 0})});
  EXPECT_EQ(run_dry(one).quota_uses_ignored, 6U);
  EXPECT_EQ(counter("quota_uses_ignored"), 6);
  publish({use("all", {1, 0, 1, 0}, kNoon + kQuotaAheadMax)});
  EXPECT_EQ(run_dry(one).quota_uses_ignored, 0U);
  rules_ = nullptr;
  publish({flows("all", 1)});
  EXPECT_EQ(run_dry(one).quota_uses_ignored, 1U) << "without a policy";
  EXPECT_EQ(store().quotas({}, 10).value().size(), 1U);
}

TEST_F(QuotaEngine, EachPeriodBeginsAnewAndALateUseBelongsToItsOwn) {
  Engine one = engine();
  publish({flows("anna", 10)});
  run_dry(one);
  EXPECT_EQ(told(), "anna 10");
  const TimeNs tomorrow = kNoon + kDay;
  publish({use("anna", {0, 0, 3, 0}, tomorrow), use("anna", {0, 0, 1, 0}, kNoon + kMinute),
           use("ben", {0, 0, 10, 0}, kNoon + kMinute)});
  run_dry(one, tomorrow);
  EXPECT_EQ(sum_of("anna", tomorrow).flows, 3U);
  EXPECT_EQ(sum_of("anna").flows, 11U);
  EXPECT_EQ(told(), "anna 10") << "of yesterday nobody is told";
  EXPECT_EQ(violations().count("ben: quota 100 %: 10 of 10 flows today, high"), 1U);
  Engine again = engine();
  run_dry(again, tomorrow);
  EXPECT_EQ(told(), "anna 10");
}

TEST_F(QuotaEngine, PeriodsAreThoseOfThePolicysZone) {
  QuotaRules rules = *rules_;
  rules.zone = TimeZone::load("America/Toronto").value();
  rules_ = std::make_shared<const QuotaRules>(std::move(rules));
  Engine one = engine();
  const TimeNs midnight = 20'000 * kDay + 4 * 3'600 * kSecond;  // 2024-10-04 00:00 in Toronto
  publish({use("anna", {0, 0, 5, 0}, midnight - 1), use("anna", {0, 0, 5, 0}, midnight)});
  run_dry(one, midnight);
  EXPECT_EQ(sum_of("anna", midnight - 1).flows, 5U);
  EXPECT_EQ(sum_of("anna", midnight).flows, 5U);
}

TEST_F(QuotaEngine, AStreamThatIsToldMuchIsToldEverythingAgain) {
  Engine one = engine("engine-1", 400);  // a whole set after a hundred facts
  publish({flows("early", 10)});
  run_dry(one);
  for (int round = 1; round <= 20; ++round) {
    std::vector<std::string> uses;
    for (int i = 0; i < 30; ++i) uses.push_back(flows("s" + std::to_string(i), 10));
    publish(uses);
    run_dry(one, kNoon + round * kFactEvery);
  }
  EXPECT_GE(counter("quota_facts"), 20 * 30);
  const std::string all = told();
  EXPECT_LT(std::ranges::count(all, ','), 20 * 30) << "the stream was trimmed";
  EXPECT_NE(all.find("early 10"), std::string::npos) << all;
}

TEST_F(QuotaEngine, WhoIsForgivenIsToldByAnIdleEngine) {
  Engine one = engine();
  publish({flows("anna", 10)});
  run_dry(one);
  {
    Store other = Store::open(store_path(), StoreAccess::kChange).value();
    auto batch = other.begin();
    ASSERT_EQ(batch->forgive("video", "anna", kNoon).value().used.flows, 10U);
    ASSERT_TRUE(batch->commit());
  }
  ASSERT_TRUE(one.run_once(milliseconds{1}, kNoon));
  EXPECT_EQ(told(), "anna 10, anna 0");
  Engine again = engine();
  run_dry(again);
  EXPECT_EQ(told(), "anna 10, anna 0, anna 0") << "a start tells it again, or the 10 could be the last word";
  publish({flows("anna", 8)});
  run_dry(again);
  EXPECT_EQ(violations().at("anna: quota 80 %: 8 of 10 flows today, info"), 1U) << "it begins anew";
}

TEST_F(QuotaEngine, AStreamThatRedisLostIsToldAgain) {
  test::RedisServer forgetful{{"--appendonly", "no"}};
  ASSERT_TRUE(forgetful.up());
  {
    Engine one = engine_with(FactsWriter{forgetful.connect()});
    publish({flows("anna", 10), flows("ben", 7)});
    run_dry(one);
    forgetful.stop(SIGKILL);
    publish({flows("anna", 1)});
    EXPECT_FALSE(one.run_once(milliseconds{1'000}, kNoon + kFactEvery));
  }
  forgetful.start();
  ASSERT_TRUE(forgetful.up());
  ASSERT_EQ(StreamBrowser{forgetful.connect()}.length(std::string{kFactsStream}).value(), 0U);
  Engine again = engine_with(FactsWriter{forgetful.connect()});
  run_dry(again, kNoon + kFactEvery);
  FactsReader reader{forgetful.connect()};
  const auto facts = reader.read(milliseconds{0}).value();
  ASSERT_EQ(facts.size(), 1U) << "anna alone";
  EXPECT_EQ(facts[0].used.flows, 11U);
}

}  // namespace
}  // namespace weir::policy
