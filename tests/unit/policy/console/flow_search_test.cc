// SPDX-License-Identifier: Apache-2.0
// Pages over several streams: nothing twice, nothing left out, wherever a stream was read to.
#include "policy/console/flow_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace weir::console {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

FlowFound found(FlowPlace place) {
  FlowFound one{place, {}};
  one.event.set_flow_id(place.text());
  return one;
}
std::vector<std::string> ids(const FlowSearchPage& page) {
  std::vector<std::string> all;
  for (const event::FlowEvent& one : page.events) all.push_back(one.flow_id());
  return all;
}

TEST(FlowPlace, IsACursorAndBack) {
  const FlowPlace place{1'795'348'800'000, 7, 2, 15};
  EXPECT_EQ(place.text(), "1795348800000-7.2.15");
  EXPECT_EQ(FlowPlace::parse(place.text()), place);
  EXPECT_EQ(place.entry(), "1795348800000-7");
  EXPECT_EQ(FlowPlace::of_entry("1795348800000-7", 3), (FlowPlace{1'795'348'800'000, 7, 3, 0}));
  for (const char* const wrong : {"", "1", "1-2", "1-2.3", "1-2.3.", "1-2.3.4.5", "1-2.3.x", "-1-2.3.4",
                                  "1-2.3.4 ", "1-2.4294967296.0", "99999999999999999999-0.0.0"})
    EXPECT_FALSE(FlowPlace::parse(wrong).has_value()) << wrong;
}

TEST(FlowPlace, TheNewestComesFirst) {
  EXPECT_LT((FlowPlace{2, 0, 0, 0}), (FlowPlace{1, 9, 0, 0}));
  EXPECT_LT((FlowPlace{1, 9, 5, 0}), (FlowPlace{1, 8, 0, 0}));
  EXPECT_LT((FlowPlace{1, 9, 0, 7}), (FlowPlace{1, 9, 1, 0}));
  EXPECT_LT((FlowPlace{1, 9, 1, 0}), (FlowPlace{1, 9, 1, 1}));
}

TEST(FlowSearch, WhatAStreamWasNotReadToWaits) {
  const FlowStretch whole{{found({9, 0, 0, 0}), found({2, 0, 0, 0})}, std::nullopt};
  const FlowStretch cut{{found({8, 0, 1, 0})}, FlowPlace{5, 0, 1, 0}};
  const FlowSearchPage page = page_of({whole, cut}, 10);
  EXPECT_THAT(ids(page), ElementsAre("9-0.0.0", "8-0.1.0"));
  EXPECT_EQ(page.next, (FlowPlace{5, 0, 1, 0})) << "2-0 may come behind what is there";
}

TEST(FlowSearch, AFullPageGoesOnAtItsNextRow) {
  const FlowStretch one{{found({9, 0, 0, 0}), found({8, 0, 0, 0}), found({7, 0, 0, 0})}, std::nullopt};
  const FlowSearchPage page = page_of({one}, 2);
  EXPECT_THAT(ids(page), ElementsAre("9-0.0.0", "8-0.0.0"));
  EXPECT_EQ(page.next, (FlowPlace{7, 0, 0, 0}));
  EXPECT_FALSE(page_of({one}, 3).next.has_value());
  EXPECT_THAT(ids(page_of({}, 3)), IsEmpty());
}

TEST(FlowSearch, EveryRowComesOnceHoweverPagesAreCut) {
  std::mt19937 random{7};
  for (int round = 0; round < 200; ++round) {
    std::vector<std::vector<FlowPlace>> streams(1 + random() % 4);
    std::vector<FlowPlace> all;
    for (std::uint32_t s = 0; s < streams.size(); ++s) {
      for (std::uint64_t ms = 0; ms < 8; ++ms)
        for (std::uint32_t nth = 0; nth < random() % 4; ++nth) streams[s].push_back({ms, 0, s, nth});
      std::ranges::sort(streams[s]);
      all.insert(all.end(), streams[s].begin(), streams[s].end());
    }
    std::ranges::sort(all);
    std::vector<std::string> seen;
    std::optional<FlowPlace> from;
    do {
      std::vector<FlowStretch> stretches;
      for (const auto& places : streams) {
        FlowStretch stretch;
        std::size_t left = 1 + random() % 5;  // how far this stream is read
        for (const FlowPlace& place : places) {
          if (from && place < *from) continue;
          if (left-- == 0) {
            stretch.unread = place;
            break;
          }
          stretch.found.push_back(found(place));
        }
        stretches.push_back(std::move(stretch));
      }
      const FlowSearchPage page = page_of(std::move(stretches), 1 + random() % 6);
      for (const std::string& id : ids(page)) seen.push_back(id);
      ASSERT_LE(seen.size(), all.size());
      from = page.next;
    } while (from);
    std::vector<std::string> wanted;
    for (const FlowPlace& place : all) wanted.push_back(place.text());
    ASSERT_EQ(seen, wanted) << "round " << round;
  }
}

}  // namespace
}  // namespace weir::console
