// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::vector<std::string> mistakes_of(const std::string& text) {
  const auto catalogue = parse_catalogue(text, "software.yaml");
  std::vector<std::string> texts;
  if (catalogue) return texts;
  for (const Error& error : catalogue.error()) texts.push_back(to_text(error));
  return texts;
}

TEST(Catalogue, TheSampleLoads) {
  const auto catalogue = load_catalogue(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/software.yaml");
  ASSERT_TRUE(catalogue.has_value()) << to_text(catalogue.error().front());
  EXPECT_GE(catalogue->products.size(), 150U);
  const Product* const transmission = catalogue->find("transmission");
  ASSERT_NE(transmission, nullptr);
  EXPECT_THAT(transmission->user_agents, ElementsAre("Transmission/{version}*"));
  EXPECT_EQ(catalogue->find("nothing"), nullptr);
}

/// User-Agents as the programs send them, and the only products of the sample that may claim them.
TEST(Catalogue, TheSampleKnowsRealUserAgents) {
  const auto catalogue = load_catalogue(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/software.yaml");
  ASSERT_TRUE(catalogue.has_value());
  const auto claims = [&](std::string_view agent) {
    std::string text;
    for (const Product& product : catalogue->products) {
      for (const std::string& glob : product.user_agents) {
        if (const auto version = match_pattern(glob, agent))
          text += product.id + " " + std::string(*version) + ";";
      }
    }
    return text;
  };
  EXPECT_EQ(claims("curl/7.88.1"), "curl 7.88.1;");
  EXPECT_EQ(claims("Wget/1.21.3"), "wget 1.21.3;");
  EXPECT_EQ(claims("python-requests/2.28.1"), "python-requests 2.28.1;");
  EXPECT_EQ(claims("Debian APT-HTTP/1.3 (2.6.1)"), "apt 2.6.1;");
  EXPECT_EQ(claims("Transmission/3.00"), "transmission 3.00;");
  EXPECT_EQ(claims("git/2.39.2"), "git 2.39.2;");
  EXPECT_EQ(claims("Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0"),
            "firefox 115.0;");
  const std::string chrome =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
  EXPECT_EQ(claims(chrome), "chrome 120.0.0.0;");
  EXPECT_EQ(claims(chrome + " Edg/120.0.2210.91"), "edge 120.0.2210.91;");
  EXPECT_EQ(claims("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)"),
            "nmap ;");
}

TEST(Catalogue, MistakesHaveTheirPlace) {
  EXPECT_THAT(
      mistakes_of("products: []\n"),
      ElementsAre("software.yaml:1:1: error: not a software catalogue of version 1 (begin the file with the "
                  "line weir-software: 1)"));
  EXPECT_THAT(
      mistakes_of("weir-software: 1\nproducts:\n"
                  "  - {id: a, apps: [BitTorent]}\n"
                  "  - {id: A b, user_agents: [x]}\n"
                  "  - {id: a, user_agents: [\"x/{vers}\", \"**\"], tls_names: [\"a b\"]}\n"
                  "  - {name: nameless}\n"),
      ElementsAre(HasSubstr("software.yaml:3:20: error: no application is called BitTorent (did you mean "
                            "BitTorrent?)"),
                  HasSubstr("software.yaml:4:10: error: id is \"A b\""),
                  HasSubstr("software.yaml:5:10: error: a product is already called a, on line 3"),
                  HasSubstr("software.yaml:5:27: error: \"x/{vers}\" is not a pattern"),
                  HasSubstr("software.yaml:5:39: error: this pattern matches every value of user_agents"),
                  HasSubstr("software.yaml:5:58: error: \"a b\" is not a domain"),
                  HasSubstr("software.yaml:6:5: error: the product has no id")));
  EXPECT_THAT(mistakes_of("weir-software: 1\nproducts: [{id: a}]\n"),
              ElementsAre(HasSubstr("nothing shows the product a")));
}

TEST(Catalogue, EachKindOfTraceHasItsMistake) {
  EXPECT_THAT(
      mistakes_of("weir-software: 1\nproducts:\n"
                  "  - {id: a, ja4: [t13d1516h2_8daaf6152771]}\n"
                  "  - {id: b, hassh: [zz]}\n"
                  "  - {id: c, dhcp_fingerprints: [\"1;3\"]}\n"
                  "  - {id: d, ssh_banners: [\"*\"], mailers: [\"{v}\"]}\n"
                  "  - {id: e, update_hosts: [\"a b\"], telemetry_hosts: [\"*\"]}\n"
                  "  - {id: f, server_banners: [\"**\"], dhcp_vendors: [\"}\"]}\n"
                  "  - {id: g, ja5: [x]}\n"),
      ElementsAre(HasSubstr("software.yaml:3:19: error: \"t13d1516h2_8daaf6152771\" is not a value of ja4"),
                  HasSubstr("software.yaml:4:21: error: "), HasSubstr("software.yaml:5:33: error: "),
                  HasSubstr("software.yaml:6:27: error: this pattern matches every value of ssh_banners"),
                  HasSubstr("software.yaml:6:43: error: "), HasSubstr("software.yaml:7:28: error: "),
                  HasSubstr("software.yaml:7:54: error: "),
                  HasSubstr("software.yaml:8:30: error: this pattern matches every value of server_banners"),
                  HasSubstr("software.yaml:8:52: error: "),
                  HasSubstr("software.yaml:9:13: error: unknown key ja5")));
}

TEST(Catalogue, NamesAreCanonical) {
  const auto catalogue = parse_catalogue(
      "weir-software: 1\nproducts: [{id: a, apps: [bittorrent], tls_names: [Bet.Example., \"*.B\xc3\x9c"
      "CHER.example\"]}]\n",
      "f");
  ASSERT_TRUE(catalogue.has_value());
  EXPECT_THAT(catalogue->products.front().apps, ElementsAre("BitTorrent"));
  EXPECT_THAT(catalogue->products.front().tls_names, ElementsAre("bet.example", "*.xn--bcher-kva.example"));
}

TEST(Catalogue, LimitsHold) {
  std::string many = "weir-software: 1\nproducts:\n";
  for (std::size_t i = 0; i <= kProductsMax; ++i)
    many += "  - {id: p" + std::to_string(i) + ", apps: [SSH]}\n";
  EXPECT_THAT(mistakes_of(many), ElementsAre(HasSubstr("10001 products, more than 10000")));
  std::string agents;
  for (std::size_t i = 0; i <= kTracesPerProductMax; ++i) agents += (i > 0 ? ", a" : "a") + std::to_string(i);
  EXPECT_THAT(
      mistakes_of("weir-software: 1\nproducts: [{id: a, apps: [SSH], user_agents: [" + agents + "]}]\n"),
      ElementsAre(HasSubstr("65 values in user_agents, more than 64")));
  EXPECT_THAT(mistakes_of("weir-software: 1\nproducts: [{id: a, apps: [SSH], user_agents: [" +
                          std::string(kTraceBytesMax + 1, 'x') + "]}]\n"),
              ElementsAre(HasSubstr("must have 1 to 256 bytes")));
}

TEST(MatchUserAgent, StarsAndVersions) {
  EXPECT_EQ(match_pattern("a*c", "abbbc"), "");
  EXPECT_EQ(match_pattern("a*c", "AC"), "");
  EXPECT_FALSE(match_pattern("a*c", "abcd").has_value());
  EXPECT_EQ(match_pattern("*x/{version}", "my x/1 x/2.5"), "2.5");
  EXPECT_EQ(match_pattern("{version}*", "3.0-rc1+deb (x)"), "3.0-rc1+deb");
  EXPECT_FALSE(match_pattern("x/{version}", "x/").has_value());
  EXPECT_FALSE(match_pattern("x/{version}", "x/v1").has_value());
  EXPECT_FALSE(match_pattern("x", "").has_value());
  EXPECT_EQ(match_pattern("*", ""), "");
}

TEST(MatchUserAgent, HostileTextEndsQuickly) {
  std::string glob;
  for (int i = 0; i < 64; ++i) glob += "*a";
  EXPECT_FALSE(match_pattern(glob + "b", std::string(8'192, 'a')).has_value());
}

}  // namespace
}  // namespace weir::policy
