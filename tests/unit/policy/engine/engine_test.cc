// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/engine.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "policy/bus/event_batch.h"
#include "policy/bus/stream_browser.h"
#include "policy/bus/streams.h"
#include "policy/engine/tries.h"
#include "tests/support/redis_server.h"
#include "tests/support/stored_violations.h"
#include "tests/unit/policy/engine/event_builder.h"

namespace weir::policy {
namespace {

using std::chrono::milliseconds;

constexpr const char* kPoison = "poison";  // an event with this product kills the engine

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(redis_.up()); }

  Engine engine(const std::string& name = "engine-1") {
    StreamReader reader{redis_.connect(), std::string{kEngineGroup}, name, {flow_stream(0)}};
    EXPECT_TRUE(reader.create_group());
    auto opened = Store::open(store_path(), StoreAccess::kWrite);
    EXPECT_TRUE(opened) << to_text(opened.error());
    return {std::move(reader),
            StreamWriter{redis_.connect(), kDeadLettersMax},
            std::move(*opened),
            [](const std::string& product, const std::string&) -> std::optional<SoftwareState> {
              if (product == kPoison) raise(SIGKILL);
              return product == "bittorrent" ? SoftwareState::kUnauthorised : SoftwareState::kUnknown;
            },
            QuotaLedger{[] { return nullptr; }, FactsWriter{redis_.connect()}},
            Tries{redis_.connect(), std::string{kEngineGroup}}};
  }
  Store store() { return Store::open(store_path(), StoreAccess::kRead).value(); }
  std::string store_path() const { return home_.file("weir.db"); }

