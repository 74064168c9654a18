// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/signatures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/lang/compile.h"

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::vector<std::string> mistakes_of(const std::string& text) {
  const auto signatures = parse_signatures(text, "signatures.yaml");
  std::vector<std::string> texts;
  if (signatures) return texts;
  for (const Error& error : signatures.error()) texts.push_back(to_text(error));
  return texts;
}

TEST(Signatures, TheSampleLoads) {
  const auto signatures =
      load_signatures(WEIR_SOURCE_DIR "/images/overlay/etc/weir/classifier/signatures.yaml");
  ASSERT_TRUE(signatures.has_value()) << to_text(signatures.error().front());
}

TEST(Signatures, EveryKeyIsRead) {
  const auto signatures = parse_signatures(
      "weir-signatures: 1\n"
      "signatures:\n"
      "  - {app: erp, hosts: [ERP.example.com., '*.erp.example.com']}\n"
      "  - {app: plc, protocol: tcp, ports: [4840, 5000-5010], addresses: [10.1.0.0/16, 'fd00::1']}\n"
      "  - {app: backup, protocol: udp, patterns: ['BKP1\\x00*end']}\n",
      "signatures.yaml");
  ASSERT_TRUE(signatures.has_value()) << to_text(signatures.error().front());
  ASSERT_THAT(*signatures, SizeIs(3));
  EXPECT_EQ((*signatures)[0].app, "custom:erp");
  EXPECT_THAT((*signatures)[0].hosts, ElementsAre("erp.example.com", "*.erp.example.com"));
  EXPECT_EQ((*signatures)[1].protocol, kProtocolTcp);
  ASSERT_THAT((*signatures)[1].ports, SizeIs(2));
  EXPECT_EQ((*signatures)[1].ports[1].low, 5'000);
  EXPECT_EQ((*signatures)[1].ports[1].high, 5'010);
  EXPECT_THAT((*signatures)[1].addresses, SizeIs(2));
  EXPECT_EQ((*signatures)[2].protocol, kProtocolUdp);
  EXPECT_THAT((*signatures)[2].patterns, ElementsAre("BKP1\\x00*end"));
}

TEST(Signatures, EveryMistakeIsSaidWithItsPlace) {
  EXPECT_THAT(mistakes_of("signatures: []\n"),
              ElementsAre(HasSubstr("signatures.yaml:1:1: error: not a file of signatures of version 1")));
  EXPECT_THAT(mistakes_of("weir-signatures: 1\n"), ElementsAre(HasSubstr("signatures must be a list")));
  EXPECT_THAT(
      mistakes_of("weir-signatures: 1\n"
                  "signatures:\n"
                  "  - {app: A b, ports: [0]}\n"
                  "  - {ports: [70000, 9-8]}\n"
                  "  - {app: a, protocol: icmp, hosts: ['a b'], addresses: [10.0.0.1/8]}\n"
                  "  - {app: a, pattern: x, patterns: ['', '***', 'a\\x0', 'a\\n12']}\n"
                  "  - erp\n"),
      ElementsAre(HasSubstr("signatures.yaml:3:11: error: app is \"A b\""),
                  HasSubstr("signatures.yaml:3:24: error: \"0\" is not a port"),
                  HasSubstr("signatures.yaml:4:5: error: the signature names no application"),
                  HasSubstr("signatures.yaml:4:14: error: \"70000\" is not a port"),
                  HasSubstr("signatures.yaml:4:21: error: \"9-8\" is not a port"),
                  HasSubstr("signatures.yaml:5:24: error: protocol is \"icmp\""),
                  HasSubstr("signatures.yaml:5:38: error: \"a b\" is not a domain"),
                  HasSubstr("signatures.yaml:5:58: error: \"10.0.0.1/8\" is not an address or subnet"),
                  HasSubstr("signatures.yaml:6:14: error: unknown key pattern"),
                  HasSubstr("signatures.yaml:6:37: error: \"\" is empty"),
                  HasSubstr("signatures.yaml:6:41: error: \"***\" matches everything"),
                  HasSubstr("signatures.yaml:6:48: error: \"a\\x0\" has a \\ that is not \\xNN"),
                  HasSubstr("signatures.yaml:6:56: error: \"a\\n12\" has a \\ that is not \\xNN"),
                  HasSubstr("signatures.yaml:7:5: error: a signature must be a map")));
  EXPECT_THAT(mistakes_of("weir-signatures: 1\nsignatures: [{app: a, protocol: tcp}]\n"),
              ElementsAre(HasSubstr("signatures.yaml:2:14: error: nothing shows custom:a")));
}

TEST(Signatures, HaveTheirLimits) {
  const auto many = [](std::size_t count) {
    std::string text = "weir-signatures: 1\nsignatures:\n";
    for (std::size_t i = 0; i < count; ++i) text += "  - {app: a, ports: [1]}\n";
    return text;
  };
  EXPECT_THAT(mistakes_of(many(kSignaturesMax)), SizeIs(0));
  EXPECT_THAT(mistakes_of(many(kSignaturesMax + 1)),
              ElementsAre(HasSubstr("1001 signatures, more than 1000")));
  const auto ports = [](std::size_t count) {
    std::string text = "weir-signatures: 1\nsignatures: [{app: a, ports: [1";
    for (std::size_t i = 1; i < count; ++i) text += ",1";
    return text + "]}]\n";
  };
  EXPECT_THAT(mistakes_of(ports(kSignatureValuesMax)), SizeIs(0));
  EXPECT_THAT(mistakes_of(ports(kSignatureValuesMax + 1)), ElementsAre(HasSubstr("65 ports, more than 64")));
  const auto pattern = [](std::size_t bytes) {
    return "weir-signatures: 1\nsignatures: [{app: a, patterns: [" + std::string(bytes, 'a') + "]}]\n";
  };
  EXPECT_THAT(mistakes_of(pattern(kSignaturePatternBytesMax)), SizeIs(0));
  EXPECT_THAT(mistakes_of(pattern(kSignaturePatternBytesMax + 1)),
              ElementsAre(HasSubstr("is longer than 256 bytes")));
}

TEST(Signatures, APolicyNamesTheirApplications) {
  const auto compiled = [](const std::string& app) {
    return compile("weir-policy: 1\nnetwork: [{rule: no, match: {app: '" + app + "'}, then: block}]\n",
                   {.file = "p", .directory = ".", .revision = 1})
        .has_value();
  };
  EXPECT_TRUE(compiled("custom:erp"));
  EXPECT_FALSE(compiled("custom:"));
  EXPECT_FALSE(compiled("custom:E R P"));
  EXPECT_FALSE(compiled("own:erp"));
}

}  // namespace
}  // namespace weir::policy
