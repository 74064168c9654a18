// SPDX-License-Identifier: Apache-2.0
// The life of violations: states, history, due times, suppressions, and the queue page by page.
#include "policy/store/violation_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/support/any_store.h"
#include "tests/support/stored_violations.h"

namespace weir::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimeNs kHour = 3'600 * kSecond;

class Violations : public test::AnyStore {
 protected:
  static ViolationSighting sighting(const std::string& object, TimeNs at,
                                    Severity severity = Severity::kMedium) {
    return {
        "no-gambling", "web", "block", false, severity, "10.0.0.2", object, "f" + std::to_string(at), 7, at};
  }
  static void see(Store&& store, const ViolationSighting& seen) { see(store, seen); }
  static void see(Store& store, const ViolationSighting& seen) {
    in_batch(store, [&](Batch& batch) { ASSERT_TRUE(batch.record(seen)); });
  }
  static Act act(TimeNs at, const std::string& reason = "looked at it") { return {"vera", at, reason}; }
  static Result<void> moved(Store& store, std::int64_t id, const std::string& state, TimeNs at = 50) {
    auto batch = store.begin();
    auto done = move_violation(*batch, id, state, act(at));
    return done ? batch->commit() : done;
  }
  static std::int64_t only(Store& store) { return test::violations(store, true, 1).value().at(0).id; }
  static std::string history(Store& store, std::int64_t id) {
    std::string all;
    const auto lines = violation_history(store, id).value();
    for (const ViolationChange& one : lines)
      all += std::to_string(one.at) + " " + one.who + " " + one.what + " " + one.from + ">" + one.to + " " +
             one.reason + "\n";
    return all;
  }
  static std::vector<std::string> objects(Store& store, const ViolationFilter& filter) {
    std::vector<std::string> all;
    const auto page = violation_page(store, filter, "", 1'000);
    EXPECT_TRUE(page) << to_text(page.error());
    for (const Violation& one : page->rows) all.push_back(one.object);
    return all;
  }
  static Suppression suppression(const std::string& object, TimeNs ends) {
    Suppression made;
    made.rule = made.subject = "*";
    made.object = object;
    made.owner = "it-desk";
    made.by = "vera";
    made.reason = "known";
    made.made = 10;
    made.ends = ends;
    return made;
  }
  static std::int64_t suppressed(Store& store, const Suppression& made) {
    std::int64_t id = 0;
    in_batch(store, [&](Batch& batch) {
      const auto done = suppress(batch, made);
      ASSERT_TRUE(done) << to_text(done.error());
      id = *done;
    });
    return id;
  }
};

TEST_P(Violations, GoThroughTheirStatesAndEachStepIsKept) {
  Store store = open();
  see(store, sighting("bet.example", 1));
  const std::int64_t id = only(store);
  EXPECT_THAT(moved(store, id, "closed").error().advice, HasSubstr("confirmed, justified"));
  ASSERT_TRUE(moved(store, id, "in_review", 20));
  in_batch(store, [&](Batch& batch) {
    ASSERT_TRUE(assign_violation(batch, id, "ben", act(30, "his customer")));
    ASSERT_TRUE(note_violation(batch, id, act(31, "called him")));
    ASSERT_TRUE(move_violation(batch, id, "justified", act(32, "a bet with the boss")));
    ASSERT_TRUE(link_exception(batch, id, "bets-until-may", act(33, "asked for")));
  });
  Violation one = store.violation(id).value();
  EXPECT_EQ(one.state, "justified");
  EXPECT_EQ(one.resolution, "justified");
  EXPECT_EQ(one.assignee, "ben");
  EXPECT_EQ(one.exception, "bets-until-may");
  ASSERT_TRUE(moved(store, id, "confirmed", 40)) << "until it is closed a decision may change";
  ASSERT_TRUE(moved(store, id, "closed", 41));
  one = store.violation(id).value();
  EXPECT_EQ(one.state, "closed");
  EXPECT_EQ(one.resolution, "confirmed");
  EXPECT_EQ(history(store, id),
            "20 vera state new>in_review looked at it\n30 vera assignee >ben his customer\n"
            "31 vera note > called him\n32 vera state in_review>justified a bet with the boss\n"
            "33 vera exception >bets-until-may asked for\n40 vera state justified>confirmed looked at it\n"
            "41 vera state confirmed>closed looked at it\n");
}

TEST_P(Violations, WhatIsRefusedChangesNothing) {
  Store store = open({.history_lines = 2});
  see(store, sighting("bet.example", 1));
  const std::int64_t id = only(store);
  EXPECT_EQ(moved(store, 99, "confirmed").error().code, ErrorCode::kNotFound);
  for (const char* state : {"", "new", "closed", "nonsense", "confirmed justified"})
    EXPECT_EQ(moved(store, id, state).error().code, ErrorCode::kInvalid) << state;
  ASSERT_TRUE(moved(store, id, "confirmed"));
  ASSERT_TRUE(moved(store, id, "closed"));
  EXPECT_THAT(moved(store, id, "in_review").error().what, HasSubstr("is closed"));
  auto batch = store.begin();
  EXPECT_EQ(note_violation(*batch, id, act(9)).error().code, ErrorCode::kLimit);
  EXPECT_EQ(assign_violation(*batch, id, "ben", act(9)).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(store.violation(id).value().state, "closed");
}

TEST_P(Violations, WhatIsSeenAfterItsEndIsANewOneThatNamesTheOld) {
  Store store = open();
  std::int64_t before = 0;
  for (TimeNs at = 1; at <= 3; ++at) {
    see(store, sighting("bet.example", at));
    const Violation one = store.violation(only(store)).value();
    EXPECT_EQ(one.follows, before);
    EXPECT_EQ(one.state, "new");
    EXPECT_EQ(one.count, 1U);
    before = one.id;
    ASSERT_TRUE(moved(store, before, "false_positive"));
    ASSERT_TRUE(moved(store, before, "closed"));
  }
  EXPECT_TRUE(test::violations(store, true, 10).value().empty());
  EXPECT_EQ(test::violations(store, false, 10).value().size(), 3U);
}

TEST_P(Violations, AreDueByTheirSeverityAndSoonerWhenItRises) {
  StoreLimits limits;
  limits.due_after = {0, 300 * kHour, 72 * kHour, 24 * kHour, 4 * kHour};
  Store store = open(limits);
  see(store, sighting("a", 1 * kHour, Severity::kMedium));
  see(store, sighting("b", 2 * kHour, Severity::kInfo));
  see(store, sighting("c", 3 * kHour, Severity::kHigh));
  const std::int64_t a = test::violations(store, true, 3).value().at(2).id;
  EXPECT_EQ(store.violation(a).value().due, 73 * kHour);
  see(store, sighting("a", 10 * kHour, Severity::kCritical));
  see(store, sighting("a", 11 * kHour, Severity::kLow));
  EXPECT_EQ(store.violation(a).value().due, 5 * kHour) << "from its first sighting on";
  EXPECT_THAT(history(store, a), HasSubstr("weir-engine severity medium>critical"));
  ViolationFilter filter;
  filter.order = ViolationOrder::kDue;
  EXPECT_THAT(objects(store, filter), ElementsAre("a", "c")) << "b is never due";
  filter.overdue_at = 20 * kHour;
  EXPECT_THAT(objects(store, filter), ElementsAre("a"));
  ASSERT_TRUE(moved(store, a, "confirmed"));
  EXPECT_THAT(objects(store, filter), ElementsAre("a")) << "it is not closed";
  ASSERT_TRUE(moved(store, a, "closed"));
  EXPECT_THAT(objects(store, filter), IsEmpty());
}

TEST_P(Violations, AreTheSameInWhicheverOrderAndPortionsSightingsCome) {
  std::vector<ViolationSighting> all;
  for (int i = 0; i < 60; ++i) {
    ViolationSighting one =
        sighting("object-" + std::to_string(i % 5), 100 + i % 40, static_cast<Severity>(i * 7 % 5));
    one.flow_id = "f" + std::to_string(i % 23);
    one.revision = static_cast<std::uint32_t>(i % 3);
    all.push_back(one);
  }
  std::vector<std::multiset<std::string>> outcomes;
  std::mt19937 random{7};
  StoreLimits limits{.evidence_flows = 3};
  limits.due_after = {50, 40, 30, 20, 10};
  for (int round = 0; round < 3; ++round) {
    Store store = open(limits);
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t portion = 1 + random() % 20;
      in_batch(store, [&](Batch& batch) {
        for (const std::size_t end = std::min(at + portion, all.size()); at < end; ++at)
          ASSERT_TRUE(batch.record(all[at]));
      });
    }
    std::multiset<std::string>& outcome = outcomes.emplace_back();
    const auto page = violation_page(store, {}, "", 100).value();
    for (const Violation& one : page.rows) {
      std::string text = one.object + " " + std::to_string(one.count) + " " + to_string(one.severity);
      for (const TimeNs number : {one.first_seen, one.last_seen, TimeNs{one.revision}, one.due})
        text += " " + std::to_string(number);
      for (const std::string& flow : one.evidence) text += " " + flow;
      outcome.insert(text);
      ASSERT_TRUE(moved(store, one.id, "confirmed"));
      ASSERT_TRUE(moved(store, one.id, "closed"));
    }
    std::shuffle(all.begin(), all.end(), random);
  }
  EXPECT_EQ(outcomes[0].size(), 5U);
  EXPECT_EQ(outcomes[0], outcomes[1]);
  EXPECT_EQ(outcomes[0], outcomes[2]);
}

TEST_P(Violations, AreFoundByWhatTheyAre) {
  Store store = open();
  in_batch(store, [](Batch& batch) {
    ViolationSighting one = sighting("Bet.example", 100, Severity::kHigh);
    ASSERT_TRUE(batch.record(one));
    one = sighting("100%_sure.example", 200, Severity::kLow);
    one.subject = "10.0.0.3";
    ASSERT_TRUE(batch.record(one));
    one = sighting("x\"y'z\\w", 300, Severity::kCritical);
    one.rule = "other";
    ASSERT_TRUE(batch.record(one));
  });
  const auto with = [&](const auto& set) {
    ViolationFilter filter;
    set(filter);
    return objects(store, filter);
  };
  const auto part = [&](const std::string& text) { return with([&](auto& f) { f.object_part = text; }); };
  const std::string odd = "x\"y'z\\w";
  EXPECT_THAT(part("bet.EX"), ElementsAre("Bet.example"));
  EXPECT_THAT(part("example"), ElementsAre("100%_sure.example", "Bet.example"));
  EXPECT_THAT(part("%_s"), ElementsAre("100%_sure.example"));
  EXPECT_THAT(part("0%_"), ElementsAre("100%_sure.example"));
  EXPECT_THAT(part("___"), IsEmpty());
  EXPECT_THAT(part("y'z\\w"), ElementsAre(odd));
  EXPECT_THAT(part("x\"y"), ElementsAre(odd));
  EXPECT_THAT(part("nowhere"), IsEmpty());
  EXPECT_THAT(with([](auto& f) { f.rule = "other"; }), ElementsAre(odd));
  EXPECT_THAT(with([](auto& f) { f.subject = "10.0.0.3"; }), ElementsAre("100%_sure.example"));
  EXPECT_THAT(with([](auto& f) {
                f.severities = {Severity::kHigh, Severity::kLow};
              }),
              ElementsAre("100%_sure.example", "Bet.example"));
  EXPECT_THAT(with([](auto& f) {
                f.seen_from = 200;
                f.seen_before = 300;
              }),
              ElementsAre("100%_sure.example"));
  const std::int64_t id = test::violations(store, true, 1).value().at(0).id;
  in_batch(store, [&](Batch& batch) { ASSERT_TRUE(assign_violation(batch, id, "ben", act(5))); });
  EXPECT_THAT(with([](auto& f) { f.assignee = "ben"; }), ElementsAre(odd));
  EXPECT_THAT(with([](auto& f) { f.unassigned = true; }), ElementsAre("100%_sure.example", "Bet.example"));
  ASSERT_TRUE(moved(store, id, "confirmed"));
  EXPECT_THAT(with([](auto& f) { f.states = {"confirmed"}; }), ElementsAre(odd));
  EXPECT_THAT(with([](auto& f) { f.states = {"new", "confirmed"}; }).size(), 3U);
  ASSERT_TRUE(moved(store, id, "closed"));
  EXPECT_THAT(with([](auto& f) { f.states = {"closed"}; }), ElementsAre(odd));
  EXPECT_THAT(with([](auto&) {}), ElementsAre("100%_sure.example", "Bet.example"));
  EXPECT_EQ(with([](auto& f) { f.states = {kViolationStates.begin(), kViolationStates.end()}; }).size(), 3U);
  for (const std::string& wrong :
       {std::string(kSearchBytesMax + 1, 'x'), std::string{"ab"}, std::string{"\xc3\xa9\xc3\xa9"}})
    EXPECT_EQ(violation_page(store, {.object_part = wrong}, "", 1).error().code, ErrorCode::kInvalid)
        << wrong;
}

TEST_P(Violations, PagesFollowEachOtherWithoutGapOrRepetition) {
  Store store = open();
  in_batch(store, [](Batch& batch) {
    for (int i = 0; i < 57; ++i) ASSERT_TRUE(batch.record(sighting("o" + std::to_string(i), 100 + i / 4)));
  });
  const auto whole = objects(store, {});
  std::vector<std::string> joined;
  std::string cursor;
  int pages = 0;
  do {
    const auto page = violation_page(store, {}, cursor, 10);
    ASSERT_TRUE(page) << to_text(page.error());
    EXPECT_LE(page->rows.size(), 10U);
    for (const Violation& one : page->rows) joined.push_back(one.object);
    cursor = page->next;
    // What is seen meanwhile goes to the front and disturbs nothing.
    see(store, sighting("late-" + std::to_string(pages), 1'000));
  } while (!cursor.empty() && ++pages < 20);
  EXPECT_EQ(pages, 5);
  EXPECT_EQ(joined, whole);
  for (const char* wrong : {"x", "d1.1", "s1", "s.1", "s1.", "s1.2.3", "s1;DROP TABLE violations.2"})
    EXPECT_EQ(violation_page(store, {}, wrong, 10).error().code, ErrorCode::kInvalid) << wrong;
}

TEST_P(Violations, SuppressedSightingsAreCountedThereAndAreNone) {
  Store store = open();
  see(store, sighting("bet.example", 5));
  const std::int64_t id = suppressed(store, suppression("bet.example", 100));
  in_batch(store, [](Batch& batch) {
    ASSERT_TRUE(batch.record(sighting("bet.example", 20)));
    ASSERT_TRUE(batch.record(sighting("bet.example", 99)));
    ASSERT_TRUE(batch.record(sighting("dice.example", 21)));
    ASSERT_TRUE(batch.record(sighting("bet.example", 100))) << "it has ended by then";
  });
  EXPECT_EQ(test::violations(store, true, 10).value().at(0).count, 2U);
  const auto one = suppressions(store, 50, false).value().at(0);
  EXPECT_EQ(one.id, id);
  EXPECT_EQ(one.count, 2U);
  EXPECT_EQ(one.last_seen, 99);
  EXPECT_TRUE(suppressions(store, 100, false).value().empty());
  EXPECT_EQ(suppressions(store, 100, true).value().size(), 1U);
}

TEST_P(Violations, SuppressionsOutliveRestartsAndTheEndOfViolationsAndReachEveryEngine) {
  Store other = open();  // an engine that runs
  {
    Store store = open();
    see(store, sighting("bet.example", 1));
    suppressed(store, suppression("bet.example", 100));
    ASSERT_TRUE(moved(store, only(store), "justified"));
    ASSERT_TRUE(moved(store, only(store), "closed"));
  }
  see(other, sighting("bet.example", 50));
  Store again = open();
  see(again, sighting("bet.example", 51));
  EXPECT_TRUE(test::violations(again, true, 10).value().empty());
  EXPECT_EQ(suppressions(again, 50, false).value().at(0).count, 2U);
  in_batch(again, [&](Batch& batch) {
    ASSERT_TRUE(end_suppression(batch, suppressions(again, 50, false).value().at(0).id, act(60, "enough")));
  });
  see(other, sighting("bet.example", 61));
  EXPECT_EQ(test::violations(again, true, 10).value().size(), 1U);
  const auto ended = suppressions(again, 60, true).value().at(0);
  EXPECT_EQ(ended.ends, 60);
  EXPECT_EQ(ended.ended_by, "vera");
  EXPECT_EQ(ended.end_reason, "enough");
}

TEST_P(Violations, ASuppressionThatWasNotCommittedTakesNothing) {
  Store store = open();
  {
    auto batch = store.begin();
    ASSERT_TRUE(suppress(*batch, suppression("bet.example", 100)));
    ASSERT_TRUE(batch->record(sighting("bet.example", 5)));
  }
  see(store, sighting("bet.example", 6));
  EXPECT_EQ(test::violations(store, true, 10).value().size(), 1U);
}

TEST_P(Violations, SuppressionsNameWhatTheyTakeAndAStarIsAny) {
  Store store = open();
  Suppression one = suppression("*", 100);
  one.rule = "no-gambling";
  one.subject = "10.0.0.2";
  suppressed(store, one);
  for (const auto& [rule, subject] :
       {std::pair{"no-gambling", "10.0.0.2"}, {"no-gambling", "10.0.0.3"}, {"another", "10.0.0.2"}}) {
    ViolationSighting seen = sighting("a", 5);
    seen.rule = rule;
    seen.subject = subject;
    see(store, seen);
  }
  EXPECT_EQ(test::violations(store, true, 10).value().size(), 2U);
}

TEST_P(Violations, SuppressionsHaveAnEndAnOwnerAndALimit) {
  Store store = open({.suppressions = 2});
  const auto refusal = [&](const Suppression& made) {
    auto batch = store.begin();
    const auto done = suppress(*batch, made);
    EXPECT_FALSE(done);
    return done ? ErrorCode::kSystem : done.error().code;
  };
  EXPECT_EQ(refusal(suppression("*", 100)), ErrorCode::kInvalid) << "everything";
  EXPECT_EQ(refusal(suppression("a", 10)), ErrorCode::kInvalid) << "it has ended";
  EXPECT_EQ(refusal(suppression("a", 11 + kSuppressionMax)), ErrorCode::kInvalid);
  Suppression nobody = suppression("a", 100);
  nobody.owner.clear();
  EXPECT_EQ(refusal(nobody), ErrorCode::kInvalid);
  suppressed(store, suppression("a", 100));
  suppressed(store, suppression("b", 200));
  EXPECT_EQ(refusal(suppression("c", 300)), ErrorCode::kLimit);
  Suppression later = suppression("c", 300);
  later.made = 150;
  suppressed(store, later);
  EXPECT_EQ(suppressions(store, 0, true).value().size(), 2U) << "the one that had ended made room";
  auto batch = store.begin();
  EXPECT_EQ(end_suppression(*batch, 99, act(50)).error().code, ErrorCode::kNotFound);
}

TEST_P(Violations, WhatGoesTakesItsHistoryAlong) {
  Store store = open({.violations = 1});
  see(store, sighting("a", 1));
  const std::int64_t id = only(store);
  ASSERT_TRUE(moved(store, id, "confirmed"));
  see(store, sighting("bbb", 2));
  EXPECT_EQ(store.violation(id).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(violation_history(store, id).value().empty());
  EXPECT_THAT(objects(store, {.object_part = "bbb"}), ElementsAre("bbb"));
  EXPECT_EQ(store.engine_state().value().at("violations_evicted"), 1);
  see(open({.violations = 1}), sighting("c", 3));
  EXPECT_THAT(objects(store, {}), ElementsAre("c"));
}

WEIR_ON_EVERY_DATABASE(Violations);

}  // namespace
}  // namespace weir::policy