  void publish(const std::vector<std::string>& payloads) {
    StreamWriter out{redis_.connect(), 100'000};
    for (const std::string& payload : payloads) {
      ASSERT_TRUE(out.append(flow_stream(0), payload));
      ASSERT_FALSE(out.flush().error);
    }
  }
  static std::vector<std::string> story() { return test::story(); }
  /// Rounds until the stream is read; gives their sum.
  static Round run_dry(Engine& engine) {
    Round sum;
    for (int i = 0; i < 100; ++i) {
      const auto round = engine.run_once(milliseconds{1}, 1'000 * kSecond);
      EXPECT_TRUE(round) << (round ? "" : to_text(round.error()));
      if (!round || round->entries() == 0) break;
      sum += *round;
    }
    return sum;
  }
  /// Everything that an officer can see, as text.
  std::string tables() {
    std::string text;
    Store read = store();
    const auto violations = test::violations(read, false, 1'000).value();
    for (const Violation& row : violations) {
      const Violation one = read.violation(row.id).value();
      text += one.rule + " " + one.subject + " " + one.object + " " + std::to_string(one.count) + " " +
              std::to_string(one.first_seen) + " " + std::to_string(one.last_seen);
      for (const std::string& flow : one.evidence) text += " " + flow;
      text += "\n";
    }
    const auto software = read.software("", 1'000).value();
    for (const Software& one : software) {
      text += one.client + " " + one.product + " " + one.version + " " + to_string(one.state) + " " +
              std::to_string(one.count) + " " + std::to_string(one.last_seen) + "\n";
    }
    return text;
  }
  std::int64_t owed() {
    auto admin = redis_.connect();
    const auto pending = admin.command({"XPENDING", flow_stream(0), kEngineGroup});
    return pending ? pending->items.at(0).integer : -1;
  }

  test::RedisServer redis_;
  test::TemporaryDirectory home_;
};

TEST_F(EngineTest, AnEntryThatKillsEnginesIsGivenUpAndNoOtherIs) {
  auto payloads = story();
  event::FlowEvent poison = test::flow_event(41, event::KIND_OPENED);
  test::add_software(poison, kPoison, "1");
  payloads.insert(payloads.begin() + 20, poison.SerializeAsString());
  publish(payloads);
  std::uint32_t deaths = 0;
  for (bool ended = false; !ended && deaths < 20;) {
    const pid_t child = fork();
    if (child == 0) {
      Engine one = engine();
      run_dry(one);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ended = WIFEXITED(status);
    deaths += ended ? 0U : 1U;
  }
  EXPECT_EQ(deaths, kTriesMax);
  EXPECT_EQ(owed(), 0);
  StreamBrowser browser{redis_.connect()};
  EXPECT_EQ(browser.length(std::string{kDeadStream}).value(), 1U);
  EXPECT_EQ(store().engine_state().value().at("events_dead"), 1);
  EXPECT_EQ(store().engine_state().value().at("events_applied"), 40);
  std::uint64_t sightings = 0;
  const std::vector<Violation> rows = test::violations(store(), true, 10).value();
  for (const Violation& row : rows) sightings += row.count;
  EXPECT_EQ(sightings, 10U);
}

TEST_F(EngineTest, AStoreThatRefusesEverythingIsNotTheEntrysFault) {
  publish({test::flow_event(1, event::KIND_OPENED).SerializeAsString()});
  Store wide = Store::open(store_path(), StoreAccess::kWrite).value();
  Tries tries{redis_.connect(), std::string{kEngineGroup}};
  const auto again = [&] {  // by an engine that got nowhere before
    StreamReader reader{redis_.connect(), std::string{kEngineGroup}, "engine-1", {flow_stream(0)}};
    EXPECT_TRUE(reader.create_group());
    EXPECT_TRUE(tries.add(reader.read(10, milliseconds{1'000}).value()));
    EXPECT_TRUE(tries.waiting());
  };
  for (std::uint32_t i = 0; i < 3 * kTriesMax; ++i) {
    Store refusing = Store::open(store_path(), StoreAccess::kRead).value();
    again();
    const auto next = tries.next(refusing);
    EXPECT_EQ(next.has_value(), i + 1 < kTriesMax) << i;
    EXPECT_FALSE(next && next->given_up);
  }
  again();
  for (int i = 0; i < 3; ++i) {  // done each time, and not acknowledged: Redis died in between
    EXPECT_FALSE(tries.next(wide).value().given_up);
    auto batch = wide.begin();
    ASSERT_TRUE(batch && tries.done(*batch) && batch->commit());
    again();
  }
  EXPECT_FALSE(tries.next(wide).value().given_up) << "the first try that is not done";
  again();
  EXPECT_TRUE(tries.next(wide).value().given_up);
}

TEST_F(EngineTest, AClockThatStepsChangesNothing) {
  publish(story());
  {
    Engine one = engine();
    run_dry(one);
  }
  const std::string undisturbed = tables();
  std::filesystem::remove_all(home_.path());
  std::filesystem::create_directory(home_.path());
  auto admin = redis_.connect();
  ASSERT_TRUE(admin.command({"DEL", flow_stream(0)}));
  Engine one = engine();
  constexpr TimeNs kDay = 86'400 * kSecond;
  TimeNs now = 1'000 * kDay;
  for (const std::string& payload : story()) {  // each at another time, a day ahead or two back
    publish({payload});
    now += std::hash<std::string>{}(payload) % 2 == 0 ? kDay : -2 * kDay;
    const auto round = one.run_once(milliseconds{1'000}, now);
    ASSERT_TRUE(round) << to_text(round.error());
  }
  EXPECT_EQ(tables(), undisturbed);
  EXPECT_EQ(owed(), 0);
}

TEST_F(EngineTest, EventsBecomeViolationsAndSoftware) {
  Engine one = engine();
  publish(story());
  const Round sum = run_dry(one);
  EXPECT_EQ(sum.applied, 40U);
  EXPECT_EQ(sum.violations, 10U);
  Store read = store();
  const auto violations = test::violations(read, true, 10).value();
  ASSERT_EQ(violations.size(), 2U);
  EXPECT_EQ(violations[0].object, "bet.example");
  EXPECT_EQ(violations[0].count, 5U);
  EXPECT_EQ(violations[0].severity, Severity::kHigh);
  const auto software = read.software("10.0.0.2", 10).value();
  ASSERT_EQ(software.size(), 2U);
  EXPECT_EQ(software[0].state, SoftwareState::kUnauthorised);
  EXPECT_EQ(software[1].state, SoftwareState::kUnknown);
  EXPECT_TRUE(read.flow("0000000000abcdef-0-40"));
  EXPECT_EQ(read.engine_state().value().at("events_applied"), 40);
  EXPECT_EQ(read.engine_state().value().at("last_commit_ns"), 1'000 * kSecond);
  EXPECT_EQ(owed(), 0);
}

TEST_F(EngineTest, EverythingTwiceAndBackwardsGivesTheSameTables) {
  Engine one = engine();
  publish(story());
  run_dry(one);
  const std::string once = tables();
  publish(story());
  std::vector<std::string> backwards = story();
  std::reverse(backwards.begin(), backwards.end());
  publish(backwards);
  const Round sum = run_dry(one);
  EXPECT_EQ(sum.applied, 0U);
  EXPECT_EQ(sum.duplicates, 80U);
  EXPECT_EQ(tables(), once);
  EXPECT_EQ(owed(), 0);
}

TEST_F(EngineTest, DyingBetweenCommitAndAcknowledgementLosesAndDoublesNothing) {
  publish(story());
  {
    Engine whole = engine();
    run_dry(whole);
  }
  const std::string expected = tables();
  std::filesystem::remove_all(home_.file(""));
  std::filesystem::create_directory(home_.path());
  auto admin = redis_.connect();
  // An engine whose acknowledgement is refused dies exactly between the two.
  ASSERT_TRUE(admin.command({"DEL", flow_stream(0)}));
  {
    Engine dying = engine();
    publish(story());
    ASSERT_TRUE(admin.command({"ACL", "SETUSER", "default", "-xack"}));
    const auto round = dying.run_once(milliseconds{1'000}, kSecond);
    ASSERT_FALSE(round);
    ASSERT_TRUE(admin.command({"ACL", "SETUSER", "default", "+xack"}));
  }
  EXPECT_EQ(tables(), expected);
  EXPECT_EQ(owed(), 40);
  Engine again = engine();
  const Round sum = run_dry(again);
  EXPECT_EQ(sum.duplicates, 40U);
  EXPECT_EQ(sum.applied, 0U);
  EXPECT_EQ(tables(), expected);
  EXPECT_EQ(owed(), 0);
}

TEST_F(EngineTest, DyingBeforeTheCommitAppliesEverythingLater) {
  publish(story());
  {
    StreamReader reader{redis_.connect(), std::string{kEngineGroup}, "engine-1", {flow_stream(0)}};
    ASSERT_TRUE(reader.create_group());
    ASSERT_EQ(reader.read(500, milliseconds{1'000}).value().size(), 40U);
  }
  Engine again = engine();
  EXPECT_EQ(run_dry(again).applied, 40U);
  EXPECT_EQ(owed(), 0);
}

TEST_F(EngineTest, TwoEnginesShareTheWorkAndCountEachEventOnce) {
  Engine one = engine("engine-1");
  Engine two = engine("engine-2");
  std::vector<std::string> doubled = story();
  const std::vector<std::string> again = story();
  doubled.insert(doubled.end(), again.begin(), again.end());
  for (std::size_t i = 0; i < doubled.size(); ++i) {
    publish({doubled[i]});
    ASSERT_TRUE((i % 3 == 0 ? one : two).run_once(milliseconds{1'000}, kSecond));
  }
  EXPECT_EQ(store().engine_state().value().at("events_applied"), 40);
  EXPECT_EQ(store().engine_state().value().at("events_duplicate"), 40);
  EXPECT_EQ(test::violations(store(), true, 10).value().at(0).count, 5U);
}

TEST_F(EngineTest, WhatCannotBeReadIsBuriedCountedAndAcknowledged) {
  Engine one = engine();
  publish({"nonsense", test::flow_event(1).SerializeAsString(), ""});
  const Round sum = run_dry(one);
  EXPECT_EQ(sum.dead, 2U);
  EXPECT_EQ(sum.applied, 1U);
  EXPECT_EQ(owed(), 0);
  StreamBrowser browser{redis_.connect()};
  std::vector<std::string> letters;
  ASSERT_TRUE(browser.scan_backwards(std::string{kDeadStream}, 10, [&](const StreamEntry& entry) {
    letters.push_back(entry.payload);
    return true;
  }));
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_TRUE(letters[1].starts_with("weir:flows:0 "));
  EXPECT_TRUE(letters[1].ends_with("\nnonsense"));
  EXPECT_EQ(store().engine_state().value().at("events_dead"), 2);
}

TEST_F(EngineTest, ABatchIsAppliedEventByEvent) {
  Engine one = engine();
  publish({encode_batch(story())});
  EXPECT_EQ(run_dry(one).applied, 40U);
  publish(story());
  EXPECT_EQ(run_dry(one).duplicates, 40U);
}

TEST_F(EngineTest, ATransactionTakesSoManyEventsAndARoundSeveralTransactions) {
  Engine one = engine();
  std::vector<StreamEntry> entries;
  std::vector<std::string> payloads;
  for (std::uint64_t sequence = 1; entries.size() < kRoundEventsMax / kBatchEventsMax + 4;) {
    std::vector<std::string> events;
    while (events.size() < kBatchEventsMax)
      events.push_back(test::flow_event(sequence++, event::KIND_OPENED).SerializeAsString());
    payloads.push_back(encode_batch(events));
    entries.push_back({flow_stream(0), "0-1", payloads.back(), false});
  }
  Round round;
  EXPECT_EQ(one.apply(entries, kSecond, round).value(), kRoundEventsMax / kBatchEventsMax);
  EXPECT_EQ(round.applied, kRoundEventsMax);
  publish(payloads);
  const Round sum = run_dry(one);
  EXPECT_EQ(sum.applied, 4 * kBatchEventsMax);
  EXPECT_EQ(sum.duplicates, kRoundEventsMax);
}

TEST_F(EngineTest, ATransactionTakesSoManyBytes) {
  Engine one = engine();
  std::vector<StreamEntry> entries;
  for (std::uint64_t sequence = 1; entries.size() < 200;) {
    std::vector<std::string> events;
    while (events.size() < 4) {
      event::FlowEvent event = test::flow_event(sequence++, event::KIND_OPENED);
      event.set_user_agent(std::string(60'000, 'x'));
      events.push_back(event.SerializeAsString());
    }
    entries.push_back({flow_stream(0), "0-1", encode_batch(events), false});
  }
  Round round;
  const std::size_t taken = one.apply(entries, kSecond, round).value();
  EXPECT_EQ(round.applied, 4 * taken);
  EXPECT_LT(taken * 240'000, kRoundBytesMax + kBatchBytesMax);
  EXPECT_GT(taken * 250'000, kRoundBytesMax);
}

TEST_F(EngineTest, APoisonedEventOfABatchIsBuriedAlone) {
  Engine one = engine();
  std::vector<std::string> events = story();
  events.insert(events.begin() + 20, "nonsense");
  publish({encode_batch(events)});
  const Round sum = run_dry(one);
  EXPECT_EQ(sum.dead, 1U);
  EXPECT_EQ(sum.applied, 40U);
  EXPECT_EQ(owed(), 0);
  StreamBrowser browser{redis_.connect()};
  EXPECT_EQ(browser.length(std::string{kDeadStream}).value(), 1U);
  ASSERT_TRUE(browser.scan_backwards(std::string{kDeadStream}, 10, [&](const StreamEntry& entry) {
    EXPECT_TRUE(entry.payload.ends_with("\nnonsense")) << entry.payload;
    return true;
  }));
}

TEST_F(EngineTest, EntriesTrimmedWhileOwedAreCountedGone) {
  publish({test::flow_event(1).SerializeAsString()});
  {
    StreamReader reader{redis_.connect(), std::string{kEngineGroup}, "engine-1", {flow_stream(0)}};
    ASSERT_TRUE(reader.create_group());
    ASSERT_EQ(reader.read(500, milliseconds{1'000}).value().size(), 1U);
  }
  auto admin = redis_.connect();
  ASSERT_TRUE(admin.command({"XTRIM", flow_stream(0), "MAXLEN", "0"}));
  Engine again = engine();
  EXPECT_EQ(run_dry(again).gone, 1U);
  EXPECT_EQ(owed(), 0);
}

TEST_F(EngineTest, AnIdleEngineBeats) {
  Engine one = engine();
  ASSERT_TRUE(one.run_once(milliseconds{1}, 50 * kSecond));
  EXPECT_EQ(store().engine_state().value().at("heartbeat_ns"), 50 * kSecond);
  ASSERT_TRUE(one.run_once(milliseconds{1}, 51 * kSecond));
  EXPECT_EQ(store().engine_state().value().at("heartbeat_ns"), 50 * kSecond);
  ASSERT_TRUE(one.run_once(milliseconds{1}, 56 * kSecond));
  EXPECT_EQ(store().engine_state().value().at("heartbeat_ns"), 56 * kSecond);
}

TEST_F(EngineTest, ALostRedisIsAnErrorAndNothingIsLost) {
  publish(story());
  {
    Engine one = engine();
    redis_.stop(SIGKILL);
    EXPECT_EQ(one.run_once(milliseconds{1}, kSecond).error().code, ErrorCode::kUnavailable);
  }
  redis_.start();
  ASSERT_TRUE(redis_.up());
  Engine again = engine();
  EXPECT_EQ(run_dry(again).applied, 40U);
}

}  // namespace
}  // namespace weir::policy
