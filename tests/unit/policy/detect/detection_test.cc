// SPDX-License-Identifier: Apache-2.0
// What all detectors have in common: windows, engines, crashes, limits.
#include "policy/detect/detection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/store/violation_store.h"
#include "tests/unit/policy/detect/scene.h"

namespace weir::policy {
namespace {

using test::event_at;
using test::kDayS;
using test::kHourS;
using test::kMinuteS;
using test::Scene;
using testing::AllOf;
using testing::Gt;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Le;
using testing::Lt;
using testing::SizeIs;

constexpr const char* kBlocks = "detect: {many-blocks: {count: 40, within: 1h}}\n";

event::FlowEvent blocked(std::int64_t second, int object = 0, const std::string& client = "10.0.0.2") {
  event::FlowEvent event = event_at(second, client);
  event.add_hits()->set_action("block");
  event.mutable_hits(0)->set_object("n" + std::to_string(object) + ".example");
  return event;
}

std::vector<Scene::Seen> burst(std::int64_t from, int count, std::int64_t step = 1) {
  std::vector<Scene::Seen> events;
  for (int i = 0; i < count; ++i) events.push_back({blocked(from + i * step, i % 8)});
  return events;
}

TEST(Detection, ABurstAcrossTheBorderOfAWindowIsWholeInAnother) {
  for (const std::int64_t from : {kHourS - 900, kHourS / 2 - 900, std::int64_t{0}}) {
    Scene scene(kBlocks);
    scene.round(burst(from, 40, 45));  // half an hour
    EXPECT_EQ(scene.said(), "10.0.0.2 blocks 1; ") << from;
  }
  Scene thin(kBlocks);
  thin.round(burst(0, 200, 180));  // twenty an hour
  EXPECT_EQ(thin.said(), "");
}

TEST(Detection, TwoEnginesCountTogether) {
  Scene scene(kBlocks);
  Detection one = scene.engine();
  Detection two = scene.engine();
  for (int i = 0; i < 20; ++i) {
    scene.round(one, {{blocked(i * 2, i % 8)}});
    scene.round(two, {{blocked(i * 2 + 1, i % 8)}});
  }
  EXPECT_EQ(scene.said(), "10.0.0.2 blocks 1; ");
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("40 flows to 8 different objects"));
}

/// Everything there is of violations, with words, times and evidence.
std::string whole(Scene& scene) {
  std::string text;
  for (const Violation& one : scene.violations()) {
    text += one.subject + "|" + one.object + "|" + one.text + "|" + std::to_string(one.count) + "|" +
            std::to_string(one.first_seen) + "|" + std::to_string(one.last_seen);
    for (const std::string& flow : one.evidence) text += "|" + flow;
    text += "\n";
  }
  return text;
}

TEST(Detection, HoweverRoundsAreCutAndWhateverCrashesTheViolationsAreTheSame) {
  std::vector<Scene::Seen> events;
  for (int i = 0; i < 300; ++i) {
    event::FlowEvent event = blocked(i * 20, i % 12, i % 3 == 0 ? "10.0.0.3" : "10.0.0.2");
    event.set_flow_id("f" + std::to_string(i));
    events.push_back({event, {test::software("p" + std::to_string(i / 50))}});
  }
  const std::string policy =
      "detect: {many-blocks: {count: 30, within: 1h}, new-software: {learn_days: 0}, new-device: "
      "{learn_days: 0}}\n";
  Scene undisturbed(policy);
  undisturbed.round(events);
  const std::string expected = whole(undisturbed);
  EXPECT_THAT(undisturbed.violations(), SizeIs(9)) << undisturbed.said();

  Scene disturbed(policy);
  Detection engine = disturbed.engine();
  std::size_t at = 0;
  for (std::size_t size = 1; at < events.size(); size = size % 17 + 3) {
    const std::size_t end = std::min(at + size, events.size());
    const std::vector<Scene::Seen> some(events.begin() + static_cast<std::ptrdiff_t>(at),
                                        events.begin() + static_cast<std::ptrdiff_t>(end));
    if (size % 2 == 0) {  // dies before the commit: what it saw comes again, to another engine
      disturbed.round(engine, some, false);
      engine = disturbed.engine();
    }
    disturbed.round(engine, some);
    at = end;
  }
  EXPECT_EQ(whole(disturbed), expected);
}

TEST(Detection, LateEventsCountInTheirWindow) {
  Scene scene(kBlocks);
  scene.round(burst(0, 39));
  scene.round(burst(30 * kDayS, 10));
  scene.round(burst(120, 1));
  EXPECT_EQ(scene.said(), "10.0.0.2 blocks 1; ");
}

TEST(Detection, WhatIsAheadOfTheClockIsNotBelieved) {
  Scene scene(kBlocks);
  const std::int64_t now = (Scene::kNow - test::kStart) / kSecond;
  scene.round(burst(now + 61, 100, 0));
  EXPECT_EQ(scene.said(), "");
  EXPECT_EQ(scene.open().engine_state().value().at("detect_ahead"), 100);
  scene.round(burst(now + 60, 40, 0));
  EXPECT_EQ(scene.said(), "10.0.0.2 blocks 1; ");
}

TEST(Detection, WhoIsExceptedAndWhatIsOffSaysNothing) {
  Scene scene(
      "groups: {labs: {hosts: [10.0.0.2]}}\n"
      "detect: {many-blocks: {count: 10, except: labs}, new-software: {on: false, learn_days: 0}}\n");
  std::vector<Scene::Seen> events = burst(0, 50);
  for (Scene::Seen& one : events) {
    one.event.set_group("labs");
    one.software.push_back(test::software("curl"));
  }
  scene.round(events);
  EXPECT_EQ(scene.said(), "");
  events[0].event.set_group("others");
  scene.round(std::vector<Scene::Seen>(10, events[0]));
  EXPECT_EQ(scene.said(), "") << "one object";
  scene.round(burst(0, 10));
  EXPECT_EQ(scene.said(), "10.0.0.2 blocks 1; ");
}

TEST(Detection, AClosedViolationOpensAnewWhenItGoesOn) {
  Scene scene(kBlocks);
  scene.round(burst(0, 40));
  {
    const std::int64_t id = scene.violations()[0].id;
    Store store = scene.open();
    Batch batch = std::move(*store.begin());
    ASSERT_TRUE(move_violation(batch, id, "confirmed", {"vera", kSecond, "so it is"}));
    ASSERT_TRUE(move_violation(batch, id, "closed", {"vera", kSecond, "done"}));
    ASSERT_TRUE(batch.commit());
  }
  scene.round(burst(5 * kHourS, 40));
  const auto violations = scene.violations();
  ASSERT_EQ(violations.size(), 2U);
  EXPECT_EQ(violations[0].count, 1U);
  EXPECT_EQ(violations[1].count, 1U);
}

TEST(Detection, TablesKeepTheirLimits) {
  StoreLimits limits;
  limits.detect_windows = 10;
  limits.detect_known = 10;
  Scene scene("detect: {many-blocks: {count: 3}, new-device: {learn_days: 0}}\n", limits);
  for (int i = 0; i < 30; ++i) {
    event::FlowEvent event = blocked(i, i, "10.0.0." + std::to_string(i));
    event.set_client_mac("00:00:00:00:01:" + std::to_string(10 + i));
    scene.round(event);
  }
  const EngineState state = scene.open().engine_state().value();
  EXPECT_GE(state.at("detect_evicted") + 2 * state.at("detect_left_out"), 70) << "two windows each";
  EXPECT_EQ(scene.violations().size(), 30U) << "new devices";
}

TEST(DetectRound, WhatFindsNoPlaceIsCounted) {
  DetectRound round;
  for (std::size_t i = 0; i < kDetectRoundMax + 7; ++i)
    round.count(DetectorKind::kBeacon, std::to_string(i), {}, {kHourS * kSecond}, test::kStart, {.n = 1});
  round.count(DetectorKind::kBeacon, "5", {}, {kHourS * kSecond}, test::kStart, {.n = 1});
  EXPECT_THAT(round.counted(), SizeIs(kDetectRoundMax));
  EXPECT_EQ(round.left_out(), 7U);
  EXPECT_EQ(round.counted()[5].sums.n, 2);
  for (std::size_t i = 0; i < kDetectRoundMax + 3; ++i)
    round.note({.kind = DetectorKind::kNewDevice, .subject = {}, .object = std::to_string(i), .at = 1});
  EXPECT_THAT(round.noted(), SizeIs(kDetectRoundMax));
  EXPECT_EQ(round.left_out(), 10U);
  round.clear();
  EXPECT_TRUE(round.empty());
  EXPECT_EQ(round.left_out(), 0U);
}

TEST(DetectRound, WhatIsTooMuchForTheStoreIsCountedOfAShareOfThem) {
  DetectRound round;
  const auto count = [&](TimeNs at) {
    round.clear();
    for (int i = 0; i < 1'000; ++i)
      round.count(DetectorKind::kBeacon, "10.0.0.1", std::to_string(i), {kHourS * kSecond}, at, {.n = 1});
    std::vector<std::string> objects;
    for (const Counted& one : round.counted()) objects.push_back(one.object);
    EXPECT_EQ(round.left_out(), 1'000 - objects.size());
    return objects;
  };
  EXPECT_THAT(count(test::kStart), SizeIs(1'000));
  round.halve(DetectorKind::kBeacon, kHourS * kSecond);
  const auto half = count(test::kStart);
  EXPECT_THAT(half, SizeIs(AllOf(Gt(400U), Lt(600U))));
  round.halve(DetectorKind::kBeacon, kHourS * kSecond);
  const auto quarter = count(test::kStart + 1);
  EXPECT_THAT(quarter, SizeIs(AllOf(Gt(170U), Lt(330U))));
  EXPECT_THAT(half, IsSupersetOf(quarter)) << "those that go on go on whole";
  EXPECT_EQ(count(test::kStart + 2), quarter);
  round.count(DetectorKind::kSlowServer, "10.0.0.1", "port 1", {kHourS * kSecond}, test::kStart, {.n = 1});
  EXPECT_EQ(round.counted().back().kind, DetectorKind::kSlowServer) << "others are not concerned";
  EXPECT_EQ(count(test::kStart + 1 + kHourS * kSecond), half) << "an hour without being told";
  EXPECT_THAT(count(test::kStart + 1 + 2 * kHourS * kSecond), SizeIs(1'000));
  for (unsigned i = 0; i < 40; ++i) round.halve(DetectorKind::kBeacon, kHourS * kSecond);
  EXPECT_THAT(count(test::kStart + 2 + 2 * kHourS * kSecond), SizeIs(Le(3U))) << "sixteen times at most";
}

TEST(DetectRound, ARoundThatBeginsAgainSeesAnew) {
  DetectRound round;
  EXPECT_FALSE(round.seen(DetectorKind::kNewDevice, {}, "old"));
  round.clear();
  EXPECT_FALSE(round.seen(DetectorKind::kNewDevice, {}, "new"));
  round.count(DetectorKind::kBeacon, "a", "b", {kHourS * kSecond}, test::kStart, {.n = 1});
  round.forget();
  EXPECT_TRUE(round.empty());
  EXPECT_TRUE(round.seen(DetectorKind::kNewDevice, {}, "old"));
  EXPECT_FALSE(round.seen(DetectorKind::kNewDevice, {}, "new"));
}

TEST(DetectRound, WhatWasSeenIsForgottenAllAtOnceWhenItIsTooMuch) {
  DetectRound round;
  for (std::size_t i = 0; i < kKnownCacheMax; ++i)
    EXPECT_FALSE(round.seen(DetectorKind::kNewDevice, {}, std::to_string(i)));
  EXPECT_FALSE(round.seen(DetectorKind::kNewDevice, {}, "one more"));
  EXPECT_TRUE(round.seen(DetectorKind::kNewDevice, {}, "one more"));
  EXPECT_FALSE(round.seen(DetectorKind::kNewDevice, {}, "one more", 1)) << "another day";
  EXPECT_FALSE(round.seen(DetectorKind::kNewSoftware, {}, "one more"));
  EXPECT_FALSE(round.seen(DetectorKind::kNewDevice, {}, "1"));
}

TEST(DetectRound, ItemsAreBoundedAndDifferent) {
  std::string items;
  add_item(items, "ab", kWindowItemsBytesMax);
  add_item(items, "b", kWindowItemsBytesMax);
  add_item(items, "ab", kWindowItemsBytesMax);
  EXPECT_EQ(items, "ab b ");
  for (int i = 0; i < 10'000; ++i) add_item(items, short_hash(std::to_string(i)), kWindowItemsBytesMax);
  EXPECT_LE(items.size(), kWindowItemsBytesMax);
  EXPECT_GT(different_items(items).size(), 900U);
}

TEST(DetectStore, AWindowKeepsWholeItemsUpToItsLimit) {
  Scene scene(kBlocks);
  auto store = scene.open();
  auto batch = store.begin();
  ASSERT_TRUE(batch);
  {
    DetectStore detect{*batch};
    const std::string items(100, 'x');
    for (int i = 0; i < 200; ++i) {
      const std::string flow = std::to_string(1'000 + i) + std::string(96, 'f') + " ";
      ASSERT_TRUE(detect.add({"d", "s", "o"}, 0, 10, {.n = 1, .items = items + " ", .flows = flow}));
      ASSERT_TRUE(detect.add({"d", "s", "o"}, 0, 10, {.n = 0, .flows = flow}));
    }
    const auto window = detect.add({"d", "s", "o"}, 0, 10, {.n = 1});
    ASSERT_TRUE(window);
    EXPECT_EQ(window->sums.n, 201) << "also what finds no room counts";
    EXPECT_EQ(window->sums.items.size(), kWindowItemsBytesMax / 101 * 101);
    EXPECT_EQ(window->sums.flows.size(), kWindowFlowsBytesMax / 101 * 101);
    const auto long_first = detect.add({"d", "s", "p"}, 0, 10, {.n = 1, .items = std::string(9'000, 'y')});
    EXPECT_EQ(long_first->sums.items, "");
  }
  ASSERT_TRUE(batch->commit());
}

}  // namespace
}  // namespace weir::policy
