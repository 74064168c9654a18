// SPDX-License-Identifier: Apache-2.0
// new-software, unauthorised-software, old-version, product-gone and updates-overdue.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/detect/scene.h"

namespace weir::policy {
namespace {

using test::event_at;
using test::kDayS;
using test::kHourS;
using test::Scene;
using test::software;
using testing::HasSubstr;

TEST(NewSoftware, WhatNobodyUsedIsOneAfterTheLearning) {
  Scene scene("detect: {new-software: {learn_days: 7}}\n");
  scene.round({{event_at(0), {software("firefox", "115")}}});
  scene.round({{event_at(6 * kDayS, "10.0.0.3"), {software("curl")}}});
  scene.round({{event_at(8 * kDayS, "10.0.0.4"), {software("firefox", "120"), software("curl")}}});
  EXPECT_EQ(scene.said(), "") << "what was learned, on whichever client";
  scene.round({{event_at(7 * kDayS, "10.0.0.5"), {software("anydesk", "7", "app: AnyDesk")}},
               {event_at(7 * kDayS, "10.0.0.6"), {software("anydesk")}}});
  ASSERT_EQ(scene.said(), "10.0.0.5 anydesk 1; ");
  EXPECT_EQ(scene.violations()[0].text, "anydesk 7 (app: AnyDesk) was not seen on any client before");
  EXPECT_EQ(scene.violations()[0].evidence.size(), 1U);
}

TEST(UnauthorisedSoftware, ItSpeaksOnceADayOfWhatThePolicyDoesNotAuthorise) {
  Scene scene(
      "software:\n"
      "  authorised: [{product: firefox, versions: '>=115'}, {product: curl, until: 2026-01-06}]\n"
      "  unauthorised: [{product: bittorrent}]\n"
      "detect: {unauthorised-software: {}}\n");
  scene.round({{event_at(0),
                {software("firefox", "115.2"), software("curl"), software("wget"), software("firefox")}}});
  EXPECT_EQ(scene.said(), "") << "authorised, or of neither list";
  for (int hour = 1; hour < 30; ++hour) {
    scene.round({{event_at(hour * kHourS), {software("bittorrent")}},
                 {event_at(hour * kHourS), {software("firefox", "102")}}});
  }
  scene.round({{event_at(2 * kDayS), {software("curl", "8.0")}}});
  ASSERT_EQ(scene.said(), "10.0.0.2 bittorrent 2; 10.0.0.2 curl 8.0 1; 10.0.0.2 firefox 102 2; ");
  EXPECT_THAT(scene.violations()[0].text,
              HasSubstr("recognised 6 times in a day: the policy does not authorise it"));
  EXPECT_THAT(scene.violations()[1].text, HasSubstr("it was authorised until 2026-01-06"));
  EXPECT_THAT(scene.violations()[2].text, HasSubstr("other versions of it are authorised"));
}

TEST(OldVersion, WhatIsBelowTheFloorIsOne) {
  Scene scene("detect: {old-version: {products: ['firefox >=115', 'curl >=7.88'], severity: high}}\n");
  scene.round({{event_at(0),
                {software("firefox", "115"), software("firefox"), software("curl", "7.88.1"),
                 software("chrome", "1")}}});
  EXPECT_EQ(scene.said(), "");
  scene.round({{event_at(1), {software("curl", "7.50"), software("firefox", "114.9")}}});
  ASSERT_EQ(scene.said(), "10.0.0.2 curl 7.50 1; 10.0.0.2 firefox 114.9 1; ");
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("the policy asks for curl >=7.88"));
  EXPECT_EQ(scene.violations()[1].severity, Severity::kHigh);
}

TEST(ProductGone, DaysOfTheClientWithoutItAreCounted) {
  Scene scene("detect: {product-gone: {products: [guard], days: 3}}\n");
  scene.round({{event_at(0), {software("guard"), software("other")}}});
  // Three days without it have to be over, and days on which the client is off do not count.
  for (const int day : {1, 2, 20}) scene.round(event_at(day * kDayS + 100));
  EXPECT_EQ(scene.said(), "");
  scene.round(event_at(20 * kDayS + 50'000));
  EXPECT_EQ(scene.said(), "");
  scene.round(event_at(21 * kDayS));
  ASSERT_EQ(scene.said(), "10.0.0.2 guard 1; ");
  EXPECT_EQ(scene.violations()[0].text,
            "guard was not seen on the last 3 days on which the client was there");
  for (const int day : {22, 23, 24}) scene.round(event_at(day * kDayS));
  EXPECT_EQ(scene.said(), "10.0.0.2 guard 1; ") << "told once";
  scene.round({{event_at(25 * kDayS), {software("guard")}}});
  for (const int day : {26, 27, 28, 29}) scene.round(event_at(day * kDayS));
  EXPECT_EQ(scene.said(), "10.0.0.2 guard 2; ") << "until it came back";
}

TEST(ProductGone, AProductInDailyUseIsNone) {
  Scene scene("detect: {product-gone: {products: [guard], days: 2}}\n");
  for (int day = 0; day < 30; ++day) {
    scene.round({{event_at(day * kDayS)}, {event_at(day * kDayS + kHourS), {software("guard")}}});
  }
  EXPECT_EQ(scene.said(), "");
}

TEST(ProductGone, DaysOfOneRoundAreDays) {
  Scene scene("detect: {product-gone: {products: [guard], days: 3}}\n");
  std::vector<Scene::Seen> events{{event_at(0), {software("guard")}}};
  for (int day = 1; day <= 4; ++day) events.push_back({event_at(day * kDayS)});
  scene.round(events);
  EXPECT_EQ(scene.said(), "10.0.0.2 guard 1; ");
}

TEST(UpdatesOverdue, WhatAskedOnceHasToGoOnAsking) {
  Scene scene("detect: {updates-overdue: {days: 14}}\n");
  scene.round(
      {{event_at(0), {software("firefox", "115", "update-host: aus5.mozilla.org"), software("curl")}}});
  for (int day = 1; day <= 14; ++day) scene.round({{event_at(day * kDayS), {software("firefox", "115")}}});
  EXPECT_EQ(scene.said(), "");
  scene.round(event_at(15 * kDayS));
  ASSERT_EQ(scene.said(), "10.0.0.2 firefox 1; ");
  EXPECT_EQ(scene.violations()[0].text,
            "firefox did not ask its update servers on the last 14 days on which the client was there");
}

TEST(UpdatesOverdue, OfListedProductsAlsoOnesThatNeverAsked) {
  Scene scene("detect: {updates-overdue: {days: 2, products: [firefox]}}\n");
  for (int day = 0; day <= 2; ++day)
    scene.round(
        {{event_at(day * kDayS), {software("firefox", "115"), software("chrome", "1", "update-host: x")}}});
  EXPECT_EQ(scene.said(), "");
  scene.round(event_at(3 * kDayS));
  EXPECT_EQ(scene.said(), "10.0.0.2 firefox 1; ");
}

TEST(UpdatesOverdue, AskingNowAndThenIsNone) {
  Scene scene("detect: {updates-overdue: {days: 14}}\n");
  for (int day = 0; day < 100; ++day) {
    scene.round({{event_at(day * kDayS)},
                 {event_at(day * kDayS + 1),
                  {software("firefox", "", day % 14 == 0 ? "update-host: a" : "user-agent: b")}}});
  }
  EXPECT_EQ(scene.said(), "");
}

}  // namespace
}  // namespace weir::policy
