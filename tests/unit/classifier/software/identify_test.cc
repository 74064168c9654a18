// SPDX-License-Identifier: Apache-2.0
#include "classifier/software/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <tuple>

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

/// The shipped catalogue compiles as a whole, and each kind of trace names its product and no other.
TEST(SampleCatalogue, EveryKindOfTraceNamesItsProduct) {
  auto loaded = policy::load_catalogue(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/software.yaml");
  ASSERT_TRUE(loaded.has_value()) << to_text(loaded.error().front());
  const SoftwareIdentifier identifier{std::move(*loaded)};
  EXPECT_EQ(identifier.problem(), "");
  struct Row {
    void (*fill)(FlowFacts&);
    const char* product;
    const char* version;
    SoftwareConfidence confidence;
    const char* kind;
  };
  using C = SoftwareConfidence;
  const Row rows[] = {
      {[](FlowFacts& f) { f.http.user_agent = "aria2/1.36.0"; }, "aria2", "1.36.0", C::kHigh, "user-agent"},
      {[](FlowFacts& f) { f.http.user_agent = "Microsoft NCSI"; }, "windows-connectivity", "", C::kMedium,
       "user-agent"},
      {[](FlowFacts& f) { f.http.user_agent = "lwp-request/6.68 libwww-perl/6.68"; }, "libwww-perl", "6.68",
       C::kHigh, "user-agent"},
      {[](FlowFacts& f) { f.http.user_agent = "rclone/v1.60.1-DEV"; }, "rclone", "1.60.1-DEV", C::kHigh,
       "user-agent"},
      {[](FlowFacts& f) { f.http.user_agent = "rclone/"; }, "rclone", "", C::kMedium, "user-agent"},
      // The number is HTTP's.
      {[](FlowFacts& f) { f.http.user_agent = "Go-http-client/1.1"; }, "go-http-client", "", C::kMedium,
       "user-agent"},
      {[](FlowFacts& f) { f.tls.sni = "aus5.mozilla.org"; }, "firefox", "", C::kMedium, "update-host"},
      {[](FlowFacts& f) { f.tls.sni = "crash.syncthing.net"; }, "syncthing", "", C::kMedium,
       "telemetry-host"},
      {[](FlowFacts& f) { f.tls.sni = "router1.teamviewer.com"; }, "teamviewer", "", C::kMedium, "tls-name"},
      {[](FlowFacts& f) { f.ssh.client_banner = "OpenSSH_9.2p1 Debian-2"; }, "openssh", "9.2p1", C::kHigh,
       "ssh-banner"},
      {[](FlowFacts& f) { f.ssh.client_banner = "dropbear_2022.83"; }, "dropbear", "2022.83", C::kHigh,
       "ssh-banner"},
      {[](FlowFacts& f) { f.mail.mailer = "Mutt/2.2.12 (2023-09-09)"; }, "mutt", "2.2.12", C::kHigh,
       "mailer"},
      {[](FlowFacts& f) { f.mail.mailer = "swaks v20201014.0 jetmore.org/john/code/swaks/"; }, "swaks",
       "20201014.0", C::kHigh, "mailer"},
      {[](FlowFacts& f) {
         f.initiator_inside = false;
         f.mail.server_banner = "mx.example ESMTP Exim 4.96 Thu, 26 Nov 2026";
       },
       "exim", "4.96", C::kHigh, "server-banner"},
      {[](FlowFacts& f) { f.mail.mailer = "git-send-email 2.39.5"; }, "git", "2.39.5", C::kHigh, "mailer"},
      // Of Debian's programs: tor has this handshake alone, curl's is that of all on its library.
      {[](FlowFacts& f) { f.tls.ja4 = "t13d181100_796efca44d18_d41ae481755e"; }, "tor", "", C::kMedium,
       "ja4"},
      {[](FlowFacts& f) { f.tls.ja4 = "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6"; }, "libcurl", "", C::kMedium,
       "ja4"},
      {[](FlowFacts& f) { f.dhcp.vendor_class = "android-dhcp-13"; }, "android", "13", C::kHigh,
       "dhcp-vendor"},
      {[](FlowFacts& f) {
         f.master = "OpenVPN";
         f.confidence = AppConfidence::kDpi;
       },
       "openvpn", "", C::kMedium, "application"}};
  for (const Row& row : rows) {
    FlowFacts facts;
    IdentifiedTraces seen;
    row.fill(facts);
    EXPECT_TRUE(identifier.identify(facts, seen)) << row.product;
    ASSERT_EQ(facts.software.size(), 1U) << row.product;
    EXPECT_EQ(facts.software[0].product, row.product);
    EXPECT_EQ(facts.software[0].version, row.version) << row.product;
    EXPECT_EQ(facts.software[0].confidence, row.confidence) << row.product;
    EXPECT_TRUE(facts.software[0].evidence.starts_with(std::string{row.kind} + ": ")) << row.product;
  }
}

TEST(SampleCatalogue, BeforeItsPatternsAreCompiledItNamesTheSame) {
  auto loaded = policy::load_catalogue(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/software.yaml");
  ASSERT_TRUE(loaded.has_value());
  const SoftwareIdentifier identifier{std::move(*loaded), false};
  EXPECT_NE(identifier.problem(), "");
  for (const auto& [agent, product, version] :
       {std::tuple{"curl/7.88.1", "curl", "7.88.1"}, std::tuple{"lftp/4.9.2", "lftp", "4.9.2"}}) {
    FlowFacts facts;
    IdentifiedTraces seen;
    facts.http.user_agent = agent;
    EXPECT_TRUE(identifier.identify(facts, seen));
    ASSERT_EQ(facts.software.size(), 1U) << agent;
    EXPECT_EQ(facts.software[0].product, product);
    EXPECT_EQ(facts.software[0].version, version);
  }
}

/// Names that browsers and many programs contact, and what an outside server says of itself, name no product.
TEST(SampleCatalogue, SharedTracesNameNothing) {
  auto loaded = policy::load_catalogue(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/software.yaml");
  ASSERT_TRUE(loaded.has_value());
  const SoftwareIdentifier identifier{std::move(*loaded)};
  for (const char* name :
       {"www.teamviewer.com", "www.dropbox.com", "pypi.org", "registry.npmjs.org", "github.com",
        "www.mozilla.org", "zoom.us", "www.google.com", "deb.debian.org", "nordvpn.com"}) {
    FlowFacts facts;
    IdentifiedTraces seen;
    facts.tls.sni = name;
    EXPECT_FALSE(identifier.identify(facts, seen)) << name;
  }
  FlowFacts outside;
  IdentifiedTraces seen;
  outside.mail.server_banner = "mx.example ESMTP Exim 4.96 Thu";
  outside.ssh.server_banner = "OpenSSH_9.2p1";
  EXPECT_FALSE(identifier.identify(outside, seen));
}

/// A fingerprint that two programs share is a trace of their library, never of both.
TEST(SampleCatalogue, NoFingerprintNamesTwoProducts) {
  auto loaded = policy::load_catalogue(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/software.yaml");
  ASSERT_TRUE(loaded.has_value());
  std::map<std::string, std::string> owners;
  for (const policy::Product& product : loaded->products) {
    for (const auto* values : {&product.ja4, &product.hassh, &product.dhcp_fingerprints}) {
      for (const std::string& value : *values) {
        const auto [owner, first] = owners.try_emplace(value, product.id);
        EXPECT_TRUE(first) << value << " of " << product.id << " and " << owner->second;
      }
    }
  }
  EXPECT_GT(owners.size(), 20U);
}

TEST(Identify, FingerprintsAreWholeValues) {
  constexpr const char* kJa4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
  constexpr const char* kHassh = "0123456789abcdef0123456789abcdef";
  auto catalogue = policy::parse_catalogue(std::string{"weir-software: 1\nproducts:\n  - {id: a, ja4: ["} +
                                               kJa4 + "]}\n  - {id: b, hassh: [" + kHassh +
                                               "]}\n  - {id: c, dhcp_fingerprints: [\"1,3,6\"]}\n",
                                           "f");
  ASSERT_TRUE(catalogue.has_value()) << to_text(catalogue.error().front());
  const SoftwareIdentifier identifier{std::move(*catalogue)};
  FlowFacts facts;
  IdentifiedTraces seen;
  facts.tls.ja4 = kJa4;
  facts.ssh.hassh = kHassh;
  facts.dhcp.fingerprint = "1,3,6";
  EXPECT_TRUE(identifier.identify(facts, seen));
  ASSERT_EQ(facts.software.size(), 3U);
  EXPECT_EQ(facts.software[0].product, "a");
  EXPECT_EQ(facts.software[2].confidence, SoftwareConfidence::kLow);
  facts.dhcp.fingerprint = "1,3,6,15";
  EXPECT_FALSE(identifier.identify(facts, seen));
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
