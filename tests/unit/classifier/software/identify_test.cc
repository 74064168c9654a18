// SPDX-License-Identifier: Apache-2.0
#include "classifier/software/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

policy::Catalogue catalogue() {
  return {.products = {{"bittorrent", "BitTorrent", {"BitTorrent"}, {"Transmission/{version}*"}, {}},
                       {"firefox", "Firefox", {}, {"*Firefox/{version}"}, {"telemetry.mozilla.example"}},
                       {"sub-only", "Sub", {}, {}, {"*.sub.example"}}}};
}

class SoftwareTest : public ::testing::Test {
 protected:
  std::vector<std::string> products() const {
    std::vector<std::string> out;
    for (const auto& fact : facts_.software) out.push_back(fact.product + " " + fact.version);
    return out;
  }
  SoftwareIdentifier identifier_{catalogue()};
  IdentifiedTraces seen_;
  FlowFacts facts_;
};

TEST_F(SoftwareTest, ByApplicationUnlessGuessed) {
  facts_.master = "BitTorrent";
  facts_.confidence = AppConfidence::kMatchByPort;
  EXPECT_FALSE(identifier_.identify(facts_, seen_));
  facts_.confidence = AppConfidence::kDpi;
  EXPECT_TRUE(identifier_.identify(facts_, seen_));
  EXPECT_THAT(products(), ::testing::ElementsAre("bittorrent "));
  EXPECT_EQ(facts_.software[0].evidence, "application: BitTorrent");
}

TEST_F(SoftwareTest, AVersionReplacesTheFactWithoutOne) {
  facts_.master = "BitTorrent";
  facts_.confidence = AppConfidence::kDpi;
  EXPECT_TRUE(identifier_.identify(facts_, seen_));
  facts_.http.user_agent = "transmission/3.00";
  EXPECT_TRUE(identifier_.identify(facts_, seen_));
  EXPECT_THAT(products(), ::testing::ElementsAre("bittorrent 3.00"));
  EXPECT_FALSE(identifier_.identify(facts_, seen_));  // nothing new
  facts_.http.user_agent = "Transmission/4.0";
  EXPECT_TRUE(identifier_.identify(facts_, seen_));
  EXPECT_THAT(products(), ::testing::ElementsAre("bittorrent 3.00", "bittorrent 4.0"));
}

TEST_F(SoftwareTest, ByPatternThatBeginsWithAWildcard) {
  facts_.http.user_agent = "Mozilla/5.0 (X11) Gecko/20100101 Firefox/115.0";
  EXPECT_TRUE(identifier_.identify(facts_, seen_));
  EXPECT_THAT(products(), ::testing::ElementsAre("firefox 115.0"));
}

TEST_F(SoftwareTest, ByTlsNameAndWhatIsUnderIt) {
  for (const char* name : {"telemetry.mozilla.example", "a.b.telemetry.mozilla.example"}) {
    FlowFacts facts;
    IdentifiedTraces seen;
    facts.tls.sni = name;
    EXPECT_TRUE(identifier_.identify(facts, seen)) << name;
    EXPECT_EQ(facts.software[0].product, "firefox");
  }
  for (const char* name : {"mozilla.example", "xtelemetry.mozilla.example", "sub.example", "example"}) {
    FlowFacts facts;
    IdentifiedTraces seen;
    facts.tls.sni = name;
    EXPECT_FALSE(identifier_.identify(facts, seen)) << name;
  }
  facts_.tls.sni = "x.sub.example";
  EXPECT_TRUE(identifier_.identify(facts_, seen_));
}

TEST_F(SoftwareTest, ProductsOfOneFlowAreBounded) {
  for (int i = 0; i < 100; ++i) {
    facts_.http.user_agent = "Transmission/" + std::to_string(i);
    static_cast<void>(identifier_.identify(facts_, seen_));
  }
  EXPECT_EQ(facts_.software.size(), kSoftwarePerFlowMax);
}

}  // namespace
}  // namespace weir::classifier
